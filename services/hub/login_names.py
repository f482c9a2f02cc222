"""What a login may be called, and which names are kept for the hub and its services.

Never here: files, passwords, what a role may do.
"""

import re
from typing import Final, cast

from contracts.base import Role
from contracts.topics import SERVICES, BadSegment, segment

TEMPORARY: Final = "--"
"""Stands between a login and what tells its second, temporary credentials apart: ``till-1--cli-3f9a``."""

COPY_OF_SERVICE = re.compile(rf"({'|'.join(SERVICES)})(-[0-9]+)?")
OWN: Final[tuple[Role, ...]] = ("hub", *cast("tuple[Role, ...]", SERVICES))
"""The logins that the hub makes by itself, each with the role of that name."""


class LoginRefused(Exception):
    """A login cannot be made or removed as asked; the sentence says why and what to do."""


def check_name(login: str) -> None:
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
