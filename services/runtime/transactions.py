"""What a handler is given: a transaction to write in, or a view to read through.

A service makes its own ``Tx`` and ``View`` from these, with its stores on them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from contracts.base import ApprovalInvalid, Event, PrivateState, State, TokenMissing
from services.runtime import known_clients, tables
from services.runtime.clock import stamp
from services.runtime.database import Readers
from services.runtime.ids import Ids
from services.runtime.journal import Recorded
from services.runtime.session_uses import SessionUses
from services.runtime.states import Shown, States
from services.runtime.tokens import Approval, Claims, TokenVerifier
from services.runtime.writer import Scope

T = TypeVar("T")


class StaleFacts(Exception):
    """What was prepared no longer fits what is stored; the runtime prepares again."""


@dataclass(frozen=True, slots=True)
class EventSource:
    """Which event of which service a follower applies."""

    leader: str
    epoch: int
    number: int
    event_id: str
    time: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What of a running service its transactions and views use."""

    ids: Ids
    states: States
    verifier: TokenVerifier
    readers: Readers
    data: Path
    uses: SessionUses


@dataclass(frozen=True, slots=True)
class Request:
    """Who asked, when and under which id; a follower's work has no caller."""

    now: datetime
    caller: str
    message_id: str
    claims: Claims | None = None
    source: EventSource | None = None
    approval: Approval | ApprovalInvalid | None = None

    def prove_may(self, permission: str) -> str:
        """Check that whoever asks may do this, alone or as approved; returns the id of who lets it pass.

        Rejections:
            TokenMissing: nobody is signed on.
            PermissionDenied, ApprovalNeeded, ApprovalInvalid: as ``Claims.prove_may`` says.
        """
        if self.claims is None:
            raise TokenMissing(permission=permission)
        return self.claims.prove_may(permission, self.approval)


class Tx:
    """One transaction of the writer. Nothing done through it counts until the runtime has committed."""

    def __init__(self, scope: Scope, around: Surroundings, request: Request) -> None:
        self.scope = scope
        self._around = around
        self.connection: Connection = scope.connection
        self.ids = around.ids
        self.now = request.now
        self.caller = request.caller
        self.message_id = request.message_id
        self.claims = request.claims
        self.prove_may = request.prove_may
        self._source = request.source

    @property
    def source(self) -> EventSource:
        """The event that a follower applies; only followers have one."""
        if self._source is None:
            raise LookupError("this transaction applies no event")
        return self._source

    @property
    def last_recorded_at(self) -> str | None:
        """When the newest entry of the journal was made; None for an empty journal."""
        return self.scope.journal.last_time

    def record(self, event: Event) -> Recorded:
        """Tell a fact: journal it with the transaction and publish it after the commit."""
        entry = self.scope.journal.entry(event, self.ids.new(), stamp(self.now))
        self.scope.recorded.append(entry)
        return Recorded(entry.epoch, entry.number, entry.event_id)

    def begin_restored_epoch(self) -> None:
        """Let what is told from now on be of a new epoch: this database is a backup, others heard what it knows not.

        Numbers alone would not show it, for they are given again.
        """
        self.scope.journal.open_epoch(self.connection, "restored", stamp(self.now))

    def show(self, state: State, **segments: str) -> None:
        """Retain how something is, once it is committed."""
        self.after_commit(lambda: self._around.states.show(Shown(state, segments)))

    def show_private(self, state: PrivateState, register: str) -> None:
        """Retain how something is for one register alone, once it is committed."""
        self.after_commit(lambda: self._around.states.show(Shown(state, {"register": register})))

    def end_session(self, client: str, below: int) -> None:
        """Make the tokens of that client's sessions with a number lower than ``below`` void here."""
        sessions = tables.ended_session
        fresh = insert(sessions).values(client=client, below=below)
        self.connection.execute(
            fresh.on_conflict_do_update(
                index_elements=[sessions.c.client],
                set_={"below": below},
                where=sessions.c.below < below,
            )
        )
        self.after_commit(lambda: self._around.verifier.void_below(client, below))

    def use_session(self, client: str, session: int) -> None:
        """Let a session count as in use, which somebody uses without its token: by a scanner, say."""
        self.after_commit(lambda: self._around.uses.note(client, session))

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Call something on the event loop once this is committed; it must not fail and not block."""
        self.scope.effects.append(effect)


class View:
    """Reads committed state; what it reads may have moved when it is used, so facts carry a revision."""

    def __init__(self, around: Surroundings, request: Request) -> None:
        self._readers = around.readers
        self.ids = around.ids
        self.now = request.now
        self.caller = request.caller
        self.message_id = request.message_id
        self.claims = request.claims
        self.prove_may = request.prove_may
        self._data = around.data

    def registers(self) -> frozenset[str]:
        """The registers that this store has, whether or not one of them ever sold."""
        return known_clients.registers(self._data)

    async def read(self, function: Callable[[Connection], T]) -> T:
        """Run a function that reads in one transaction on a read-only connection."""
        return await self._readers.read(function)
