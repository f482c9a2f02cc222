"""What is settled about the policy service itself; what the shop asks for is set with ``set-settings``."""

from typing import Annotated

import msgspec
from msgspec import Meta


class PolicyServiceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[policy]`` of ``tillwire.toml``."""

    fade_every_s: Annotated[float, Meta(ge=1)] = 3600.0
    """How often decisions are looked for that are too old to name staff and sale."""
