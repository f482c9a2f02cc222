"""How a print job may move."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args

from contracts.devices.printing import PrintState
from contracts.ids import DeviceId, PrintJobId, RegisterId
from services.devices.model.print_jobs import Job, new_job

AT = datetime(2026, 11, 22, 13, tzinfo=UTC)
LIVES = timedelta(minutes=10)


def a_job(since: datetime = AT) -> Job:
    return new_job(
        PrintJobId("job"), "receipt", RegisterId("till-1"), DeviceId("printer-1"), lives=LIVES, since=since, now=AT
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
    assert reached == {"printing", "printed", "unknown", "failed"}
    assert all("printing" not in moves[state] for state in reached)


def a_test_page(printer: str = "printer-1", language: str = "en") -> Job:
    where = (None, DeviceId(printer))
    return new_job(PrintJobId("job"), "test", *where, lives=LIVES, since=AT, now=AT, language=language)


def test_an_id_names_one_paper_of_one_register_in_one_language() -> None:
    assert a_test_page().is_like(a_test_page())
    assert not a_test_page().is_like(a_test_page("printer-2"))
    assert not a_test_page().is_like(a_test_page(language="de"))
    assert not a_job().is_like(replace(a_job(), register=RegisterId("till-2")))
    assert not a_job().is_like(replace(a_job(), language="fi"))


def test_a_receipt_that_came_to_another_printer_is_what_its_register_asked_for() -> None:
    assert a_job().given_to(DeviceId("printer-2"), AT).is_like(a_job())


def test_moving_keeps_when_and_why() -> None:
    later = AT + timedelta(seconds=5)

    job = a_job().moved("accepted", "paper_out", later)

    assert (job.state, job.reason, job.changed_at, job.expires_at) == ("accepted", "paper_out", later, AT + LIVES)
