"""What every service answers, whatever it is for: its journal, how far it follows others, parked events, a backup.

Never here: a request that only some services know.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from contracts.base import Reply
from contracts.every_service import (
    BackedUp,
    BackUp,
    EventNotParked,
    FollowedPlace,
    FollowedPlaces,
    JournalDiverged,
    JournalEntry,
    JournalPage,
    ListParkedEvents,
    ParkedEvents,
    ParkedEventSettled,
    ReadFollowed,
    ReadJournal,
    ReadSnapshot,
    SettleParkedEvent,
    SnapshotPage,
)
from contracts.ids import EventId
from contracts.topics import FOLLOWS
from services.runtime import journal
from services.runtime.asking import Ask
from services.runtime.clock import Clock, stamp
from services.runtime.database import back_up, uri
from services.runtime.followers import Follower, parked
from services.runtime.service import Route, Service, SnapshotPiece, command, query
from services.runtime.settings import RuntimeSettings
from services.runtime.transactions import Tx, View
from services.runtime.writer import Scope, Writer

X = TypeVar("X", bound=Tx)
V = TypeVar("V", bound=View)


class EveryService(Generic[X, V]):
    """Answers for one service what any service is asked."""

    def __init__(  # noqa: PLR0913 - what it tells of is passed in
        self,
        service: Service[X, V],
        settings: RuntimeSettings,
        *,
        clock: Clock,
        writer: Writer,
        followers: list[Follower[X]],
        say_status: Callable[[], None],
        count_parked: Callable[[Scope], None],
    ) -> None:
        self._service = service
        self._settings = settings
        self._clock = clock
        self._writer = writer
        self._followers = followers
        self._say_status = say_status
        self._count_parked = count_parked
        self._read_up_to: dict[str, int] = {}
        """Up to which number each client that reads the journal has it, as far as it said so since the start."""

    def routes(self) -> tuple[Route, ...]:
        """The requests that go to any service, and what answers them."""
        return (
            query(ReadJournal, self._read_journal),
            query(ReadSnapshot, self._read_snapshot),
            query(ReadFollowed, self._read_followed),
            query(ListParkedEvents, self._list_parked_events),
            command(SettleParkedEvent, self._settle_parked_event),
            command(BackUp, self._backed_up, prepare=self._back_up),
        )

    def journal_below(self) -> int:
        """The lowest number of the journal that somebody who follows it may still need."""
        readers = [name for name, leaders in FOLLOWS.items() if self._service.name in leaders]
        return min((self._read_up_to.get(name, 0) for name in readers), default=self._writer.journal.head)

    async def _read_journal(self, asked: ReadJournal, view: V) -> JournalPage:
        """Read the journal; on a divergence that this side did not know of, open a new epoch."""
        try:
            page = await view.read(lambda connection: journal.read_after(connection, asked))
        except JournalDiverged as diverged:
            epoch: int = diverged.details["epoch"]
            if asked.epoch == epoch:
                await self._writer.run(lambda scope: self._leave_epoch(scope, epoch))
                self._say_status()
            raise
        self._read_up_to[view.caller] = asked.after
        return page

    def _leave_epoch(self, scope: Scope, epoch: int) -> None:
        """Open a new epoch unless another follower's divergence has done so already."""
        if scope.journal.epoch == epoch:
            scope.journal.open_epoch(scope.connection, "diverged", stamp(self._clock.now()))

    def _read_followed(self, asked: ReadFollowed, view: V) -> FollowedPlaces:  # noqa: ARG002 - followers know it by heart
        return FollowedPlaces(
            tuple(
                FollowedPlace(
                    follower.follow.name,
                    follower.place.epoch,
                    follower.place.number,
                    None if follower.place.event_id is None else EventId(follower.place.event_id),
                )
                for follower in self._followers
                if follower.follow.leader == asked.leader
            )
        )

    async def _read_snapshot(self, asked: ReadSnapshot, view: V) -> SnapshotPage:
        number = asked.number
        if number is None:
            number = await view.read(journal.head_of)
        at = await view.read(lambda connection: journal.place_of(connection, number))
        nothing: SnapshotPiece = ([], None)
        snapshot = self._service.snapshot
        events, following = nothing if snapshot is None else await snapshot(view, number, asked.next)
        return SnapshotPage(
            epoch=at.epoch,
            number=number,
            event_id=EventId(at.event_id) if at.event_id else None,
            entries=tuple(
                JournalEntry(
                    at.epoch,
                    number,
                    EventId(event_id),
                    event.wire_name(),
                    time,
                    msgspec.Raw(msgspec.json.encode(event)),
                )
                for event, event_id, time in events
            ),
            next=following,
        )

    async def _list_parked_events(self, asked: ListParkedEvents, view: V) -> ParkedEvents:  # noqa: ARG002
        return ParkedEvents(tuple(await view.read(parked.parked_events)))

    def _settle_parked_event(self, asked: SettleParkedEvent, tx: X) -> Reply:
        entry = parked.take_parked(tx.connection, asked.follower, asked.event_id)
        follower = next((each for each in self._followers if each.follow.name == asked.follower), None)
        if entry is None or follower is None:
            raise EventNotParked(follower=asked.follower, event_id=asked.event_id)
        if asked.action == "retry":
            follower.applying.apply(tx.scope, entry)
        self._count_parked(tx.scope)
        return ParkedEventSettled(asked.event_id, "applied" if asked.action == "retry" else "skipped")

    async def _back_up(self, asked: BackUp, view: V, ask: Ask) -> BackedUp:  # noqa: ARG002
        target = self._settings.data / "backups" / f"{self._service.name}-{view.message_id}.sqlite3"

        def copy() -> BackedUp:
            source = sqlite3.connect(uri(self._settings.database_file, "ro"), uri=True)
            try:
                size = back_up(source, target)
            finally:
                source.close()
            return BackedUp(target.name, size, *journal.stand_of(target))

        return await asyncio.to_thread(copy)

    def _backed_up(self, asked: BackUp, copied: BackedUp, tx: X) -> Reply:  # noqa: ARG002
        return copied
