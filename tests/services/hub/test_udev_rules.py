"""Which devices the rules for udev give away, and that nobody's keyboard is among them."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.devices.settings import DevicesSettings
from services.hub.udev_rules import rules
from tests.hub_process import tillwire


def ruled(**settings: Any) -> list[str]:
    """The rules for such settings, without comments."""
    made = rules(msgspec.convert(settings, DevicesSettings), "tillwire")
    return [line for line in made.splitlines() if not line.startswith("#")]


def scanner(**marks: str) -> dict[str, str]:
    return {"device": "scanner-1"} | marks


def printer(**marks: str) -> dict[str, Any]:
    return {"device": "printer-1", "registers": ["till-1"]} | marks


@pytest.mark.parametrize(
    ("marks", "rule"),
    [
        (
            {"usb": "05e0:1200", "serial": "S1234"},
            (
                'SUBSYSTEM=="input", KERNEL=="event*", ATTRS{id/vendor}=="05e0", ATTRS{id/product}=="1200", '
                'ATTRS{uniq}=="S1234", GROUP:="tillwire", MODE:="0640"'
            ),
        ),
        (
            {"port": "usb-0000:01:00.0-1.2"},
            (
                'SUBSYSTEM=="input", KERNEL=="event*", ATTRS{phys}=="usb-0000:01:00.0-1.2/*", '
                'GROUP:="tillwire", MODE:="0640"'
            ),
        ),
        (
            {"tty": "/dev/serial/by-id/usb-Lab_Scanner_S1-if00"},
            'SUBSYSTEM=="tty", SYMLINK=="serial/by-id/usb-Lab_Scanner_S1-if00", GROUP:="tillwire", MODE:="0660"',
        ),
    ],
)
def test_a_scanner_is_given_by_the_marks_that_it_is_known_by(marks: dict[str, str], rule: str) -> None:
    assert ruled(scanners=[scanner(**marks)]) == [rule]


@pytest.mark.parametrize("name", ["ttyS0", "serial0", "scanner"])
def test_a_port_right_in_dev_is_given_whether_it_is_the_kernels_name_or_another(name: str) -> None:
    """``/dev/serial0`` of a Raspberry Pi is another name, of a port that the kernel calls otherwise."""
    given = ruled(scanners=[scanner(tty=f"/dev/{name}")])

    assert given == [
        f'SUBSYSTEM=="tty", {key}=="{name}", GROUP:="tillwire", MODE:="0660"' for key in ("KERNEL", "SYMLINK")
    ]


def test_no_rule_that_is_read_later_takes_a_device_away_again() -> None:
    """Raspberry Pi OS gives all input devices to another group in the last of its rules."""
    given = ruled(scanners=[scanner(serial="S1")], printers=[printer(usb_port="1-1.2")])

    assert len(given) == 2
    assert all('GROUP:="tillwire", MODE:="' in line for line in given)


@pytest.mark.parametrize(
    ("marks", "given"),
    [
        (
            {"usb": "04b8:0202", "serial": "TM88"},
            [
                (
                    'SUBSYSTEM=="usbmisc", KERNEL=="lp*", ATTRS{idVendor}=="04b8", ATTRS{idProduct}=="0202", '
                    'ATTRS{serial}=="TM88", GROUP:="tillwire", MODE:="0660"'
                )
            ],
        ),
        (
            {"usb_port": "1-1.2"},
            ['SUBSYSTEM=="usbmisc", KERNEL=="lp*", KERNELS=="1-1.2", GROUP:="tillwire", MODE:="0660"'],
        ),
        ({"host": "192.0.2.7"}, []),
    ],
)
def test_a_printer_is_given_only_where_the_kernel_has_it(marks: dict[str, str], given: list[str]) -> None:
    assert ruled(printers=[printer(**marks)]) == given


def test_nothing_is_given_that_the_settings_do_not_name() -> None:
    assert ruled() == []


@pytest.mark.parametrize("serial", ["*", 'S", GROUP="users', "S|T", "[a-z]", "a\\b"])
def test_a_serial_number_is_never_a_pattern_and_never_ends_its_text(serial: str) -> None:
    [rule] = ruled(scanners=[scanner(serial=serial)])

    matched = rule.split('ATTRS{uniq}=="')[1].split('"')[0]
    assert len(matched) == len(serial)
    assert not set(matched) & set("*[]|\\")
    assert rule.endswith(', GROUP:="tillwire", MODE:="0640"')


@pytest.mark.parametrize("settings", ["", '[[devices.printers]]\ndevice = "p-1"\nhost = "192.0.2.7"\nregisters = []\n'])
def test_rules_for_no_device_are_refused_so_that_they_replace_none(tmp_path: Path, settings: str) -> None:
    """As in a folder without the shop's settings; a printer on the network needs no rule either."""
    (tmp_path / "tillwire.toml").write_text(settings, encoding="utf-8")

    refused = tillwire(tmp_path, "devices", "rules")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "name no device that needs a rule" in refused.stderr


def test_the_command_prints_the_rules_of_the_settings_here(tmp_path: Path) -> None:
    settings = '[[devices.scanners]]\ndevice = "scanner-1"\nusb = "05e0:1200"\n'
    (tmp_path / "tillwire.toml").write_text(settings, encoding="utf-8")

    printed = tillwire(tmp_path, "devices", "rules", "--group", "till")

    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.splitlines()[-1].endswith('GROUP:="till", MODE:="0640"')
