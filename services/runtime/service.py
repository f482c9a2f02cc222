"""What a service consists of: its routes, whom it follows, what it shows. Wiring only; nothing runs from here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import msgspec

from contracts.base import Command, Event, PrivateState, Query, Reply
from services.runtime.asking import Ask
from services.runtime.states import Shown
from services.runtime.transactions import Request, Surroundings, Tx, View
from services.runtime.workers import Context
from services.runtime.writer import Scope

X = TypeVar("X", bound=Tx)
V = TypeVar("V", bound=View)
C = TypeVar("C", bound=Command[Any])
Q = TypeVar("Q", bound=Query[Any])
F = TypeVar("F")


class WiringError(Exception):
    """A service is put together wrongly; the sentence says what is missing."""


@dataclass(frozen=True)
class Route:
    """One request a service answers, and the functions that do it."""

    request: type[Any]
    handle: Callable[..., Any]
    prepare: Callable[..., Awaitable[Any]] | None = None
    rebuild: Callable[..., Reply] | None = None
    at_once: bool = False
    from_memory: bool = False
    prove_again: bool = False
    asks: bool = False
    decode: Callable[[bytes], Any] = field(init=False)

    def __post_init__(self) -> None:
        """Make the decoder once, and refuse a personal reply that could not be given again."""
        object.__setattr__(self, "decode", msgspec.json.Decoder(self.request).decode)
        if self.asks and self.from_memory:
            raise WiringError(f"{self.request.__name__} asks others, so its handler has to be a coroutine function")
        may_be_personal = self.reply.personal or self.reply.is_personal is not Reply.is_personal
        if issubclass(self.request, Command) and may_be_personal and self.rebuild is None:
            raise WiringError(f"{self.request.__name__} has a personal reply and needs a rebuild function")

    @property
    def reply(self) -> type[Reply]:
        """What it answers."""
        reply: type[Reply] = self.request.reply_type()
        return reply

    @property
    def is_command(self) -> bool:
        """Whether it changes something."""
        return issubclass(self.request, Command)

    def lane(self, request: Any, message_id: str) -> str:
        """The lane a command waits in; one that names none has its own."""
        name = self.request.lane
        return f"id={message_id}" if name is None else f"{name}={getattr(request, name)}"


def command(  # noqa: PLR0913 - what a route may say, each by its name
    request: type[C],
    handle: Callable[[C, X], Reply] | Callable[[C, F, X], Reply],
    *,
    prepare: Callable[[C, V, Ask], Awaitable[F]] | None = None,
    rebuild: Callable[[C, X], Reply] | None = None,
    at_once: bool = False,
    prove_again: bool = False,
) -> Route:
    """Route a command to its handler; with ``prepare`` the handler takes the facts as its second argument.

    With ``at_once`` the handler is tried first with None for the facts, and raises ``StaleFacts`` if it needs them.
    With ``prove_again`` a repeated id needs the token as the first one did before ``rebuild`` answers it: for replies
    that are as good as money.
    """
    return Route(request, handle, prepare, rebuild, at_once, prove_again=prove_again)


def query(
    request: type[Q],
    handle: Callable[[Q, V], Awaitable[Reply] | Reply] | Callable[[Q, V, Ask], Awaitable[Reply]],
    *,
    asks: bool = False,
) -> Route:
    """Route a query to its handler; one that is a plain function is answered from memory, at once.

    With ``asks`` the handler takes what it asks other services with as its third argument.
    """
    return Route(request, handle, from_memory=not iscoroutinefunction(handle), asks=asks)


@dataclass(frozen=True)
class Follow(Generic[X]):
    """Whose journal a service follows, under which name, and what it does with each kind of event.

    A *projection* depends on the events only and may be wiped and replayed; it says how with
    ``wipe``. A *reaction* may record; its effects are unique by source event id and never recomputed.
    """

    leader: str
    name: str
    kind: Literal["projection", "reaction"]
    on: dict[type[Event], Callable[[Any, X], None]]
    wipe: Callable[[X], None] | None = None

    def __post_init__(self) -> None:
        """Refuse a projection that cannot be wiped."""
        if (self.kind == "projection") != (self.wipe is not None):
            raise WiringError(f"follower {self.name}: a projection, and only a projection, says how it is wiped")


@dataclass(frozen=True)
class Watch:
    """A private state of another service at one register, which this one reads, and what is done with it.

    ``seen`` is called at once on the event loop with each state that comes, an old one again, too. The state's
    contract lets this service read it.
    """

    state: type[PrivateState]
    register: str
    seen: Callable[[Any], None]


SnapshotPiece = tuple[list[tuple[Event, str, str]], str | None]
"""Events with their ids and times, and what asks for the next piece."""


@dataclass(frozen=True)
class Service(Generic[X, V]):
    """A whole service, ready to be run."""

    name: str
    migrations: Path
    transaction: Callable[[Scope, Surroundings, Request], X]
    view: Callable[[Surroundings, Request], V]
    routes: tuple[Route, ...]
    follows: tuple[Follow[X], ...] = ()
    shown: Callable[[V], Awaitable[list[Shown]]] | None = None
    snapshot: Callable[[V, int, str | None], Awaitable[SnapshotPiece]] | None = None
    """Gives the state as of a journal number as events, piece by piece."""
    workers: tuple[Callable[[Context[X, V]], Awaitable[None]], ...] = ()
    """What runs beside the bus: scanners, printers."""
    hears: dict[type[Event], Callable[[Any], None]] = field(default_factory=dict)
    """Hints that any service tells, and what is done with each, at once on the event loop."""
    watches: tuple[Watch, ...] = ()
    start: Callable[[X], None] | None = None
    """Called once in a transaction before the service answers: seeds, and jobs that a crash interrupted."""
