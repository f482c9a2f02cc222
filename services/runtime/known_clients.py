"""Which logins the store has: what the files in ``DATA/clients`` say of themselves, read and never written here.

They are the truth about logins (DESIGN 6.1). Never here: a password, a hash, what a role may do.
"""

from pathlib import Path

import msgspec

FOLDER = "clients"


class _Client(msgspec.Struct):
    login: str
    role: str


def registers(data: Path) -> frozenset[str]:
    """The logins of all registers. A file that cannot be read names none: its login does not work either."""
    return frozenset(client.login for client in map(_read, (data / FOLDER).glob("*.json")) if client.role == "register")


def _read(file: Path) -> _Client:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Client)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):  # removed meanwhile, not for this user, or cut short
        return _Client("", "")
