"""Who may log in to the broker: one file for each login, of which all else is made.

Belongs here: the client files in ``clients/``, the secrets in ``secrets/``, the plugin's own file
rendered from them, and what the running broker is told when they change. Never here: what a role
may do (``access.py``), how the broker runs (``broker.py``) or how it is reached: the caller passes
in what sends a control message.

The plugin writes its file in place, so a power cut may empty it; therefore that file is never the
truth and is rendered anew before each start of the broker.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast, get_args

import msgspec
from msgspec import Meta

from contracts.base import Role
from contracts.ids import Segment
from contracts.topics import SERVICES, BadSegment, Topics, segment
from services.hub import access, files
from services.runtime.login_secrets import SecretDamaged, read_secret, secret_file

ITERATIONS: Final = 1000
"""PBKDF2's rounds. RFC 8018, 4.2 recommends at least 1,000. More would only make the broker stand
still at each login, for it hashes in its one thread: every password is 256 random bits, never
chosen by a person, so there is nothing to guess."""
SALT_BYTES: Final = 12
"""What Mosquitto 2.0 has room for."""
HASH_BYTES: Final = 64
"""The length of SHA-512, which Mosquitto insists on."""

TEMPORARY: Final = "--"
"""Stands between a login and what tells its second, temporary credentials apart: ``till-1--cli-3f9a``."""

_COPY_OF_SERVICE = re.compile(rf"({'|'.join(SERVICES)})(-[0-9]+)?")
_OWN: Final[tuple[Role, ...]] = ("hub", *cast("tuple[Role, ...]", SERVICES))
"""The logins that the hub makes by itself, each with the role of that name."""
GivenRole = Literal["register", "display", "backoffice", "ops"]
"""The roles that a login can be made with."""
GIVEN_ROLES: Final[tuple[GivenRole, ...]] = get_args(GivenRole)

Commands = list[dict[str, Any]]
SendControl = Callable[[Commands], Awaitable[list[dict[str, Any]]]]
"""Sends the commands in one message to ``access.CONTROL`` and gives back the ``responses`` of its answer."""


class LoginRefused(Exception):
    """A login cannot be made or removed as asked; the sentence says why and what to do."""


class BrokerRefused(Exception):
    """The broker did not do what it was told; the sentence names its reason."""


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


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs to log in. The password is told once and kept nowhere but here."""

    username: str
    login: str
    client_id: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A client file that cannot be used; its login does not work until it is made again."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoginList:
    """All logins by username, and the client files that could not be read."""

    logins: tuple[ClientFile, ...]
    damaged: tuple[DamagedFile, ...]


def list_logins(data: Path) -> LoginList:
    """Read every client file; a damaged one is named and does not take the others down."""
    logins: list[ClientFile] = []
    damaged: list[DamagedFile] = []
    for path in sorted(_clients(data).glob("*.json")):
        try:
            logins.append(_read(path))
        except FileNotFoundError:
            continue  # removed while the folder was read
        except files.FileDamaged as error:
            damaged.append(DamagedFile(path.name, str(error)))
    return LoginList(tuple(logins), tuple(damaged))


def make_login(data: Path, login: str, role: Role) -> Credentials:
    """Have a new login, in force from the broker's next start; its password is told here and never again.

    Raises:
        LoginRefused: the name cannot be a login's, is kept for the hub, or is taken; the role is none to be given.
    """
    _check_name(login)
    if login == "hub" or _COPY_OF_SERVICE.fullmatch(login):
        raise LoginRefused(f"'{login}' is kept for the hub and its services; choose another name")
    if role not in GIVEN_ROLES:
        raise LoginRefused(f"no login can be given the role {role!r}; choose one of {', '.join(GIVEN_ROLES)}")
    return _make(data, username=login, login=login, role=role)


def make_temporary_login(data: Path, login: str) -> Credentials:
    """Have second credentials for a login, with its role and its name in topics, until the broker's next start.

    Raises:
        LoginRefused: there is no such login, or its file is damaged.
    """
    _check_name(login)
    path = _file(data, login)
    try:
        role = _read(path).role
    except FileNotFoundError as error:
        raise LoginRefused(f"there is no login '{login}'") from error
    except files.FileDamaged as error:
        raise LoginRefused(f"{path.name} is damaged: {error}; remove the login and make it again") from error
    return _make(data, username=f"{login}{TEMPORARY}cli-{secrets.token_hex(4)}", login=login, role=role)


