"""What an event does here, in the writer's transaction, and how all of it is forgotten again.

Never here: which event is next, and what becomes of one that cannot be applied.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec
from sqlalchemy import delete, insert

from contracts.every_service import JournalEntry
from services.runtime import tables
from services.runtime.clock import Clock, stamp
from services.runtime.service import Follow
from services.runtime.transactions import EventSource, Tx
from services.runtime.writer import Scope

X = TypeVar("X", bound=Tx)


class Applying(Generic[X]):
    """Applies events as a follower says."""

    def __init__(self, follow: Follow[X], begin: Callable[[Scope, EventSource], X], clock: Clock) -> None:
        self._follow = follow
        self._begin = begin
        self._clock = clock
        self._decoders = {kind.wire_name(): msgspec.json.Decoder(kind).decode for kind in follow.on}
        self._handlers = {kind.wire_name(): handle for kind, handle in follow.on.items()}

    def mine(self, entries: Iterable[JournalEntry]) -> list[JournalEntry]:
        """Those of some events that concern this follower."""
        return [entry for entry in entries if entry.name in self._handlers]

    def apply(self, scope: Scope, entry: JournalEntry) -> None:
        """Apply one event and remember that it was."""
        source = EventSource(self._follow.leader, entry.epoch, entry.number, entry.event_id, entry.time)
        event = self._decoders[entry.name](bytes(entry.payload))
        self._handlers[entry.name](event, self._begin(scope, source))
        scope.connection.execute(
            insert(tables.followed_event).prefix_with("OR REPLACE"),
            {
                "follower": self._follow.name,
                "number": entry.number,
                "epoch": entry.epoch,
                "event_id": entry.event_id,
                "at": stamp(self._clock.now()),
            },
        )

    def wipe(self, scope: Scope) -> None:
        """Forget all that this projection made; what it followed is replayed to the same rows."""
        if self._follow.wipe is None:
            raise LookupError(f"{self._follow.name} is no projection")
        self._follow.wipe(self._begin(scope, EventSource(self._follow.leader, 0, 0, "", "")))
        for table in (tables.followed_event, tables.parked_event):
            scope.connection.execute(delete(table).where(table.c.follower == self._follow.name))
