"""What the shop may set about its devices, and how a mistake is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.devices.settings import DevicesSettings
from services.runtime.settings import SettingsRefused, load

NO_FILE = Path("no-such-file.toml")
PRINTER = {"device": "printer-1", "host": "192.0.2.7", "registers": ["till-1"]}
SCANNER = {"device": "scanner-1", "register": "till-1", "usb": "05e0:1200"}


def loaded(**settings: Any) -> DevicesSettings:
    variables = {f"TILLWIRE_DEVICES_{name.upper()}": json.dumps(each) for name, each in settings.items()}
    return load(DevicesSettings, "devices", variables=variables, file=NO_FILE)


def test_devices_can_be_set_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tillwire.toml"
    file.write_text(
        """
        [devices]
        retry_s = 5.0
        [[devices.scanners]]
        device = "scanner-1"
        register = "till-1"
        serial = "S1234"
        [[devices.printers]]
        device = "printer-1"
        host = "192.0.2.7"
        width_mm = 58
        registers = ["till-1", "till-2"]
        """,
        encoding="utf-8",
    )

    settings = load(DevicesSettings, "devices", variables={}, file=file)

    assert settings.retry_s == 5
    printer = settings.printer_of("till-2")
    assert printer is not None
    assert (printer.host, printer.port, printer.columns) == ("192.0.2.7", 9100, 32)
    assert settings.printer_of("till-3") is None
    assert settings.scanners[0].serial == "S1234"


def test_characters_per_line_beat_the_width() -> None:
    assert loaded(printers=[PRINTER | {"characters_per_line": 42}]).printers[0].columns == 42


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"scanners": [{"device": "scanner-1", "register": "till-1"}]}, "needs one of usb, serial and port"),
        ({"scanners": [SCANNER | {"usb": "05E0:1200"}]}, r"scanners\[0\].usb|scanners\[...\].usb"),
        ({"scanners": [SCANNER | {"register": "Till 1"}]}, "register"),
        ({"scanners": [SCANNER, SCANNER]}, "more than one device scanner-1"),
        ({"printers": [PRINTER, PRINTER | {"device": "printer-2"}]}, "more than one printer for register till-1"),
        ({"printers": [PRINTER | {"device": "scanner-1"}], "scanners": [SCANNER]}, "more than one device scanner-1"),
        ({"printers": [PRINTER | {"width_mm": 60}]}, "width_mm"),
        ({"printers": [PRINTER | {"baud": 9600}]}, "baud"),
        ({"retry_s": 0}, "retry_s"),
    ],
)
def test_a_mistake_is_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsRefused, match=named):
        loaded(**settings)
