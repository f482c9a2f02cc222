"""What a code is, and how a print job may move."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args

import pytest

from contracts.devices import PrintState
from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId
from services.devices.model import Job, new_job, read_code
from services.devices.settings import ScanRule

AT = datetime(2026, 11, 22, 13, tzinfo=UTC)
LIVES = timedelta(minutes=10)
RULES = (ScanRule("C-", "customer_code"), ScanRule("till-", "receipt"), ScanRule("C-0", "staff_badge"))


@pytest.mark.parametrize(
    ("scanned", "text", "kind", "symbology"),
    [
        ("4006381333931", "4006381333931", "item", None),
        ("]E04006381333931", "4006381333931", "item", "ean"),
        ("]C1A-1", "A-1", "item", "code128"),
        ("]Q3https://example.org", "https://example.org", "item", "qr"),
        ("]z0A-1", "A-1", "item", None),
        ("]E0", "]E0", "item", None),
        ("]A0C-77", "C-77", "customer_code", "code39"),
        ("C-077", "C-077", "customer_code", None),
        ("till-1-000123", "till-1-000123", "receipt", None),
    ],
)
def test_a_code_is_taken_apart(scanned: str, text: str, kind: str, symbology: str | None) -> None:
    code = read_code(scanned, RULES)

    assert (code.text, code.kind, code.symbology) == (text, kind, symbology)


@pytest.mark.parametrize(
    ("text", "may_be"),
    [("4006381333931", True), ("A" * 128, True), ("A" * 129, False), ("a b", False), ("a\x1db", False), ("C-1", False)],
)
def test_only_what_an_item_can_be_called_may_be_one(text: str, may_be: bool) -> None:
    assert read_code(text, RULES).may_be_item is may_be


def a_job(since: datetime = AT) -> Job:
    return new_job(
        PrintJobId("job"), SaleId("sale"), RegisterId("till-1"), DeviceId("printer-1"), lives=LIVES, since=since, now=AT
    )


def test_a_job_is_accepted_for_as_long_as_it_lives() -> None:
    job = a_job()

    assert job.state == "accepted"
    assert not job.expired(AT + LIVES - timedelta(microseconds=1))
    assert job.expired(AT + LIVES)


def test_a_job_that_is_too_old_is_expired_from_the_start() -> None:
    assert a_job(AT - LIVES).state == "expired"


def test_a_job_is_printed_at_most_once_whatever_way_it_moves() -> None:
    """From every state that ``printing`` leads to, nothing leads back to it."""
    moves: dict[PrintState, set[PrintState]] = {state: set() for state in get_args(PrintState)}
    for before, after in product(get_args(PrintState), repeat=2):
        job = Job(**{name: getattr(a_job(), name) for name in Job.__slots__} | {"state": before})
        try:
            moves[before].add(job.moved(after, "none", AT).state)
        except ValueError:
            continue

    reached: set[PrintState] = {"printing"}
    while more := {after for state in reached for after in moves[state]} - reached:
        reached |= more
    assert reached == {"printing", "printed", "unknown"}
    assert all("printing" not in moves[state] for state in reached)


def test_moving_keeps_when_and_why() -> None:
    later = AT + timedelta(seconds=5)

    job = a_job().moved("accepted", "paper_out", later)

    assert (job.state, job.reason, job.changed_at, job.expires_at) == ("accepted", "paper_out", later, AT + LIVES)
