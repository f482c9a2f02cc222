"""What ``./tillwire devices watch`` says of each message, and ``list`` of each device."""

from typing import get_args

import msgspec
import pytest

from contracts.base import Message
from contracts.devices import Device, DeviceState, VoidedScan, VoidReason
from contracts.devices.printing import PrintJobChanged
from contracts.devices.scanning import ScanKind, Scanned, ScanResult, ScanVoided
from contracts.ids import DeviceId, PrintJobId, RegisterId, ScanId
from contracts.topics import Topics
from services.hub.commands.devices.seen import VOIDED_IN_WORDS, line, notes
from services.runtime.bus import Incoming
from services.runtime.ids import RandomIds

TOPICS = Topics("store")
STATE = TOPICS.state(DeviceState, device="scanner-1")
SCANNED = TOPICS.event_of(Scanned)
SINCE = "2026-11-26T12:00:00Z"


def incoming(topic: str, message: Message | None) -> Incoming:
    return Incoming(topic=topic, payload=b"" if message is None else msgspec.json.encode(message))


def said(topic: str, message: Message | None) -> str:
    told = line(TOPICS, incoming(topic, message))
    assert told is not None
    return " ".join(told.plain.split())


def test_a_scan_is_told_without_what_was_scanned() -> None:
    scan = Scanned(
        ScanId(RandomIds().new()), DeviceId("scanner-1"), RegisterId("till-1"), "customer_code", 7, 12, "code128"
    )

    assert said(SCANNED, scan) == "scanner-1 till-1 scan 7: customer code, code128, 12 characters"


@pytest.mark.parametrize(
    ("kind", "outcome", "told"),
    [
        ("unknown", "check_digit_wrong", "unknown, 13 characters: misread, its check digit is wrong"),
        ("item", "no_open_sale", "item, 13 characters: no open sale"),
    ],
)
def test_what_came_of_a_scan_is_told_with_it(kind: ScanKind, outcome: ScanResult, told: str) -> None:
    scan = Scanned(
        ScanId(RandomIds().new()), DeviceId("scanner-1"), RegisterId("till-1"), kind, 8, 13, None, outcome=outcome
    )

    assert said(SCANNED, scan) == f"scanner-1 till-1 scan 8: {told}"


@pytest.mark.parametrize(("register", "shown"), [(RegisterId("till-1"), "till-1"), (None, "-")])
def test_a_scan_that_was_thrown_away_is_told_with_why(register: RegisterId | None, shown: str) -> None:
    voided = ScanVoided(ScanId(RandomIds().new()), DeviceId("scanner-1"), register, "too_slow")

    told = said(TOPICS.event_of(ScanVoided), voided)

    assert told.startswith(f"scanner-1 {shown} threw a scan away: the scanner paused in mid code")


def test_every_reason_to_throw_a_scan_away_has_its_words() -> None:
    assert set(VOIDED_IN_WORDS) == set(get_args(VoidReason))


def test_what_keeps_a_device_from_being_of_use_is_noted_beside_it() -> None:
    till_1 = RegisterId("till-1")
    scanner = Device(DeviceId("scanner-1"), "scanner", "ready", "none", SINCE, till_1)

    assert notes(scanner) == []
    assert notes(msgspec.structs.replace(scanner, without_login=(till_1,))) == [
        "no login is called till-1: './tillwire register add till-1'"
    ]
    [paired] = notes(msgspec.structs.replace(scanner, paired=True))
    assert "./tillwire devices unpair scanner-1" in paired
    [voided] = notes(msgspec.structs.replace(scanner, voided=VoidedScan("dropped", SINCE)))
    assert voided.endswith(": too many waited for checkout")


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (DeviceState(3, "scanner", "ready", "none", SINCE, RegisterId("till-1")), "scanner-1 till-1 ready"),
        (DeviceState(3, "scanner", "absent", "not_connected", SINCE), "scanner-1 - absent"),
        (DeviceState(3, "scanner", "fault", "in_use", SINCE), "scanner-1 - fault: another program holds it"),
        (None, "scanner-1 - no longer in the settings"),
    ],
)
def test_how_a_device_is_is_told_in_words(state: DeviceState | None, told: str) -> None:
    assert said(STATE, state) == told


def test_a_print_job_is_told_with_why_it_waits() -> None:
    job_id = PrintJobId(RandomIds().new())
    changed = PrintJobChanged(job_id, None, DeviceId("printer-1"), "accepted", "paper_out", False)

    assert said(TOPICS.event_of(PrintJobChanged), changed) == f"printer-1 - receipt {job_id}: accepted, out of paper"


@pytest.mark.parametrize("payload", [b"[", b"{}", b'{"kind": 1}', b"\xff"])
def test_what_is_not_understood_is_passed_over(payload: bytes) -> None:
    assert line(TOPICS, Incoming(topic=SCANNED, payload=payload)) is None
    assert line(TOPICS, Incoming(topic=STATE, payload=payload)) is None
