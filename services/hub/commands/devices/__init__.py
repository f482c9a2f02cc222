"""``devices``: scanners and printers: how each is, what they do, and which register a scanner belongs to."""

from services.hub.commands.devices.pairing import pair_devices, unpair_devices
from services.hub.commands.devices.permission import rules_devices
from services.hub.commands.devices.seen import list_devices, watch_devices
from services.hub.commands.devices.trial import test_print_devices

__all__ = ["list_devices", "pair_devices", "rules_devices", "test_print_devices", "unpair_devices", "watch_devices"]
