"""What ``./tillwire devices watch`` says of each message."""

import msgspec
import pytest

from contracts.base import Message
from contracts.devices import DeviceState
from contracts.devices.printing import PrintJobChanged
from contracts.devices.scanning import Scanned
from contracts.ids import DeviceId, PrintJobId, RegisterId, ScanId
from contracts.topics import Topics
from services.hub.commands.devices.seen import line
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
