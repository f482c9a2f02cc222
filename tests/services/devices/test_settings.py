"""What the shop may set about its devices, and how a mistake is named."""

import json
from pathlib import Path
from typing import Any

import pytest
from evdev import ecodes

from services.devices.scanners.keys import Chord
from services.devices.settings import DevicesSettings
from services.runtime.settings import SettingsRefused, load

NO_FILE = Path("no-such-file.toml")
PRINTER = {"device": "printer-1", "host": "192.0.2.7", "registers": ["till-1"]}
DISPLAY = {"device": "display-1", "register": "till-1", "host": "192.0.2.8", "port": 9101}
CUPS = {"device": "printer-1", "registers": ["till-1"], "cups": "receipts"}
HOSTS = ["192.0.2.7", "printer-1.shop.example", "printer-1.shop.example.", "fe80::1%eth0.7", "2001:db8::7", "kitchen"]
TTY = {"device": "scanner-1", "tty": "/dev/serial/by-id/usb-Lab_Scanner_S1-if00"}
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


@pytest.mark.parametrize(
    "way",
    [
        {"usb": "04b8:0e15", "serial": "A1"},
        {"usb_port": "1-1.2"},
        {"tty": "/dev/serial/by-id/usb-x", "baud": 19200, "flow": "rts_cts"},
        {"cups": "receipts"},
        {"folder": "/var/spool/papers"},
    ],
)
def test_a_printer_is_reached_in_one_way(way: dict[str, Any]) -> None:
    (printer,) = loaded(printers=[{"device": "printer-1", "registers": ["till-1"], **way}]).printers

    assert len(printer.ways) == 1


def test_a_display_that_speaks_cd5220_has_the_signs_that_such_displays_have() -> None:
    pages = [loaded(line_displays=[DISPLAY | how]).line_displays[0].page for how in ({}, {"commands": "cd5220"})]

    assert pages == ["cp858", "cp437"]


@pytest.mark.parametrize(
    ("how", "number"),
    [({}, 19), ({"profile": "SP2000"}, 4), ({"profile": "SP2000", "code_page_number": 77}, 77)],
)
def test_a_profile_says_by_which_number_a_printer_calls_its_code_page(how: dict[str, Any], number: int) -> None:
    assert loaded(printers=[PRINTER | how]).printers[0].page_number == number


@pytest.mark.parametrize("host", HOSTS)
def test_a_printer_may_be_named_or_numbered(host: str) -> None:
    assert loaded(printers=[PRINTER | {"host": host}]).printers[0].host == host


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.500",
        "192.0.2",
        "192.0.2.7/24",
        "fe80::1%eth0\nHost: other",
        "fe80::1%",
        "2001:db8:::7",
        "12345:9100",
        "a..b",
        "-/-",
        "printer one",
        "x" * 64,
        "192.0.2.7\nHost: other",
        ".",
    ],
)
def test_what_is_no_computer_is_refused_by_field_and_rule(host: str) -> None:
    """It would be looked for in vain, and the printer shown as absent for ever."""
    rule = "is no name in DNS and no IP address"
    for what, settings in (
        ("printer-1: host ", {"printers": [PRINTER | {"host": host}]}),
        ("printer-1: cups_host ", {"printers": [{**CUPS, "cups_host": host}]}),
        ("display-1: host ", {"line_displays": [DISPLAY | {"host": host}]}),
    ):
        with pytest.raises(SettingsRefused) as refused:
            loaded(**settings)

        assert what in str(refused.value)
        assert rule in str(refused.value)


@pytest.mark.parametrize("host", ["192.0.2.7:9100", "printer-1:9100", "[2001:db8::7]:9100"])
def test_who_wrote_a_port_behind_the_host_is_told_where_it_goes(host: str) -> None:
    with pytest.raises(SettingsRefused, match=r"printer-1: host .* IP address; .* of its own, port"):
        loaded(printers=[PRINTER | {"host": host}])
    with pytest.raises(SettingsRefused, match=r"printer-1: cups_host .* IP address; .* of its own, cups_port"):
        loaded(printers=[CUPS | {"cups_host": host}])


def test_the_width_says_how_many_dots_a_logo_may_have() -> None:
    widths = [{}, {"width_mm": 58}, {"dots": 512}]

    assert [loaded(printers=[PRINTER | width]).printers[0].dots_wide for width in widths] == [576, 384, 512]


def test_a_line_display_belongs_to_a_register() -> None:
    settings = loaded(line_displays=[DISPLAY])

    assert settings.display_of("till-1") == settings.line_displays[0]
    assert settings.display_of("till-2") is None


def test_characters_per_line_beat_the_width() -> None:
    assert loaded(printers=[PRINTER | {"characters_per_line": 42}]).printers[0].columns == 42


