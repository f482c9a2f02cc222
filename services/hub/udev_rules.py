"""Rules for udev that give the hub's group the devices of the settings, and nobody's keyboard."""

from collections.abc import Iterator

from services.devices.printers.settings import Reached
from services.devices.settings import DevicesSettings, ScannerSettings

_ABSTRACT = str.maketrans(dict.fromkeys('*?[]|"\\', "?"))
"""In a rule these are patterns or end the text; any one character stands for each."""


def rules(settings: DevicesSettings, group: str) -> str:
    """The rules file for all devices of the settings, one line for each name that a device may have.

    It is to be read after the rules that give lasting names: those of Raspberry Pi OS are in ``99-com.rules``, and
    give every input device to the group ``input``. Whatever is read after it changes nothing of it (``:=``).
    """
    lines = [f"# Made by './tillwire devices rules': the devices of the settings, for the group {group}."]
    for scanner in settings.scanners:
        lines += _ruled(scanner, _scanner(scanner), group, "0640" if scanner.tty is None else "0660")
    for reached in (*settings.printers, *settings.line_displays):
        lines += _ruled(reached, _reached(reached), group, "0660")
    return "".join(f"{line}\n" for line in lines)


def _ruled(device: ScannerSettings | Reached, matches: list[str], group: str, mode: str) -> Iterator[str]:
    ways = [matches] if device.tty is None else _names(device.tty)
    if any(ways):
        yield f"# {device.device}"
        for way in ways:
            yield ", ".join((*way, f'GROUP:="{group}"', f'MODE:="{mode}"'))


def _scanner(scanner: ScannerSettings) -> list[str]:
    # All ATTRS of one rule must be of one device above; the input device has these four, its USB device has not.
    matches = ['SUBSYSTEM=="input"', 'KERNEL=="event*"', *_usb(scanner.usb, "ATTRS{id/vendor}", "ATTRS{id/product}")]
    if scanner.serial is not None:
        matches.append(_is("ATTRS{uniq}", scanner.serial))
    if scanner.port is not None:
        matches.append(f'ATTRS{{phys}}=="{scanner.port.translate(_ABSTRACT)}/*"')
    return matches


def _reached(reached: Reached) -> list[str]:
    """What tells a USB printer or line display; nothing for one that the kernel does not know of."""
    if reached.usb is None and reached.serial is None and reached.usb_port is None:
        return []
    matches = ['SUBSYSTEM=="usbmisc"', 'KERNEL=="lp*"', *_usb(reached.usb, "ATTRS{idVendor}", "ATTRS{idProduct}")]
    if reached.serial is not None:
        matches.append(_is("ATTRS{serial}", reached.serial))
    if reached.usb_port is not None:
        matches.append(_is("KERNELS", reached.usb_port))
    return matches


def _usb(usb: str | None, *keys: str) -> list[str]:
    """Vendor and product, under the names that they have there."""
    return [] if usb is None else [_is(key, part) for key, part in zip(keys, usb.split(":"), strict=True)]


def _names(path: str) -> list[list[str]]:
    """A port by the name that the settings give: a lasting one, or the kernel's, which has no folders in it."""
    name = path.removeprefix("/dev/")
    keys = ("SYMLINK",) if "/" in name else ("KERNEL", "SYMLINK")
    return [['SUBSYSTEM=="tty"', _is(key, name)] for key in keys]


def _is(key: str, text: str) -> str:
    return f'{key}=="{text.translate(_ABSTRACT)}"'
