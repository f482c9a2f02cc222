"""A service that follows the toy leader in both ways: a projection of totals and a reaction that keeps facts."""

from pathlib import Path

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, delete, func, insert, select

from services.runtime.service import Follow, Service
from services.runtime.transactions import Tx, View
from tests.toy.leader import CounterMoved

METADATA = MetaData()
mirrored = Table("mirrored", METADATA, Column("name", Text, primary_key=True), Column("total", Integer))
noted = Table("noted", METADATA, Column("event_id", Text, primary_key=True), Column("by", Integer))

POISON = "poison"


def on_moved_project(event: CounterMoved, tx: Tx) -> None:
    tx.connection.execute(insert(mirrored).prefix_with("OR REPLACE"), {"name": event.counter, "total": event.total})


def wipe(tx: Tx) -> None:
    tx.connection.execute(delete(mirrored))


def on_moved_react(event: CounterMoved, tx: Tx) -> None:
    if event.counter == POISON:
        raise ZeroDivisionError
    tx.connection.execute(insert(noted).prefix_with("OR IGNORE"), {"event_id": tx.source.event_id, "by": event.by})


def totals(connection: Connection) -> dict[str, int]:
    return {row.name: row.total for row in connection.execute(select(mirrored))}


def noted_sum(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.sum(noted.c.by), 0))).scalar_one())


def make_mirror(_settings: object = None) -> Service[Tx, View]:
    return Service(
        name="mirror",
        migrations=Path(__file__).parent / "mirror_migrations",
        transaction=Tx,
        view=View,
        routes=(),
        follows=(
            Follow("leader", "totals", "projection", on={CounterMoved: on_moved_project}, wipe=wipe),
            Follow("leader", "notes", "reaction", on={CounterMoved: on_moved_react}),
        ),
    )