def test_a_separator_is_a_key_by_the_kernels_name() -> None:
    scanners = loaded(scanners=[SCANNER | {"separator": "down"}, TTY | {"device": "scanner-2"}]).scanners
    held = loaded(scanners=[SCANNER | {"separator": "ctrl+g"}]).scanners[0]

    assert scanners[0].chord == Chord(ecodes.KEY_DOWN, control=False)
    assert scanners[1].chord is None
    assert held.chord == Chord(ecodes.KEY_G, control=True)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"scanners": [{"device": "scanner-1", "register": "till-1"}]}, "needs one of usb, serial"),
        ({"scanners": [SCANNER | {"usb": "05E0:1200"}]}, r"scanners\[0\].usb|scanners\[...\].usb"),
        ({"scanners": [SCANNER | {"register": "Till 1"}]}, "register"),
        ({"scanners": [SCANNER, SCANNER]}, "more than one device scanner-1"),
        ({"scanners": [SCANNER, SCANNER | {"device": "scanner-2"}]}, "more than one scanner that is known by usb 05e0"),
        ({"scanners": [TTY, TTY | {"device": "scanner-2"}]}, "more than one scanner that is known by /dev/serial"),
        ({"scanners": [SCANNER | {"tty": "/dev/ttyACM0"}]}, "scanner-1 has a tty, and with it none of usb"),
        ({"scanners": [TTY | {"tty": "COM3"}]}, "tty"),
        ({"scanners": [SCANNER | {"layout": "es"}]}, "layout"),
        ({"scanners": [SCANNER | {"end": "never"}]}, "end"),
        ({"scanners": [SCANNER | {"pause_s": 0}]}, "pause_s"),
        ({"scanners": [SCANNER | {"separator": "alt+g"}]}, "separator 'alt.g' is no key"),
        ({"scanners": [SCANNER | {"separator": "nokey"}]}, "separator 'nokey' is no key"),
        ({"scanners": [SCANNER | {"separator": "enter"}]}, "separator 'enter' is a key that ends a scan"),
        ({"scanners": [SCANNER | {"usb": "05e0:1200\n"}]}, "usb"),
        ({"scanners": [SCANNER | {"serial": "S\n1"}]}, "serial"),
        ({"scanners": [SCANNER | {"port": "1-1\n"}]}, "port"),
        (
            {"scanners": [SCANNER | {"port": "1-1.2"}]},
            "scanner-1: port '1-1.2' is spelled as a printer's usb_port; .*phys",
        ),
        (
            {"scanners": [TTY], "line_displays": [{"device": "display-1", "register": "till-1", "tty": TTY["tty"]}]},
            "more than one device at /dev/serial",
        ),
        ({"scan_rules": [{"kind": "item"}]}, "a scan rule for item needs one of prefix, length"),
        ({"scan_rules": [{"kind": "item", "pattern": "("}]}, "is no regular expression"),
        (
            {"scan_rules": [{"kind": "item", "symbology": "ean13"}]},
            "symbology is one of 2of5, .*, ean, .*, not 'ean13'",
        ),
        ({"scan_rules": [{"kind": "pairing", "prefix": "T"}]}, "kind"),
        ({"printers": [PRINTER, PRINTER | {"device": "printer-2"}]}, "more than one printer for register till-1"),
        ({"printers": [PRINTER | {"device": "scanner-1"}], "scanners": [SCANNER]}, "more than one device scanner-1"),
        ({"printers": [PRINTER | {"width_mm": 60}]}, "width_mm"),
        ({"printers": [PRINTER | {"speed": 9600}]}, "speed"),
        ({"printers": [PRINTER | {"baud": 9601}]}, "baud"),
        ({"printers": [{"device": "printer-1", "registers": ["till-1"]}]}, "printer-1 needs one way to be reached"),
        ({"printers": [PRINTER | {"usb": "04b8:0e15"}]}, "printer-1 needs one way to be reached"),
        ({"printers": [PRINTER | {"usb": "04B8:0e15"}]}, r"must be \(Vendor and product as lsusb .*usb"),
        ({"printers": [{"device": "p-1", "registers": [], "tty": "COM3"}]}, r"must be \(A file of the kernel's .*tty"),
        ({"printers": [{"device": "p-1", "registers": [], "cups": "a b"}]}, r"must be \(A queue's name: .*cups"),
        ({"printers": [PRINTER, PRINTER | {"device": "printer-2", "registers": []}]}, "more than one printer at"),
        ({"printers": [PRINTER | {"fallback": "printer-9"}]}, "fallback of printer-1 is no other printer: printer-9"),
        ({"printers": [PRINTER | {"fallback": "printer-1"}]}, "fallback of printer-1 is no other printer: printer-1"),
        ({"printers": [PRINTER | {"code_page": "utf8"}]}, "code_page"),
        (
            {"printers": [PRINTER | {"profile": "TM-T88VX"}]},
            "printer-1: profile 'TM-T88VX' .*; the nearest is 'TM-T88V'",
        ),
        ({"printers": [PRINTER | {"profile": "TM-U220"}]}, "printer-1: profile TM-U220 has no code page cp858"),
        (
            {
                "printers": [
                    PRINTER | {"host": "127.0.0.1"},
                    PRINTER | {"device": "p-2", "host": "Localhost.", "registers": []},
                ]
            },
            "more than one printer at",
        ),
        ({"printers": [{"device": "printer-1", "registers": ["till-1"]}]}, "tty, cups, folder; it has none"),
        ({"line_displays": [{"device": "display-1", "register": "till-1"}]}, "tty; it has none"),
        ({"language": "xx"}, "language"),
        ({"printers": [PRINTER | {"code_page": "CP858"}]}, "'CP858'; there are cp1252, .*cp858, .* at .*code_page"),
        ({"printers": [PRINTER | {"logo": "~/logo.png"}]}, r"A path without ~, .*logo"),
        ({"printers": [{"device": "p-1", "registers": [], "folder": "~/papers"}]}, r"A path without ~, .*folder"),
        ({"line_displays": [DISPLAY, DISPLAY | {"device": "display-2", "port": 9102}]}, "line display for register"),
        ({"line_displays": [DISPLAY | {"commands": "aedex"}]}, "commands"),
        ({"line_displays": [DISPLAY], "printers": [PRINTER | {"device": "display-1"}]}, "more than one device display"),
        ({"retry_s": 0}, "retry_s"),
    ],
)
def test_a_mistake_is_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsRefused, match=named):
        loaded(**settings)
