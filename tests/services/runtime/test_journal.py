"""The journal: numbered without gaps, read in pages, trimmed from behind, honest about what it lacks."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, select

from contracts.every_service import JournalDiverged, JournalPage, JournalTrimmed, ReadJournal
from contracts.ids import EventId
from services.runtime import journal, tables
from services.runtime.database import open_writer
from services.runtime.ids import RandomIds, derived
from services.runtime.journal import MOST_IN_A_PAGE, PAGE_BYTES, Entry, Journal
from services.runtime.migrate import chains
from tests.toy import leader
from tests.toy.leader import CounterMoved
from tests.under_test import lay_database

ROOT_ID = "0198c0de-0000-7000-8000-000000000000"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    file = tmp_path / "leader.sqlite3"
    lay_database(file, chains("leader", leader.make_leader().migrations))
    engine = open_writer(file)
    with engine.connect() as connection, connection.begin():
        yield connection
    engine.dispose()


def id_of(number: int) -> EventId:
    return EventId(derived(ROOT_ID, str(number)))


def write(connection: Connection, *numbers: int, size: int = 20, time: str = "2026-11-22") -> None:
    """Write events with payloads of about that many bytes."""
    held = Journal.load(connection)
    payload = msgspec.json.encode({"filler": "x" * size})
    held.append(connection, [Entry(held.epoch, number, id_of(number), "moved", time, payload) for number in numbers])


def numbers(page: JournalPage) -> list[int]:
    return [entry.number for entry in page.entries]


def test_a_new_journal_is_empty_and_reads_so(connection: Connection) -> None:
    held = Journal.load(connection)

    assert (held.epoch, held.head) == (1, 0)
    assert journal.read_after(connection, ReadJournal(after=0)) == JournalPage(1, 0, ())
    assert journal.head_of(connection) == 0
    assert journal.place_of(connection, 0) == journal.Recorded(1, 0, "")


def test_events_get_the_next_number_and_hints_get_none(connection: Connection) -> None:
    class Hinted(CounterMoved, frozen=True):
        journaled = False

    held = Journal.load(connection)
    moved, hint, again = (
        held.entry(event, RandomIds().new(), "2026-11-22")
        for event in (CounterMoved("a", 1, 1), Hinted("a", 1, 1), CounterMoved("a", 1, 2))
    )
    held.append(connection, [moved, hint, again])

    assert [each.number for each in (moved, hint, again)] == [1, 0, 2]
    assert numbers(journal.read_after(connection, ReadJournal(after=0))) == [1, 2]
    assert journal.place_of(connection, 2) == journal.Recorded(1, 2, again.event_id)
    assert Journal.load(connection).head == 2


@pytest.mark.parametrize("size", [0, 100, 5_000, 100_000])
def test_pages_are_bounded_and_together_hold_everything_once(connection: Connection, size: int) -> None:
    count = 1200 if size < 1000 else 60
    write(connection, *range(1, count + 1), size=size)
    read: list[int] = []

    while not read or read[-1] < count:
        page = journal.read_after(connection, ReadJournal(after=len(read), limit=5000))
        assert len(msgspec.json.encode(page)) <= PAGE_BYTES
        assert page.head == count
        assert 0 < len(page.entries) <= MOST_IN_A_PAGE
        read += numbers(page)

    assert read == list(range(1, count + 1))


def test_an_event_larger_than_a_page_comes_alone(connection: Connection) -> None:
    write(connection, 1, 2, 3, size=PAGE_BYTES + 1)

    assert numbers(journal.read_after(connection, ReadJournal(after=1))) == [2]


@pytest.mark.parametrize(("limit", "read"), [(2, [1, 2]), (1, [1]), (0, [1]), (-5, [1])])
def test_a_reader_may_ask_for_less_but_not_for_nothing(connection: Connection, limit: int, read: list[int]) -> None:
    write(connection, *range(1, 10))

    assert numbers(journal.read_after(connection, ReadJournal(after=0, limit=limit))) == read


def test_a_reader_who_names_the_event_held_here_reads_on(connection: Connection) -> None:
    write(connection, 1, 2, 3)

    assert numbers(journal.read_after(connection, ReadJournal(after=2, event_id=id_of(2)))) == [3]
    assert numbers(journal.read_after(connection, ReadJournal(after=3, event_id=id_of(3)))) == []


@pytest.mark.parametrize(
    "asked",
    [
        ReadJournal(after=2, event_id=id_of(99)),
        ReadJournal(after=4),
        ReadJournal(after=4, event_id=id_of(4)),
        ReadJournal(after=2**80),
    ],
)
def test_a_reader_of_another_history_is_told_where_this_one_stands(connection: Connection, asked: ReadJournal) -> None:
    write(connection, 1, 2, 3)

    with pytest.raises(JournalDiverged) as told:
        journal.read_after(connection, asked)

    assert told.value.details == {"epoch": 1, "head": 3, "lowest": 1}


def test_trimming_takes_what_is_old_and_read_and_leaves_the_newest(connection: Connection) -> None:
    write(connection, 1, 2, 3, time="2025-01-01")
    write(connection, 4, 5, time="2026-01-01")

    assert journal.trim(connection, below=3, older_than="2025-06-01") == 2, "number 3 is still to be read"
    assert journal.trim(connection, below=99, older_than="2025-06-01") == 1, "4 is young"
    assert journal.trim(connection, below=99, older_than="2030-01-01") == 1, "5 is the newest"

    kept = connection.execute(select(tables.journal.c.number)).scalars().all()
    assert kept == [5]
    assert Journal.load(connection).head == 5


def test_a_reader_who_lags_behind_a_trim_is_told_and_one_at_its_edge_reads_on(connection: Connection) -> None:
    write(connection, *range(1, 6), time="2025-01-01")
    journal.trim(connection, below=4, older_than="2030-01-01")

    with pytest.raises(JournalTrimmed) as told:
        journal.read_after(connection, ReadJournal(after=2, event_id=id_of(2)))

    assert told.value.details == {"lowest": 4, "head": 5}
    assert numbers(journal.read_after(connection, ReadJournal(after=3, event_id=id_of(3)))) == [4, 5]


def test_a_new_epoch_goes_on_after_the_last_number(connection: Connection) -> None:
    write(connection, 1, 2)
    held = Journal.load(connection)

    held.open_epoch(connection, "restored", "2026-11-22")

    assert (held.epoch, held.head) == (2, 2)
    assert (Journal.load(connection).epoch, Journal.load(connection).head) == (2, 2)
    write(connection, 3)
    page = journal.read_after(connection, ReadJournal(after=0))
    assert (page.epoch, [(entry.epoch, entry.number) for entry in page.entries]) == (2, [(1, 1), (1, 2), (2, 3)])


def test_an_epoch_opened_on_an_empty_journal_keeps_its_first_number(connection: Connection) -> None:
    Journal.load(connection).open_epoch(connection, "restored", "2026-11-22")

    assert (Journal.load(connection).epoch, Journal.load(connection).head) == (2, 0)
    assert journal.head_of(connection) == 0
