"""A real kernel, real USB devices: scanners are plugged in, read, held up, unplugged and plugged in again."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.desk import Desk
from tests.lab.guest import AT_KEYBOARD, KEYBOARD, READS, SCANNER, SERIAL
from tests.lab.hid import keys_of
from tests.lab.machine import Machine, Prepared

ROOT = Path(__file__).parents[2]
EAN = "4006381333931"
URL = "https://example.org/r/2026-000123?t=4.20&lang=de_DE#total+07"
GS1 = "]C10104006381333931172701311012AB\x1d21S-9"

pytestmark = pytest.mark.lab


def changed(device: str, state: str, reason: str) -> dict[str, Any]:
    return {"heard": "ScannerChanged", "device": device, "state": state, "reason": reason}


def ready(device: str) -> dict[str, Any]:
    return changed(device, "ready", "none")


def gone(device: str) -> dict[str, Any]:
    return changed(device, "absent", "not_connected")


def read(device: str, text: str) -> dict[str, Any]:
    return {"heard": "LineRead", "device": device, "text": text}


@pytest.fixture(scope="module")
def counter(prepared: Prepared) -> Iterator[Desk]:
    """A machine with two scanners of one make that the settings name, and a USB keyboard that they do not."""
    with Machine(prepared, [sys.executable, "-m", "tests.lab.guest"], ROOT) as machine:
        counter = Desk(machine)
        counter.do("read")
        while counter.heard() != {"reading": True}:
            pass
        absent = [counter.heard() for _ in READS]
        assert sorted(each["device"] for each in absent) == sorted(each["device"] for each in READS)
        assert {each["state"] for each in absent} == {"absent"}
        counter.do("make", name="keyboard", kind="keys", usb=KEYBOARD, serial="K1")
        for number in (1, 2):
            counter.do("make", name=f"scanner-{number}", kind="keys", usb=SCANNER, serial=f"S{number}")
            assert counter.heard() == ready(f"scanner-{number}")
        yield counter


@pytest.mark.parametrize("text", [EAN, URL, GS1], ids=["thirteen digits", "a QR code's URL", "GS1 with GS"])
def test_a_code_is_read_whole(counter: Desk, text: str) -> None:
    counter.scan("scanner-1", text)

    assert counter.heard() == read("scanner-1", text)


def test_no_keyboard_is_opened_and_scanners_are_held_alone(counter: Desk) -> None:
    now = counter.do("look")

    assert sorted(now["there"]) == sorted((AT_KEYBOARD, "K1", "S1", "S2"))
    assert now["opened"] == ["S1", "S2"]
    assert now["grabbed"] == ["S1", "S2"]


def test_two_scanners_at_once_lose_nothing_and_mix_nothing(counter: Desk) -> None:
    """Two hundred scans, a hundred each, key by key beside one another."""
    keys = {f"scanner-{number}": keys_of(f"{number}" * 4 + "\n") for number in (1, 2)}

    counter.do("press-at-once", keys=keys, times=100)
    scans = Counter((each["heard"], each["device"], each.get("text")) for each in (counter.heard() for _ in range(200)))

    assert scans == {("LineRead", "scanner-1", "1111"): 100, ("LineRead", "scanner-2", "2222"): 100}


def test_a_loop_that_is_blocked_for_two_seconds_loses_no_key(counter: Desk) -> None:
    """The kernel keeps ten characters; the thread that reads takes them in time."""
    counter.do("press-while-loop-is-blocked", name="scanner-1", keys=keys_of(EAN + "\n"), times=5)

    assert [counter.heard() for _ in range(5)] == [read("scanner-1", EAN)] * 5


def test_a_scan_that_the_kernel_lost_keys_of_is_void_and_said(counter: Desk) -> None:
    """The kernel keeps 64 events for a reader; thirty digits are 180."""
    counter.do("press-while-reader-is-held", name="scanner-1", codes=[keys_of("1234567890" * 3 + "\n")])
    void = counter.heard()
    counter.scan("scanner-1", EAN)

    assert (void["heard"], void["reason"]) == ("LineVoided", "events_lost")
    assert counter.heard() == read("scanner-1", EAN)


def test_codes_that_waited_for_the_reader_are_told_apart_by_when_their_keys_went_down(counter: Desk) -> None:
    counter.do("press-while-reader-is-held", name="scanner-1", codes=[keys_of("12\n"), keys_of("34\n")])

    assert [counter.heard(), counter.heard()] == [read("scanner-1", "12"), read("scanner-1", "34")]


def test_half_a_scan_is_void_after_silence_and_so_is_its_rest(counter: Desk) -> None:
    """Silence is told by the clock that the kernel stamps keys by."""
    counter.do("press", name="scanner-1", keys=keys_of("40063"))
    half = counter.heard()
    counter.scan("scanner-1", "81333931")
    rest = counter.heard()
    counter.scan("scanner-1", EAN)

    assert [(each["heard"], each["reason"], each["length"]) for each in (half, rest)] == [
        ("LineVoided", "too_slow", 5),
        ("LineVoided", "too_slow", 8),
    ]
    assert counter.heard() == read("scanner-1", EAN)


def test_a_device_that_has_got_a_scanners_number_meanwhile_is_let_go(counter: Desk) -> None:
    counter.do("take-for-another")

    assert counter.heard() == {"heard": "OtherDevice"}


def test_a_scanner_that_is_unplugged_in_mid_scan_reads_nothing_of_it(counter: Desk) -> None:
    controller = counter.do("look")["controllers"]["scanner-1"]

    counter.do("press-and-unplug", name="scanner-1", keys=keys_of("400638133"))
    heard = [counter.heard()]
    while heard[-1]["heard"] != "ScannerChanged":
        heard.append(counter.heard())
    counter.do("plug", name="scanner-1", controller=controller)
    back = counter.heard()
    counter.scan("scanner-1", "3931")

    assert all(each["heard"] != "LineRead" for each in heard)
    assert (heard[-1], back) == (gone("scanner-1"), ready("scanner-1"))
    assert counter.heard() == read("scanner-1", "3931")


def test_scanners_that_come_back_in_another_order_are_told_apart_by_their_serial_numbers(counter: Desk) -> None:
    before = counter.do("look")["there"]
    for name in ("scanner-1", "scanner-2"):
        counter.unplug(name)
        assert counter.heard() == gone(name)

    for name in ("scanner-2", "scanner-1"):
        counter.plug(name)
        assert counter.heard() == ready(name)
    after = counter.do("look")["there"]
    counter.scan("scanner-1", "1")
    counter.scan("scanner-2", "2")

    assert (after["S1"], after["S2"]) == (before["S2"], before["S1"])
    assert [counter.heard(), counter.heard()] == [read("scanner-1", "1"), read("scanner-2", "2")]


def test_scanners_of_german_and_french_layout_spell_rightly(counter: Desk) -> None:
    heard = []

    counter.do("make", name="foreign", kind="keys", usb=SCANNER, serial="DE")
    heard.append(counter.heard())
    counter.scan("foreign", "Xyz-1/ä]E0", layout="de")
    heard.append(counter.heard())
    counter.unplug("foreign")
    heard.append(counter.heard())
    counter.do("rename", name="foreign", serial="FR")
    counter.plug("foreign")
    heard.append(counter.heard())
    counter.scan("foreign", f"]E0{EAN}é", layout="fr")
    heard.append(counter.heard())

    assert heard == [
        ready("german"),
        read("german", "Xyz-1/ä]E0"),
        gone("german"),
        ready("french"),
        read("french", f"]E0{EAN}é"),
    ]


def test_a_scanner_without_a_suffix_ends_a_code_by_silence(counter: Desk) -> None:
    """The one of before with another serial number: the kernel's gadgets make four that type."""
    counter.unplug("foreign")
    went = counter.heard()
    counter.do("rename", name="foreign", serial="NS")
    counter.plug("foreign")
    came = counter.heard()

    counter.do("press", name="foreign", keys=keys_of(EAN))

    assert (went, came) == (gone("french"), ready("no-suffix"))
    assert counter.heard() == read("no-suffix", EAN)


