"""What a store settles about signing on."""

from typing import Annotated

import msgspec
from msgspec import Meta


class StaffSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[staff]`` of ``tillwire.toml``."""

    session_hours: Annotated[int, Meta(ge=1, le=24)] = 12
    """How long a sign-on lasts, in hours; after that the same person signs on again."""
    badge_signs_on: bool = False
    """Whether a badge alone signs on, without a PIN."""
    idle_lock_s: Annotated[int, Meta(ge=0, le=86_400)] = 300
    """After so many seconds without anybody at it a register is locked; 0 is never."""
