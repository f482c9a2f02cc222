"""Followers: what another service's journal tells is applied here strictly in order and once.

How far a follower came is written in the transaction of the effect. Events on the bus are
hints; on connect, on a gap, or when the leader's status shows a higher head, the follower
reads the journal. A poison event is parked after five tries and waits for a person. Never here:
what an event means, and the rows that it leaves.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from contracts.every_service import JournalEntry, ReadJournal, Status
from contracts.ids import EventId
from contracts.topics import Topics
from services.runtime.bus import Incoming, PublishRefused, Subscription
from services.runtime.clock import Clock
from services.runtime.faults import fault_of
from services.runtime.followers import parked, places
from services.runtime.followers.applying import Applying
from services.runtime.followers.places import Place
from services.runtime.followers.starting_over import StartingOver
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
        self._log = log
        self._on_parked = on_parked
        self._kept = self._place = Place()
        self.applying = Applying(follow, begin, clock)
        self._starting_over = StartingOver(
            follow, self.applying, requester=requester, writer=writer, clock=clock, log=log
        )
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

    async def rebuild(self) -> None:
        """Wipe this projection and replay the journal from its beginning."""
        self._go_on_from(await self._starting_over.at_the_beginning())
        self.connected()

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
                self._go_on_from(await self._starting_over.after(refusal.rejected))
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
        mine = self.applying.mine(entries)
        last = Place(entries[-1].epoch, entries[-1].number, entries[-1].event_id)
        if mine or last.number - self._kept.number >= KEEP_PLACE_EVERY:

            def job(scope: Scope) -> None:
                for entry in mine:
                    self.applying.apply(scope, entry)
                places.keep_place(scope.connection, self.follow, last)

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
            parked.park(scope.connection, self.follow, entry, tries=TRIES_BEFORE_PARKING, fault=fault)
            places.keep_place(scope.connection, self.follow, last)
            self._on_parked(scope)

        await self._writer.run(job)
        self._kept = last
        self._move_to(last)

    def _move_to(self, place: Place) -> None:
        self._place = place
        self._moved.set()

    def _go_on_from(self, place: Place) -> None:
        """Stand at a place that is written down already; what was heard before is read again."""
        self._kept = place
        self._buffer.clear()
        self._move_to(place)


def _entry(name: str, message: Incoming) -> JournalEntry | None:
    """Read a journaled event's CloudEvents properties, or None when it is a hint without a number."""
    told = message.properties or {}
    epoch, number, event_id = told.get("epoch", ""), told.get("sequence", ""), told.get("id", "")
    if not (epoch.isascii() and epoch.isdigit() and number.isascii() and number.isdigit() and is_uuid(event_id)):
        return None
    return JournalEntry(
        int(epoch), int(number), EventId(event_id), name, told.get("time", ""), msgspec.Raw(message.payload)
    )