def remove_login(data: Path, login: str) -> tuple[str, ...]:
    """Take a login away with its temporary credentials, a damaged file too; gives back the usernames removed.

    A temporary username takes away just that.

    Raises:
        LoginRefused: there is no such login, or it is one of the hub's own.
    """
    name, *rest = login.split(TEMPORARY, 1)
    _check_name(name)
    for part in rest:
        _check_name(part)
    if login in _OWN:
        raise LoginRefused(f"'{login}' is one of the hub's own logins; the store does not work without it")
    found = [] if rest else _clients(data).glob(f"{login}{TEMPORARY}*.json")
    paths = [_file(data, login), *sorted(found)]
    removed = tuple(path.stem for path in paths if files.remove(path))
    if not removed:
        raise LoginRefused(f"there is no login '{login}'")
    return removed


def remove_temporary_logins(data: Path) -> None:
    """Take away every temporary login; those who asked for them are gone when the broker starts."""
    for path in _clients(data).glob(f"*{TEMPORARY}*.json"):
        files.remove(path)


def ensure_logins(data: Path) -> None:
    """Have a login and a secret for the hub and for every service.

    What is whole stays as it is. A secret that is missing or damaged is made anew, and a client
    file that is missing, damaged or of another secret is written again.
    """
    for name in _OWN:
        password = _secret(data, name)
        wanted = _login_file(username=name, login=name, role=name, password=password)
        if not _in_force(_file(data, name), wanted, password):
            files.make_folder(_clients(data), 0o750)
            files.write(_file(data, name), _encode(wanted), 0o640)


def own_credentials(data: Path, name: str) -> Credentials:
    """What the hub or a service logs in with.

    Raises:
        LoginRefused: it has no secret yet, or a damaged one; ``ensure_logins`` makes them.
    """
    password = _kept_secret(data, name) if name in _OWN else None
    if password is None:
        raise LoginRefused(f"'{name}' has no secret in {data / 'secrets'}; the hub makes it when it starts")
    return Credentials(
        username=name, login=name, client_id=_client_id(name) or f"{name}-{secrets.token_hex(4)}", password=password
    )


def render_dynamic_security(data: Path, topics: Topics) -> bytes:
    """Write the plugin's whole file from the client files that are whole; the same files give the same bytes."""
    logins = list_logins(data).logins
    document = {
        "defaultACLAccess": access.DENY_BY_DEFAULT,
        "clients": [
            {
                "username": each.username,
                **_pinned(each.client_id),
                "roles": [{"rolename": each.username}],
                "password": each.hash,
                "salt": each.salt,
                "iterations": each.iterations,
            }
            for each in logins
        ],
        "groups": [],
        "roles": [_role(each.username, each.role, each.login, topics) for each in logins],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


async def add_login(data: Path, topics: Topics, login: str, role: Role, send_control: SendControl) -> Credentials:
    """Make a login and have the running broker know it at once.

    Raises:
        LoginRefused: as ``make_login`` does.
        BrokerRefused: the broker did not take it; no login was made.
    """
    return await _announce(data, topics, make_login(data, login, role), role, send_control)


async def add_temporary_login(data: Path, topics: Topics, login: str, send_control: SendControl) -> Credentials:
    """Make second credentials for a login and have the running broker know them at once.

    Raises:
        LoginRefused: as ``make_temporary_login`` does.
        BrokerRefused: the broker did not take them; none were made.
    """
    made = make_temporary_login(data, login)
    return await _announce(data, topics, made, _read(_file(data, made.username)).role, send_control)


async def cut_off_login(data: Path, login: str, send_control: SendControl) -> tuple[str, ...]:
    """Remove a login and have the running broker drop whoever uses it or its temporary credentials.

    Gives back the usernames removed.

    Raises:
        LoginRefused: as ``remove_login`` does.
        BrokerRefused: the files are gone, but the broker knows the login until its next start.
    """
    removed = remove_login(data, login)
    await _tell([command for username in removed for command in _forget(username)], send_control)
    return removed


async def _announce(
    data: Path, topics: Topics, made: Credentials, role: Role, send_control: SendControl
) -> Credentials:
    commands: Commands = [
        # What the broker may remember of an earlier login of that name would stand in the way.
        *_forget(made.username),
        {"command": "createRole", **_role(made.username, role, made.login, topics)},
        {
            "command": "createClient",
            "username": made.username,
            "password": made.password,
            **_pinned(made.client_id),
            "roles": [{"rolename": made.username}],
        },
    ]
    try:
        await _tell(commands, send_control)
    except BaseException:
        # Nobody has been told the password, so the login is of no use to anyone.
        files.remove(_file(data, made.username))
        raise
    return made


def _forget(username: str) -> Commands:
    # The client first: that is what ends its connection; a role alone would leave it idle but there.
    return [{"command": "deleteClient", "username": username}, {"command": "deleteRole", "rolename": username}]


async def _tell(commands: Commands, send_control: SendControl) -> None:
    """Send the commands as one message and hold the answers, one for each in their order, against them."""
    responses = await send_control(commands)
    told = [command["command"] for command in commands]
    if [response.get("command") for response in responses] != told:
        raise BrokerRefused(f"the broker was told {', '.join(told)} and answered something else")
    for response in responses:
        fault = response.get("error")
        if fault is not None and fault not in ("Client not found", "Role not found"):
            raise BrokerRefused(f"the broker refused {response['command']}: {fault}")


def _make(data: Path, *, username: str, login: str, role: Role) -> Credentials:
    password = secrets.token_urlsafe(32)
    login_file = _login_file(username=username, login=login, role=role, password=password)
    files.make_folder(_clients(data), 0o750)
    if not files.write_new(_file(data, username), _encode(login_file), 0o640):
        raise LoginRefused(f"there is a login '{username}' already; remove it first or choose another name")
    return Credentials(username=username, login=login, client_id=username, password=password)


def _login_file(*, username: str, login: str, role: Role, password: str) -> ClientFile:
    salt = secrets.token_bytes(SALT_BYTES)
    return ClientFile(
        username=username,
        login=login,
        role=role,
        client_id=_client_id(username),
        salt=salt,
        hash=_hash(password, salt, ITERATIONS),
        iterations=ITERATIONS,
    )


def _client_id(username: str) -> str | None:
    """The client id a login is held to: its username; so nobody takes over another's connection."""
    return None if username == "hub" else username


def _pinned(client_id: str | None) -> dict[str, str]:
    return {} if client_id is None else {"clientid": client_id}


def _hash(password: str, salt: bytes, iterations: int) -> bytes:
    # mosquitto 2.0, src/password_mosq.c: PBKDF2 with HMAC-SHA-512.
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, HASH_BYTES)


