"""Followers: what another service's journal tells is applied here strictly in order and once.

How far a follower came is written in the transaction of the effect. Events on the bus are
hints; on connect, on a gap, or when the leader's status shows a higher head, the follower
reads the journal. A poison event is parked after five tries and waits for a person.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Connection, delete, insert, select

from contracts.base import Rejected
from contracts.every_service import (
    JournalDiverged,
    JournalEntry,
    JournalTrimmed,
    ParkedEvent,
    ReadJournal,
    ReadSnapshot,
    Status,
)
from contracts.ids import EventId
from contracts.topics import Topics
from services.runtime import tables
from services.runtime.bus import Incoming, PublishRefused, Subscription
from services.runtime.clock import Clock, stamp
from services.runtime.dispatch import fault_of
from services.runtime.ids import is_uuid
from services.runtime.log import Log
from services.runtime.requester import NoAnswer, Refused, Requester
from services.runtime.service import Follow
from services.runtime.transactions import EventSource, Tx
from services.runtime.writer import DatabaseFault, Scope, Writer

X = TypeVar("X", bound=Tx)

TRIES_BEFORE_PARKING = 5
MOST_BUFFERED = 2_000
APPLY_TOGETHER = 16
RETRY_S = 0.2
STUMBLE_S = 5.0
KEEP_PLACE_EVERY = 500
"""After so many events that do not concern this follower its place is written down anyway."""


@dataclass(frozen=True, slots=True)
class Place:
    """The last event applied; number 0 is the very beginning."""

    epoch: int = 0
    number: int = 0
    event_id: str | None = None


class Follower(Generic[X]):
    """Follows one journal under one name."""

    def __init__(  # noqa: PLR0913 - what a follower touches is passed in
        self,
        follow: Follow[X],
        *,
        topics: Topics,
        requester: Requester,
        writer: Writer,
        begin: Callable[[Scope, EventSource], X],
        clock: Clock,
        on_parked: Callable[[Scope], None],
        log: Log,
    ) -> None:
        self.follow = follow
        self._topics = topics
        self._requester = requester
        self._writer = writer
        self._begin = begin
        self._clock = clock
        self._log = log
        self._on_parked = on_parked
        self._kept = self._place = Place()
        self._decoders = {kind.wire_name(): msgspec.json.Decoder(kind).decode for kind in follow.on}
        self._handlers = {kind.wire_name(): handle for kind, handle in follow.on.items()}
        self._buffer: dict[int, JournalEntry] = {}
        self._read_on = True
        self._wake = asyncio.Event()
        self._moved = asyncio.Event()

    def start_at(self, place: Place) -> None:
        """Go on after the event that is written down as the last."""
        self._kept = self._place = place

    @property
    def place(self) -> Place:
        """The last event applied or passed over."""
        return self._place

    def subscriptions(self) -> list[Subscription]:
        """Where the leader's events and its status are told."""
        leader = self.follow.leader
        return [
            Subscription(self._topics.events_of(leader), retained=False),
            Subscription(self._topics.status(leader), retained=True),
        ]

    def connected(self) -> None:
        """Read what was missed while there was no connection."""
        self._read_on = True
        self._wake.set()

    def on_event(self, name: str, message: Incoming) -> None:
        """Take an event as a hint; one that cannot be read as such is left for the journal."""
        entry = _entry(name, message)
        if entry is None or message.retained:
            return
        if entry.number <= self._place.number and entry.epoch == self._place.epoch:
            return
        if len(self._buffer) < MOST_BUFFERED:
            self._buffer[entry.number] = entry
        else:
            self._read_on = True
        self._wake.set()

    def on_status(self, status: Status) -> None:
        """Read on when the leader is further than this follower."""
        if isinstance(status.head, int) and (status.head, status.epoch) != (self._place.number, self._place.epoch):
            self._read_on = True
            self._wake.set()

    async def caught_up(self, number: int) -> None:
        """Wait until the event with that number was applied."""
        while self._place.number < number:
            self._moved.clear()
            await self._moved.wait()

    async def run(self) -> None:
        """Apply events for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._apply_buffered()
                if self._read_on:
                    await self._read_journal()
            except (NoAnswer, Refused, PublishRefused, DatabaseFault) as error:
                self._log.warning("follower-waits", follower=self.follow.name, reason=type(error).__name__)
                self._read_on = True
                self._wake.set()
                await asyncio.sleep(RETRY_S)
            except Exception as error:  # noqa: BLE001 - what a leader tells must not stop this service
                self._log.error("follower-stumbles", follower=self.follow.name, fault=fault_of(error))
                self._read_on = True
                self._wake.set()
                await asyncio.sleep(STUMBLE_S)

    async def _apply_buffered(self) -> None:
        """Apply what follows without a gap, also what comes meanwhile; what is left over shows a gap."""
        while following := self._following():
            await self._apply(following)
        for stale in [number for number in self._buffer if number <= self._place.number]:
            del self._buffer[stale]
        if self._buffer:
            self._read_on = True

    def _following(self) -> list[JournalEntry]:
        following = []
        number = self._place.number + 1
        while number in self._buffer and self._buffer[number].epoch == self._place.epoch:
            following.append(self._buffer.pop(number))
            number += 1
        return following

    async def _read_journal(self) -> None:
        """Read and apply page after page until nothing is missing."""
        while True:
            try:
                page = await self._requester.ask(
                    ReadJournal(after=self._place.number, event_id=self._known_id(), epoch=self._place.epoch or None),
                    service=self.follow.leader,
                )
            except Refused as refusal:
                await self._start_over(refusal.rejected)
                continue
            await self._apply(list(page.entries))
            if not page.entries or self._place.number >= page.head:
                self._read_on = False
                return

    def _known_id(self) -> EventId | None:
        return None if self._place.event_id is None else EventId(self._place.event_id)

    # Applying

    async def _apply(self, entries: list[JournalEntry]) -> None:
        for begin in range(0, len(entries), APPLY_TOGETHER):
            chunk = entries[begin : begin + APPLY_TOGETHER]
            try:
                await self._apply_together(chunk)
            except DatabaseFault:
                raise
            except Exception:  # noqa: BLE001 - one of them is poison; found by applying one at a time
                for entry in chunk:
                    await self._apply_alone(entry)

    async def _apply_together(self, entries: list[JournalEntry]) -> None:
        """Apply a run of events in one transaction and move on to the last of them."""
        mine = [entry for entry in entries if entry.name in self._handlers]
        last = Place(entries[-1].epoch, entries[-1].number, entries[-1].event_id)
        if mine or last.number - self._kept.number >= KEEP_PLACE_EVERY:

            def job(scope: Scope) -> None:
                for entry in mine:
                    self.apply_entry(scope, entry)
                keep_place(scope.connection, self.follow, last)

            await self._writer.run(job)
            self._kept = last
        self._move_to(last)

    async def _apply_alone(self, entry: JournalEntry) -> None:
        """Apply one event, or park it after five tries."""
        for tries in range(1, TRIES_BEFORE_PARKING + 1):
            try:
                await self._apply_together([entry])
            except DatabaseFault:
                raise
            except Exception as error:  # noqa: BLE001 - a poison event must not stop the others
                fault = fault_of(error)
                self._log.error(
                    "event-not-applied", follower=self.follow.name, number=entry.number, tries=tries, fault=fault
                )
                if tries == TRIES_BEFORE_PARKING:
                    await self._park(entry, fault)
                else:
                    await asyncio.sleep(RETRY_S)
            else:
                return

    async def _park(self, entry: JournalEntry, fault: str) -> None:
        last = Place(entry.epoch, entry.number, entry.event_id)

        def job(scope: Scope) -> None:
            scope.connection.execute(
                insert(tables.parked_event).prefix_with("OR REPLACE"),
                {
                    "follower": self.follow.name,
                    "event_id": entry.event_id,
                    "leader": self.follow.leader,
                    "epoch": entry.epoch,
                    "number": entry.number,
                    "name": entry.name,
                    "time": entry.time,
                    "payload": bytes(entry.payload),
                    "tries": TRIES_BEFORE_PARKING,
                    "fault": fault,
                },
            )
            keep_place(scope.connection, self.follow, last)
            self._on_parked(scope)

        await self._writer.run(job)
        self._kept = last
        self._move_to(last)

    def apply_entry(self, scope: Scope, entry: JournalEntry) -> None:
        """Apply one event in the writer's transaction and remember that it was."""
        source = EventSource(self.follow.leader, entry.epoch, entry.number, entry.event_id, entry.time)
        event = self._decoders[entry.name](bytes(entry.payload))
        self._handlers[entry.name](event, self._begin(scope, source))
        scope.connection.execute(
            insert(tables.followed_event).prefix_with("OR REPLACE"),
            {
                "follower": self.follow.name,
                "number": entry.number,
                "epoch": entry.epoch,
                "event_id": entry.event_id,
                "at": stamp(self._clock.now()),
            },
        )

    def _move_to(self, place: Place) -> None:
        self._place = place
        self._moved.set()

    # When the journal does not hold what this follower names

    async def _start_over(self, rejected: Rejected) -> None:
        if rejected.code == JournalDiverged.wire_code():
            self._log.warning("journal-diverged", follower=self.follow.name, leader=self.follow.leader)
            await self._go_back(int(rejected.details["head"]), int(rejected.details["lowest"]))
        elif rejected.code == JournalTrimmed.wire_code():
            self._log.warning("journal-trimmed", follower=self.follow.name, leader=self.follow.leader)
            await self._take_snapshot()
        else:
            raise NoAnswer(f"{self.follow.leader} read-journal", rejected)

    async def _go_back(self, head: int, lowest: int) -> None:
        """Go back to the last event that both sides hold; those after it are orphans, listed for a person."""
        own = await self._writer.run(lambda scope: _followed(scope.connection, self.follow.name, head))
        shared = Place()
        low, high = 0, len(own)  # own[:low] is shared, own[high:] is not
        while low < high:
            middle = (low + high) // 2
            held = await self._entry_at(own[middle].number) if own[middle].number >= lowest else None
            if own[middle].number < lowest or (held is not None and held.event_id == own[middle].event_id):
                shared = own[middle] if held is None else Place(held.epoch, held.number, held.event_id)
                low = middle + 1
            else:
                high = middle
        wiped = self.follow.wipe

        def job(scope: Scope) -> Place:
            _orphan(scope.connection, self.follow.name, shared.number, stamp(self._clock.now()))
            place = shared
            if wiped is not None:
                self._wipe(scope)
                place = Place()
            keep_place(scope.connection, self.follow, place)
            return place

        self._kept = self._place = await self._writer.run(job)
        self._buffer.clear()

    async def _entry_at(self, number: int) -> JournalEntry | None:
        page = await self._requester.ask(ReadJournal(after=number - 1, limit=1), service=self.follow.leader)
        return page.entries[0] if page.entries else None

    async def _take_snapshot(self) -> None:
        """Apply the leader's state, told as events, and go on from the number it stands for."""
        if self.follow.wipe is not None:
            await self._writer.run(self._wipe)
        following: str | None = None
        number: int | None = None
        while True:
            piece = await self._requester.ask(ReadSnapshot(number=number, next=following), service=self.follow.leader)
            number, following = piece.number, piece.next
            mine = [entry for entry in piece.entries if entry.name in self._handlers]
            last = Place(piece.epoch, piece.number, piece.event_id) if following is None else None

            def job(scope: Scope, mine: list[JournalEntry] = mine, last: Place | None = last) -> None:
                for entry in mine:
                    self.apply_entry(scope, entry)
                if last is not None:
                    keep_place(scope.connection, self.follow, last)

            await self._writer.run(job)
            if last is not None:
                self._kept = self._place = last
                self._buffer.clear()
                self._moved.set()
                return

    def _wipe(self, scope: Scope) -> None:
        """Forget all that this projection made; what it followed is replayed to the same rows."""
        if self.follow.wipe is None:
            raise LookupError(f"{self.follow.name} is no projection")
        self.follow.wipe(self._begin(scope, EventSource(self.follow.leader, 0, 0, "", "")))
        for table in (tables.followed_event, tables.parked_event):
            scope.connection.execute(delete(table).where(table.c.follower == self.follow.name))

    async def rebuild(self) -> None:
        """Wipe this projection and replay the journal from its beginning."""

        def job(scope: Scope) -> None:
            self._wipe(scope)
            keep_place(scope.connection, self.follow, Place())

        await self._writer.run(job)
        self._kept = self._place = Place()
        self._buffer.clear()
        self.connected()


