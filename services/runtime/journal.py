"""The journal: what this service tells the others, numbered without gaps and written with the effect.

Belongs here: the journal's rows and epochs. Publishing them is ``publisher``, reading those of
another service is ``followers``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from contracts.base import Event
from contracts.every_service import JournalDiverged, JournalEntry, JournalPage, JournalTrimmed, ReadJournal
from contracts.ids import EventId
from services.runtime import tables
from services.runtime.database import open_copy
from services.runtime.prepared import Prepared

_APPEND = Prepared(insert(tables.journal))
PAGE_BYTES = 256_000
MOST_IN_A_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to be told; ``number`` is 0 for a hint that is not journaled."""

    epoch: int
    number: int
    event_id: str
    name: str
    time: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where in the journal an event was put."""

    epoch: int
    number: int
    event_id: str


class Journal:
    """The head of the journal, kept by the writer, and all that is done with its rows."""

    def __init__(self, epoch: int, head: int, last_time: str | None = None) -> None:
        self.epoch = epoch
        self.head = head
        self.last_time = last_time
        """When the newest entry was made; None for an empty journal."""

    @classmethod
    def load(cls, connection: Connection) -> "Journal":
        """Read where the journal stands."""
        epoch, first = connection.execute(
            select(tables.journal_epoch.c.epoch, tables.journal_epoch.c.first_number)
            .order_by(tables.journal_epoch.c.epoch.desc())
            .limit(1)
        ).one()
        newest = connection.execute(
            select(tables.journal.c.number, tables.journal.c.time).order_by(tables.journal.c.number.desc()).limit(1)
        ).one_or_none()
        return cls(epoch, first - 1) if newest is None else cls(epoch, newest.number, newest.time)

    def entry(self, event: Event, event_id: str, time: str) -> Entry:
        """Give an event its number, if its kind is journaled."""
        number = 0
        if event.journaled:
            self.head += 1
            number = self.head
            self.last_time = time
        return Entry(self.epoch, number, event_id, event.wire_name(), time, msgspec.json.encode(event))

    @property
    def stand(self) -> tuple[int, int, str | None]:
        """Where it stands, to go back to if the work that follows is undone."""
        return self.epoch, self.head, self.last_time

    def go_back(self, stand: tuple[int, int, str | None]) -> None:
        """Stand where it stood before work that was undone."""
        self.epoch, self.head, self.last_time = stand

    def append(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Write what a job recorded."""
        rows = [
            {
                "number": entry.number,
                "epoch": entry.epoch,
                "event_id": entry.event_id,
                "name": entry.name,
                "time": entry.time,
                "payload": entry.payload,
            }
            for entry in entries
            if entry.number
        ]
        _APPEND.run_for(connection, rows)

    def open_epoch(self, connection: Connection, reason: str, at: str) -> None:
        """Begin a new epoch; numbers go on after the last one held."""
        connection.execute(
            insert(tables.journal_epoch).values(
                epoch=self.epoch + 1, first_number=self.head + 1, opened_at=at, reason=reason
            )
        )
        self.epoch += 1


def stand_of(file: Path) -> tuple[int, int]:
    """The epoch and the head of the journal in a database file, a copy say."""
    engine = open_copy(file)
    try:
        with engine.connect() as connection:
            epoch = connection.execute(select(func.max(tables.journal_epoch.c.epoch))).scalar_one()
            return int(epoch), head_of(connection)
    finally:
        engine.dispose()


def head_of(connection: Connection) -> int:
    """The newest number there is."""
    highest = connection.execute(select(func.max(tables.journal.c.number))).scalar()
    if highest is not None:
        return int(highest)
    return int(connection.execute(select(func.max(tables.journal_epoch.c.first_number))).scalar_one()) - 1


def place_of(connection: Connection, number: int) -> Recorded:
    """What stands at a number; an empty event id where nothing does."""
    row = connection.execute(
        select(tables.journal.c.epoch, tables.journal.c.event_id).where(tables.journal.c.number == number)
    ).one_or_none()
    if row is not None:
        return Recorded(row.epoch, number, row.event_id)
    epoch = connection.execute(select(func.max(tables.journal_epoch.c.epoch))).scalar_one()
    return Recorded(epoch, number, "")


def read_after(connection: Connection, asked: ReadJournal) -> JournalPage:
    """Read the events after a number.

    Raises:
        JournalDiverged: this journal does not hold the reader's last event at that number.
        JournalTrimmed: what follows that number is no longer kept.
    """
    journal = tables.journal
    after, event_id = asked.after, asked.event_id
    epochs = connection.execute(
        select(tables.journal_epoch.c.epoch, tables.journal_epoch.c.first_number).order_by(tables.journal_epoch.c.epoch)
    ).all()
    lowest, highest = connection.execute(select(func.min(journal.c.number), func.max(journal.c.number))).one()
    head = highest if highest is not None else epochs[-1].first_number - 1
    first_kept = lowest if lowest is not None else head + 1
    held = None
    if event_id is not None and first_kept <= after <= head:
        held = connection.execute(select(journal.c.event_id).where(journal.c.number == after)).scalar()
    if after > head or (held is not None and held != event_id):
        raise JournalDiverged(epoch=epochs[-1].epoch, head=head, lowest=first_kept)
    if after < first_kept - 1:
        raise JournalTrimmed(lowest=first_kept, head=head)
    entries: list[JournalEntry] = []
    size = 0
    for row in connection.execute(
        select(journal)
        .where(journal.c.number > after)
        .order_by(journal.c.number)
        .limit(max(1, min(asked.limit, MOST_IN_A_PAGE)))
    ):
        size += len(row.payload) + 200
        if entries and size > PAGE_BYTES:
            break
        entries.append(
            JournalEntry(row.epoch, row.number, EventId(row.event_id), row.name, row.time, msgspec.Raw(row.payload))
        )
    return JournalPage(epoch=epochs[-1].epoch, head=head, entries=tuple(entries))


def trim(connection: Connection, *, below: int, older_than: str) -> int:
    """Forget entries below a number and older than a time; returns how many.

    The newest entry always stays, so that the journal knows where it stands.
    """
    journal = tables.journal
    newest = select(func.max(journal.c.number)).scalar_subquery()
    return connection.execute(
        delete(journal).where(journal.c.number < below, journal.c.time < older_than, journal.c.number < newest)
    ).rowcount
