"""Which node of the kernel's is the USB printer that the settings mean. Never here: opening it.

The kernel's own driver (``usblp``) gives every USB printer a node in ``/dev/usb`` that takes and gives bytes.
The nodes are numbered in the order of plugging in, so a printer is told by what it says of itself.
"""

from pathlib import Path

SYSFS = Path("/sys/class/usbmisc")
NODES = Path("/dev/usb")


def printer_node(
    usb: str | None, serial: str | None, port: str | None, *, sysfs: Path = SYSFS, nodes: Path = NODES
) -> Path:
    """The node of the one USB printer that has all marks that are given.

    Raises:
        FileNotFoundError: no printer has them, or more than one.
    """
    found = [
        each.name
        for each in sorted(sysfs.glob("lp*"))
        if _has_marks((each / "device").resolve().parent, usb, serial, port)
    ]
    if len(found) != 1:
        marks = ", ".join(mark for mark in (usb, serial, port) if mark is not None)
        raise FileNotFoundError(f"{len(found)} USB printers are {marks}")
    return nodes / found[0]


def _has_marks(device: Path, usb: str | None, serial: str | None, port: str | None) -> bool:
    """Whether a USB device, as ``/sys`` shows it, has all marks that are given."""
    return (
        (usb is None or f"{_said(device, 'idVendor')}:{_said(device, 'idProduct')}" == usb)
        and (serial is None or _said(device, "serial") == serial)
        and (port is None or device.name == port)
    )


def _said(device: Path, attribute: str) -> str:
    try:
        return (device / attribute).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