def read_place(connection: Connection, name: str) -> Place:
    """How far a follower came, as it is written down."""
    row = connection.execute(select(tables.follower).where(tables.follower.c.name == name)).one_or_none()
    return Place() if row is None else Place(row.epoch, row.number, row.event_id)


def keep_place(connection: Connection, follow: Follow[Any], place: Place) -> None:
    """Write down how far a follower came."""
    connection.execute(
        insert(tables.follower).prefix_with("OR REPLACE"),
        {
            "name": follow.name,
            "leader": follow.leader,
            "epoch": place.epoch,
            "number": place.number,
            "event_id": place.event_id,
        },
    )


def parked_events(connection: Connection) -> list[ParkedEvent]:
    """All events that wait for a person, oldest first."""
    rows = connection.execute(select(tables.parked_event).order_by(tables.parked_event.c.number))
    return [
        ParkedEvent(
            leader=row.leader,
            follower=row.follower,
            number=row.number,
            event_id=EventId(row.event_id),
            name=row.name,
            tries=row.tries,
            fault=row.fault,
        )
        for row in rows
    ]


def take_parked(connection: Connection, follower: str, event_id: str) -> JournalEntry | None:
    """Take a parked event out of its place, or None when there is none."""
    parked = tables.parked_event
    which = (parked.c.follower == follower, parked.c.event_id == event_id)
    row = connection.execute(select(parked).where(*which)).one_or_none()
    if row is None:
        return None
    connection.execute(delete(parked).where(*which))
    return JournalEntry(row.epoch, row.number, EventId(row.event_id), row.name, row.time, msgspec.Raw(row.payload))


