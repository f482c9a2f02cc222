"""Who may log in to the broker: one file for each login, of which all else is made.

Belongs here: making, listing and removing logins, and the secrets of the hub and its services. Never here: what a file
says (``client_files.py``), what a role may do (``access.py``), and what the broker is told (``broker_logins.py``).
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

from contracts.base import Role
from services.hub import files
from services.hub.client_files import (
    ClientFile,
    client_id_of,
    encode,
    file_of,
    folder_of,
    in_force,
    new_file,
    read_login,
)
from services.hub.login_names import COPY_OF_SERVICE, OWN, TEMPORARY, LoginRefused, check_name
from services.runtime.login_secrets import SecretDamaged, read_secret, secret_file

GivenRole = Literal["register", "display", "backoffice", "ops"]
"""The roles that a login can be made with."""
GIVEN_ROLES: Final[tuple[GivenRole, ...]] = get_args(GivenRole)


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
    for path in sorted(folder_of(data).glob("*.json")):
        try:
            logins.append(read_login(path))
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
    check_name(login)
    if login == "hub" or COPY_OF_SERVICE.fullmatch(login):
        raise LoginRefused(f"'{login}' is kept for the hub and its services; choose another name")
    if role not in GIVEN_ROLES:
        raise LoginRefused(f"no login can be given the role {role!r}; choose one of {', '.join(GIVEN_ROLES)}")
    return _make(data, username=login, login=login, role=role)


def make_temporary_login(data: Path, login: str) -> Credentials:
    """Have second credentials for a login, with its role and its name in topics, until the broker's next start.

    Raises:
        LoginRefused: there is no such login, or its file is damaged.
    """
    check_name(login)
    path = file_of(data, login)
    try:
        role = read_login(path).role
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
    check_name(name)
    for part in rest:
        check_name(part)
    if login in OWN:
        raise LoginRefused(f"'{login}' is one of the hub's own logins; the store does not work without it")
    found = [] if rest else folder_of(data).glob(f"{login}{TEMPORARY}*.json")
    paths = [file_of(data, login), *sorted(found)]
    removed = tuple(path.stem for path in paths if files.remove(path))
    if not removed:
        raise LoginRefused(f"there is no login '{login}'")
    return removed


def remove_temporary_logins(data: Path) -> None:
    """Take away every temporary login; those who asked for them are gone when the broker starts."""
    for path in folder_of(data).glob(f"*{TEMPORARY}*.json"):
        files.remove(path)


def ensure_logins(data: Path) -> None:
    """Have a login and a secret for the hub and for every service.

    What is whole stays as it is. A secret that is missing or damaged is made anew, and a client
    file that is missing, damaged or of another secret is written again.
    """
    for name in OWN:
        password = _secret(data, name)
        wanted = new_file(username=name, login=name, role=name, password=password)
        if not in_force(file_of(data, name), wanted, password):
            files.make_folder(folder_of(data), 0o750)
            files.write(file_of(data, name), encode(wanted), 0o640)


def own_credentials(data: Path, name: str) -> Credentials:
    """What the hub or a service logs in with.

    Raises:
        LoginRefused: it has no secret yet, or a damaged one; ``ensure_logins`` makes them.
    """
    password = _kept_secret(data, name) if name in OWN else None
    if password is None:
        raise LoginRefused(f"'{name}' has no secret in {data / 'secrets'}; the hub makes it when it starts")
    return Credentials(
        username=name, login=name, client_id=client_id_of(name) or f"{name}-{secrets.token_hex(4)}", password=password
    )


def _make(data: Path, *, username: str, login: str, role: Role) -> Credentials:
    password = secrets.token_urlsafe(32)
    login_file = new_file(username=username, login=login, role=role, password=password)
    files.make_folder(folder_of(data), 0o750)
    if not files.write_new(file_of(data, username), encode(login_file), 0o640):
        raise LoginRefused(f"there is a login '{username}' already; remove it first or choose another name")
    return Credentials(username=username, login=login, client_id=username, password=password)


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
