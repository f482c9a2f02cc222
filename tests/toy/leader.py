"""A service that counts: messages and handlers of a leader. Its name on the bus is ``leader``."""

from pathlib import Path
from typing import ClassVar

import msgspec
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, select
from sqlalchemy.dialects.sqlite import insert

from contracts.base import Command, Event, PrivateState, Query, Rejection, Reply, State
from contracts.ids import Segment
from contracts.staff import Pin
from services.runtime.asking import Ask
from services.runtime.bus import LARGEST_PAYLOAD
from services.runtime.service import Service, SnapshotPiece, command, query
from services.runtime.states import Shown
from services.runtime.transactions import StaleFacts, Tx, View

METADATA = MetaData()
counter_table = Table("counter", METADATA, Column("name", Text, primary_key=True), Column("total", Integer))


class CounterMoved(Event, frozen=True):
    """A counter went up or down."""

    counter: Segment
    by: int
    total: int


class Counted(Reply, frozen=True):
    """Where a counter stands."""

    counter: Segment
    total: int


class Whispered(Reply, frozen=True):
    """Where a counter stands, told as something personal."""

    personal: ClassVar = True

    counter: Segment
    total: int


class TooFar(Rejection):
    """A counter does not go below zero."""


class WrongTry(Rejection):
    """The try was wrong, and counts."""

    keep = True


class Count(Command[Counted], frozen=True):
    """Move a counter."""

    lane: ClassVar = "counter"
    asked_by = ("register",)
    rejections = (TooFar,)

    counter: Segment
    by: int = 1


class Whisper(Command[Whispered], frozen=True):
    """Move a counter and be told as something personal."""

    lane: ClassVar = "counter"
    asked_by = ("register",)

    counter: Segment
    pin: Pin = "0000"


class Try(Command[Counted], frozen=True):
    """Count a wrong try: always rejected, always kept."""

    lane: ClassVar = "counter"
    asked_by = ("register",)
    rejections = (WrongTry,)

    counter: Segment


class Stumble(Command[Counted], frozen=True):
    """Meet a bug after having changed something."""

    lane: ClassVar = "counter"
    asked_by = ("register",)

    counter: Segment
    pin: Pin = "0000"


class Shouted(Reply, frozen=True):
    """Where a counter stands, told at great length."""

    counter: Segment
    words: str


class Shout(Command[Shouted], frozen=True):
    """Move a counter and be told more than a message holds."""

    lane: ClassVar = "counter"
    asked_by = ("register",)

    counter: Segment


class Guarded(Command[Counted], frozen=True):
    """Move a counter with permission."""

    lane: ClassVar = "counter"
    asked_by = ("register", "checkout")
    passed_on_by = ("checkout",)
    permission = "toy.count"

    counter: Segment


