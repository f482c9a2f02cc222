"""The secrets that the hub keeps for itself and its services: ``DATA/secrets/LOGIN``, a password and nothing else.

The one place that knows the format. Never here: who has which login, and how a secret is made.
"""

import os
import re
import stat
from pathlib import Path
from typing import Final

from contracts.topics import segment

_PASSWORD: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 random bits in URL-safe Base64."""
_READ_AT_MOST: Final = 1024


class SecretDamaged(Exception):
    """There is something in the secret's place that is none; the sentence says where."""


def secret_file(data: Path, login: str) -> Path:
    """Where the secret of a login lies.

    Raises:
        BadSegment: the login cannot be the name of one.
    """
    return data / "secrets" / segment(login)


def read_secret(data: Path, login: str) -> str:
    """Read the password of the hub or a service.

    Raises:
        FileNotFoundError: there is none yet.
        SecretDamaged: it is cut off, no plain file, or it cannot be read.
    """
    file = secret_file(data, login)
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SecretDamaged(f"{file} cannot be read: {error.strerror}") from error
    try:
        plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
        kept = os.read(descriptor, _READ_AT_MOST).decode("ascii", "replace").strip() if plain else ""
    finally:
        os.close(descriptor)
    if not _PASSWORD.fullmatch(kept):
        raise SecretDamaged(f"{file} holds no password")
    return kept
