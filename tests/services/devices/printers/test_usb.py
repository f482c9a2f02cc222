"""Which USB printer is meant, by what it says of itself."""

from pathlib import Path

import pytest

from services.devices.printers.usb import printer_node

NODES = Path("/dev/usb")


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """Two printers of one make, as ``/sys`` shows them."""
    for node, port, serial in (("lp0", "1-1", "A1"), ("lp1", "1-2", "B2")):
        device = tmp_path / "devices" / port
        interface = device / f"{port}:1.0"
        interface.mkdir(parents=True)
        for attribute, text in (("idVendor", "04b8"), ("idProduct", "0e15"), ("serial", serial)):
            (device / attribute).write_text(text + "\n")
        (tmp_path / "usbmisc" / node).mkdir(parents=True)
        (tmp_path / "usbmisc" / node / "device").symlink_to(interface)
    return tmp_path / "usbmisc"


@pytest.mark.parametrize(
    ("usb", "serial", "port", "node"),
    [
        (None, "A1", None, "lp0"),
        ("04b8:0e15", "B2", None, "lp1"),
        (None, None, "1-2", "lp1"),
        ("04b8:0e15", "A1", "1-1", "lp0"),
    ],
)
def test_a_printer_is_found_by_its_marks(
    sysfs: Path, usb: str | None, serial: str | None, port: str | None, node: str
) -> None:
    assert printer_node(usb, serial, port, sysfs=sysfs, nodes=NODES) == NODES / node


@pytest.mark.parametrize(
    ("usb", "serial", "found"), [("04b8:0e15", None, "2 USB"), (None, "C3", "0 USB"), ("04b8:0e99", "A1", "0 USB")]
)
def test_no_printer_is_taken_for_another(sysfs: Path, usb: str | None, serial: str | None, found: str) -> None:
    with pytest.raises(FileNotFoundError, match=found):
        printer_node(usb, serial, None, sysfs=sysfs, nodes=NODES)


def test_a_computer_without_usb_printers_has_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="0 USB printers are A1"):
        printer_node(None, "A1", None, sysfs=tmp_path / "usbmisc")
