"""A real kernel, real USB devices: a scanner is plugged in, read, held up, unplugged and plugged in again."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.guest import AT_KEYBOARD, KEYBOARD, SCANNER
from tests.lab.machine import Machine, Prepared

ROOT = Path(__file__).parents[2]
READY = {"heard": "ScannerChanged", "device": "scanner-1", "state": "ready", "reason": "none"}
GONE = {"heard": "ScannerChanged", "device": "scanner-1", "state": "absent", "reason": "not_connected"}
EAN = "4006381333931"

pytestmark = pytest.mark.lab


class Counter:
    """The test's side of the machine: says what is to happen, and waits for what is heard."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._heard: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {}

    def do(self, what: str, **how: str) -> dict[str, Any]:
        """Have something done in the machine and return how things are then."""
        self._machine.send({"do": what, **how})
        while (message := self._machine.next()).get("done") != what:
            self._heard.append(message)
        return message

    def heard(self) -> dict[str, Any]:
        """The next thing that was heard of a scanner."""
        return self._heard.pop(0) if self._heard else self._machine.next()


@pytest.fixture(scope="module")
def counter(prepared: Prepared) -> Iterator[Counter]:
    """A machine with a scanner that the settings name and a USB keyboard that they do not."""
    with Machine(prepared, [sys.executable, "-m", "tests.lab.guest"], ROOT) as machine:
        counter = Counter(machine)
        while counter.heard() != {"reading": True}:
            pass
        for device in ("scanner-1", "trap"):
            assert counter.heard() == GONE | {"device": device}
        counter.do("make", name="keyboard", usb=KEYBOARD, serial="K1")
        counter.do("make", name="scanner", usb=SCANNER, serial="S1234")
        assert counter.heard() == READY
        yield counter


def test_a_barcode_is_read_whole(counter: Counter) -> None:
    counter.do("type", name="scanner", text=EAN + "\n")

    assert counter.heard() == {"heard": "LineRead", "device": "scanner-1", "text": EAN}


def test_no_keyboard_is_opened_and_the_scanner_is_held_alone(counter: Counter) -> None:
    now = counter.do("look")

    assert now["there"] == sorted((AT_KEYBOARD, KEYBOARD, SCANNER))
    assert now["opened"] == [SCANNER]
    assert now["grabbed"] == [SCANNER]


def test_a_scan_that_the_kernel_lost_keys_of_is_void_and_said(counter: Counter) -> None:
    """The kernel keeps 64 events for a reader; thirty digits are 180."""
    counter.do("type-while-reader-is-held", name="scanner", text="1234567890" * 3 + "\n")
    void = counter.heard()
    counter.do("type", name="scanner", text=EAN + "\n")
    following = counter.heard()

    assert (void["heard"], void["reason"]) == ("LineVoided", "events_lost")
    assert following == {"heard": "LineRead", "device": "scanner-1", "text": EAN}


def test_a_scanner_may_be_unplugged_and_plugged_in_again(counter: Counter) -> None:
    controller = counter.do("look")["controllers"]["scanner"]

    counter.do("plug", name="scanner", controller="")
    gone = counter.heard()
    counter.do("plug", name="scanner", controller=controller)
    back = counter.heard()
    counter.do("type", name="scanner", text="42\n")

    assert (gone, back) == (GONE, READY)
    assert counter.heard() == {"heard": "LineRead", "device": "scanner-1", "text": "42"}


def test_a_keyboard_types_past_the_reader(counter: Counter) -> None:
    counter.do("type", name="keyboard", text="13\n")
    counter.do("type", name="scanner", text="7\n")

    assert counter.heard() == {"heard": "LineRead", "device": "scanner-1", "text": "7"}