def test_a_scanner_that_another_program_holds_is_in_use_until_it_lets_go(counter: Desk) -> None:
    counter.unplug("scanner-2")
    went = counter.heard()

    counter.plug_and_hold("scanner-2", "S2")
    refused = counter.heard()
    counter.do("let-go")
    while (came := counter.heard()) == refused:
        pass
    counter.scan("scanner-2", "2")

    assert [went, refused, came] == [gone("scanner-2"), changed("scanner-2", "fault", "in_use"), ready("scanner-2")]
    assert counter.heard() == read("scanner-2", "2")


def test_a_serial_scanner_is_found_by_its_lasting_name_and_sends_what_it_reads(counter: Desk) -> None:
    counter.do("make", name="port", kind="serial", usb=SERIAL, serial="H9")
    came = counter.heard()
    counter.do("send", data=f"{GS1}\r{URL}\r\n")
    scans = [counter.heard(), counter.heard()]
    counter.unplug("port")
    went = counter.heard()

    assert (came, went) == (ready("serial"), gone("serial"))
    assert scans == [read("serial", GS1), read("serial", URL)]


def test_a_keyboard_types_past_the_reader(counter: Desk) -> None:
    counter.scan("keyboard", "13")
    counter.scan("scanner-1", "7")

    assert counter.heard() == read("scanner-1", "7")