class CountMuch(Command[Counted], frozen=True):
    """Move a counter; by more than one only with permission."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)

    sale_id: Segment
    by: int


class CountWithAdvice(Command[Counted], frozen=True):
    """Move a counter by what another service advises."""

    lane: ClassVar = "counter"
    asked_by = ("register",)

    counter: Segment
    move_meanwhile: bool = False


class GetCounter(Query[Counted], frozen=True):
    """Read a counter."""

    asked_by = ("register",)

    counter: Segment


class GetLimits(Query[Counted], frozen=True):
    """Read how far a counter may go; known by heart."""

    asked_by = ("register",)
    permission = "toy.look"

    counter: Segment


class CounterNow(State, frozen=True):
    """Where a counter stands."""

    path: ClassVar = "counters/{counter}"

    revision: int
    total: int


class JustCounted(PrivateState, frozen=True):
    """That a counter was counted, for one register."""

    thing: ClassVar = "counted"
    lives_s: ClassVar = 1

    revision: int
    total: int


class CounterForRegister(PrivateState, frozen=True):
    """Where a counter stands, for one register."""

    thing: ClassVar = "counter"

    revision: int
    total: int


def total(connection: Connection, name: str) -> int:
    return int(connection.execute(select(counter_table.c.total).where(counter_table.c.name == name)).scalar() or 0)


def _move(tx: Tx, name: str, by: int) -> Counted:
    now = total(tx.connection, name) + by
    fresh = insert(counter_table).values(name=name, total=now)
    tx.connection.execute(fresh.on_conflict_do_update(index_elements=["name"], set_={"total": now}))
    if now < 0:
        raise TooFar(total=now)
    recorded = tx.record(CounterMoved(name, by, now))
    tx.show(CounterNow(recorded.number, now), counter=name)
    tx.show_private(CounterForRegister(recorded.number, now), name)
    return Counted(name, now)


def count(asked: Count, tx: Tx) -> Counted:
    return _move(tx, asked.counter, asked.by)


def whisper(asked: Whisper, tx: Tx) -> Whispered:
    return Whispered(asked.counter, _move(tx, asked.counter, 1).total)


def shout(asked: Shout, tx: Tx) -> Shouted:
    _move(tx, asked.counter, 1)
    return Shouted(asked.counter, "a" * (LARGEST_PAYLOAD + 1))


def whispered_again(asked: Whisper, tx: Tx) -> Whispered:
    return Whispered(asked.counter, total(tx.connection, asked.counter))


def wrong_try(asked: Try, tx: Tx) -> Counted:
    _move(tx, asked.counter, 1)
    raise WrongTry


def stumble(asked: Stumble, tx: Tx) -> Counted:
    _move(tx, asked.counter, 1)
    raise ZeroDivisionError("words that may quote a customer")


def guarded(asked: Guarded, tx: Tx) -> Counted:
    return _move(tx, asked.counter, 1)


def count_much(asked: CountMuch, tx: Tx) -> Counted:
    if asked.by > 1:
        tx.prove_may("toy.much")
    return _move(tx, asked.sale_id, asked.by)


async def prepare_advice(asked: CountWithAdvice, view: View, ask: Ask) -> tuple[int, int]:
    seen = await view.read(lambda connection: total(connection, asked.counter))
    advice = await ask(GetCounter("advice"), service="adviser")
    return seen, advice.total


def count_with_advice(asked: CountWithAdvice, facts: tuple[int, int], tx: Tx) -> Counted:
    seen, advice = facts
    if asked.move_meanwhile or total(tx.connection, asked.counter) != seen:
        raise StaleFacts
    return _move(tx, asked.counter, advice)


async def get_counter(asked: GetCounter, view: View) -> Counted:
    return Counted(asked.counter, await view.read(lambda connection: total(connection, asked.counter)))


def get_limits(asked: GetLimits, view: View) -> Counted:
    if asked.counter == "none":
        raise TooFar(caller=view.caller)
    if asked.counter == "bug":
        raise ZeroDivisionError("words that may quote a customer")
    return Counted(asked.counter, 1000)


async def shown(view: View) -> list[Shown]:
    rows = await view.read(lambda connection: list(connection.execute(select(counter_table))))
    return [Shown(CounterNow(0, row.total), {"counter": row.name}) for row in rows]


async def snapshot(view: View, number: int, following: str | None) -> SnapshotPiece:  # noqa: ARG001 - one row a piece
    def piece(connection: Connection) -> SnapshotPiece:
        rows = connection.execute(
            select(counter_table).where(counter_table.c.name > (following or "")).order_by("name").limit(2)
        ).all()
        events: list[tuple[Event, str, str]] = [
            (CounterMoved(row.name, row.total, row.total), view.ids.derived(_ANY_ID, row.name), _ANY_TIME)
            for row in rows[:1]
        ]
        return events, rows[0].name if len(rows) > 1 else None

    return await view.read(piece)


_ANY_TIME = "2026-11-22T08:00:00Z"
_ANY_ID = "0198c0de-0000-7000-8000-000000000000"


def make_leader(_settings: msgspec.Struct | None = None, name: str = "leader") -> Service[Tx, View]:
    return Service(
        name=name,
        migrations=Path(__file__).parent / "leader_migrations",
        transaction=Tx,
        view=View,
        routes=(
            command(Count, count),
            command(Whisper, whisper, rebuild=whispered_again),
            command(Shout, shout),
            command(Try, wrong_try),
            command(Stumble, stumble),
            command(Guarded, guarded),
            command(CountMuch, count_much),
            command(CountWithAdvice, count_with_advice, prepare=prepare_advice),
            query(GetCounter, get_counter),
            query(GetLimits, get_limits),
        ),
        shown=shown,
        snapshot=snapshot,
    )
