"""What a store settles about signing on."""

from typing import Annotated

import msgspec
from msgspec import Meta


class StaffSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[staff]`` of ``tillwire.toml``."""

    session_hours: Annotated[int, Meta(ge=1, le=24)] = 12
    """How long a sign-on lasts, in hours; after that the same person signs on again."""