def _role(username: str, role: Role, login: str, topics: Topics) -> dict[str, Any]:
    return {"rolename": username, "acls": access.rules(role, login, topics).acls()}


def _in_force(path: Path, wanted: ClientFile, password: str) -> bool:
    """Whether the file says what is wanted and its hash is of this password."""
    try:
        found = _read(path)
    except (FileNotFoundError, files.FileDamaged):
        return False
    same = msgspec.structs.replace(wanted, salt=found.salt, hash=_hash(password, found.salt, wanted.iterations))
    return hmac.compare_digest(_encode(found), _encode(same))


def _secret(data: Path, name: str) -> str:
    """The secret of the hub or a service, made once."""
    kept = _kept_secret(data, name)
    if kept is not None:
        return kept
    made = secrets.token_urlsafe(32)
    file = secret_file(data, name)
    files.make_folder(file.parent, 0o700)
    files.write(file, made.encode(), 0o600)
    return made


def _kept_secret(data: Path, name: str) -> str | None:
    try:
        return read_secret(data, name)
    except (FileNotFoundError, SecretDamaged):
        return None


def _read(path: Path) -> ClientFile:
    """Read one client file.

    Raises:
        FileNotFoundError: there is none.
        FileDamaged: it is cut off, or says what no client file may say.
    """
    try:
        found = msgspec.json.decode(files.read(path), type=ClientFile)
        _check_name(found.login)
    except (msgspec.DecodeError, UnicodeDecodeError, LoginRefused) as error:
        raise files.FileDamaged(str(error)) from error
    if found.username != path.stem:
        raise files.FileDamaged(f"it must be named after its username, '{found.username}'")
    if found.username.split(TEMPORARY, 1)[0] != found.login:
        raise files.FileDamaged("the username must be the login, or the login with two hyphens and a name after it")
    if found.client_id != _client_id(found.username):
        raise files.FileDamaged("the client id must be the username")
    service = _COPY_OF_SERVICE.fullmatch(found.login)
    owned = "hub" if found.login == "hub" else service and service[1]
    if (owned or found.role in _OWN) and owned != found.role:
        raise files.FileDamaged(f"a login named '{found.login}' cannot have the role {found.role}")
    return found


def _encode(login_file: ClientFile) -> bytes:
    return msgspec.json.format(msgspec.json.encode(login_file), indent=1) + b"\n"


def _check_name(login: str) -> None:
    """Refuse what cannot be the name of a login.

    Raises:
        LoginRefused: it is no topic segment, or its hyphens could be taken for those of a temporary login.
    """
    try:
        segment(login)
    except BadSegment as error:
        raise LoginRefused(f"{login[:80]!r} cannot be a login: {error}") from error
    if TEMPORARY in login or login.startswith("-") or login.endswith("-"):
        raise LoginRefused(f"'{login}' cannot be a login: hyphens stand alone and between other characters")


def _file(data: Path, username: str) -> Path:
    return _clients(data) / f"{username}.json"


def _clients(data: Path) -> Path:
    return data / "clients"
