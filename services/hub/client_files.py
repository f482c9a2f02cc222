"""The file of one login in ``clients/``: what it says, and whether it may say that.

Never here: which logins there are to be (``logins.py``), and the plugin's own file (``broker_logins.py``).
"""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from contracts.base import Role
from contracts.ids import Segment
from services.hub import files
from services.hub.login_names import COPY_OF_SERVICE, OWN, TEMPORARY, LoginRefused, check_name

ITERATIONS: Final = 1000
"""PBKDF2's rounds. RFC 8018, 4.2 recommends at least 1,000. More would only make the broker stand
still at each login, for it hashes in its one thread: every password is 256 random bits, never
chosen by a person, so there is nothing to guess."""
SALT_BYTES: Final = 12
"""What Mosquitto 2.0 has room for."""
HASH_BYTES: Final = 64
"""The length of SHA-512, which Mosquitto insists on."""


class ClientFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One login as its file in ``clients/`` holds it; no password, only its salted hash.

    ``username`` is what the broker is told and the file's name; ``login`` is the name in topics. They
    differ in temporary logins alone. ``client_id`` None leaves it open: the hub's own login, which
    several commands use at once.
    """

    username: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,140}$")]
    login: Segment
    role: Role
    client_id: str | None
    salt: Annotated[bytes, Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]
    hash: Annotated[bytes, Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]
    iterations: Annotated[int, Meta(ge=1, le=1_000_000)]

    @property
    def temporary(self) -> bool:
        """Whether these credentials end with the broker's next start."""
        return self.username != self.login


def new_file(*, username: str, login: str, role: Role, password: str) -> ClientFile:
    """What the file of a login with this password says; the salt is new each time."""
    salt = secrets.token_bytes(SALT_BYTES)
    return ClientFile(
        username=username,
        login=login,
        role=role,
        client_id=client_id_of(username),
        salt=salt,
        hash=_hash(password, salt, ITERATIONS),
        iterations=ITERATIONS,
    )


def client_id_of(username: str) -> str | None:
    """The client id a login is held to: its username; so nobody takes over another's connection."""
    return None if username == "hub" else username


def _hash(password: str, salt: bytes, iterations: int) -> bytes:
    # mosquitto 2.0, src/password_mosq.c: PBKDF2 with HMAC-SHA-512.
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, HASH_BYTES)


def in_force(path: Path, wanted: ClientFile, password: str) -> bool:
    """Whether the file says what is wanted and its hash is of this password."""
    try:
        found = read_login(path)
    except (FileNotFoundError, files.FileDamaged):
        return False
    same = msgspec.structs.replace(wanted, salt=found.salt, hash=_hash(password, found.salt, wanted.iterations))
    return hmac.compare_digest(encode(found), encode(same))


def read_login(path: Path) -> ClientFile:
    """Read one client file.

    Raises:
        FileNotFoundError: there is none.
        FileDamaged: it is cut off, or says what no client file may say.
    """
    try:
        found = msgspec.json.decode(files.read(path), type=ClientFile)
        check_name(found.login)
    except (msgspec.DecodeError, UnicodeDecodeError, LoginRefused) as error:
        raise files.FileDamaged(str(error)) from error
    if found.username != path.stem:
        raise files.FileDamaged(f"it must be named after its username, '{found.username}'")
    if found.username.split(TEMPORARY, 1)[0] != found.login:
        raise files.FileDamaged("the username must be the login, or the login with two hyphens and a name after it")
    if found.client_id != client_id_of(found.username):
        raise files.FileDamaged("the client id must be the username")
    service = COPY_OF_SERVICE.fullmatch(found.login)
    owned = "hub" if found.login == "hub" else service and service[1]
    if (owned or found.role in OWN) and owned != found.role:
        raise files.FileDamaged(f"a login named '{found.login}' cannot have the role {found.role}")
    return found


def encode(login_file: ClientFile) -> bytes:
    """What is written into the file."""
    return msgspec.json.format(msgspec.json.encode(login_file), indent=1) + b"\n"


def file_of(data: Path, username: str) -> Path:
    """Where a login's file is or would be."""
    return folder_of(data) / f"{username}.json"


def folder_of(data: Path) -> Path:
    """Where the client files lie."""
    return data / "clients"
