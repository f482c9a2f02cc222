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
    """Print udev rules that give exactly the devices of the settings to a group; deploy/README.md says where to.

    Where there is nothing to give they are refused: no rules, put in the place of those in force, would take all away.
    """
    if not group.replace("-", "").replace("_", "").isalnum():
        raise CommandRefused("a group is made of letters, digits, hyphens and underscores")
    made = rules(load(DevicesSettings, "devices"), group).rstrip("\n")
    if all(line.startswith("#") for line in made.splitlines()):
        raise CommandRefused(
            "the settings read here name no device that needs a rule; go to the folder of your tillwire.toml, or name "
            "the file by TILLWIRE_CONFIG"
        )
    print_plain(made)
