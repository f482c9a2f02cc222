"""What a follower does when the leader's journal does not hold what it names: it goes back, or takes a snapshot.

Never here: the way that events come one after another.
"""

from typing import Generic, TypeVar

from contracts.base import Rejected
from contracts.every_service import JournalDiverged, JournalEntry, JournalTrimmed, ReadJournal, ReadSnapshot
from services.runtime.clock import Clock, stamp
from services.runtime.followers import places
from services.runtime.followers.applying import Applying
from services.runtime.followers.places import Place
from services.runtime.log import Log
from services.runtime.requester import NoAnswer, Requester
from services.runtime.service import Follow
from services.runtime.transactions import Tx
from services.runtime.writer import Scope, Writer

X = TypeVar("X", bound=Tx)


class StartingOver(Generic[X]):
    """Finds the place that a follower can go on from."""

    def __init__(  # noqa: PLR0913 - what a follower touches is passed in
        self,
        follow: Follow[X],
        applying: Applying[X],
        *,
        requester: Requester,
        writer: Writer,
        clock: Clock,
        log: Log,
    ) -> None:
        self._follow = follow
        self._applying = applying
        self._requester = requester
        self._writer = writer
        self._clock = clock
        self._log = log

    async def after(self, rejected: Rejected) -> Place:
        """The place to go on from, written down already, after the leader has rejected the last one.

        Raises:
            NoAnswer: it was rejected for another reason.
        """
        if rejected.code == JournalDiverged.wire_code():
            self._log.warning("journal-diverged", follower=self._follow.name, leader=self._follow.leader)
            return await self._go_back(int(rejected.details["head"]), int(rejected.details["lowest"]))
        if rejected.code == JournalTrimmed.wire_code():
            self._log.warning("journal-trimmed", follower=self._follow.name, leader=self._follow.leader)
            return await self._take_snapshot()
        raise NoAnswer(f"{self._follow.leader} read-journal", rejected)

    async def at_the_beginning(self) -> Place:
        """The journal's beginning, with all wiped that this projection made."""

        def job(scope: Scope) -> None:
            self._applying.wipe(scope)
            places.keep_place(scope.connection, self._follow, Place())

        await self._writer.run(job)
        return Place()

    async def _go_back(self, head: int, lowest: int) -> Place:
        """Go back to the last event that both sides hold; those after it are orphans, listed for a person."""
        own = await self._writer.run(lambda scope: places.followed(scope.connection, self._follow.name, head))
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
        wiped = self._follow.wipe

        def job(scope: Scope) -> Place:
            places.orphan(scope.connection, self._follow.name, shared.number, stamp(self._clock.now()))
            place = shared
            if wiped is not None:
                self._applying.wipe(scope)
                place = Place()
            places.keep_place(scope.connection, self._follow, place)
            return place

        return await self._writer.run(job)

    async def _entry_at(self, number: int) -> JournalEntry | None:
        page = await self._requester.ask(ReadJournal(after=number - 1, limit=1), service=self._follow.leader)
        return page.entries[0] if page.entries else None

    async def _take_snapshot(self) -> Place:
        """Apply the leader's state, told as events, and go on from the number it stands for."""
        if self._follow.wipe is not None:
            await self._writer.run(self._applying.wipe)
        following: str | None = None
        number: int | None = None
        while True:
            piece = await self._requester.ask(ReadSnapshot(number=number, next=following), service=self._follow.leader)
            number, following = piece.number, piece.next
            mine = self._applying.mine(piece.entries)
            last = Place(piece.epoch, piece.number, piece.event_id) if following is None else None

            def job(scope: Scope, mine: list[JournalEntry] = mine, last: Place | None = last) -> None:
                for entry in mine:
                    self._applying.apply(scope, entry)
                if last is not None:
                    places.keep_place(scope.connection, self._follow, last)

            await self._writer.run(job)
            if last is not None:
                return last
