"""What the system has to allow, so that a user without rights may open the devices of the settings."""

from typing import Annotated

from cyclopts import Parameter

from services.devices.settings import DevicesSettings
from services.hub.terminal import CommandRefused, print_plain
from services.hub.udev_rules import rules
from services.runtime.settings import load


def rules_devices(
    *, group: Annotated[str, Parameter(help="The group of the user that the hub runs as.")] = "tillwire"
) -> None:
    """Print udev rules that give exactly the devices of the settings to a group; deploy/README.md says where to."""
    if not group.replace("-", "").replace("_", "").isalnum():
        raise CommandRefused("a group is made of letters, digits, hyphens and underscores")
    print_plain(rules(load(DevicesSettings, "devices"), group).rstrip("\n"))