def _followed(connection: Connection, name: str, up_to: int) -> list[Place]:
    followed = tables.followed_event
    rows = connection.execute(
        select(followed.c.epoch, followed.c.number, followed.c.event_id)
        .where(followed.c.follower == name, followed.c.number <= up_to)
        .order_by(followed.c.number)
    )
    return [Place(row.epoch, row.number, row.event_id) for row in rows]


def _orphan(connection: Connection, name: str, after: int, at: str) -> None:
    followed, orphan = tables.followed_event, tables.orphan_event
    mine = (followed.c.follower == name, followed.c.number > after)
    rows = [
        {"follower": name, "event_id": row.event_id, "number": row.number, "epoch": row.epoch, "found_at": at}
        for row in connection.execute(select(followed).where(*mine))
    ]
    if rows:
        connection.execute(insert(orphan).prefix_with("OR REPLACE"), rows)
    connection.execute(delete(followed).where(*mine))


def _entry(name: str, message: Incoming) -> JournalEntry | None:
    """Read a journaled event's CloudEvents properties, or None when it is a hint without a number."""
    told = message.properties or {}
    epoch, number, event_id = told.get("epoch", ""), told.get("sequence", ""), told.get("id", "")
    if not (epoch.isascii() and epoch.isdigit() and number.isascii() and number.isdigit() and is_uuid(event_id)):
        return None
    return JournalEntry(
        int(epoch), int(number), EventId(event_id), name, told.get("time", ""), msgspec.Raw(message.payload)
    )
