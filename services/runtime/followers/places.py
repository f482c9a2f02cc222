"""How far a follower came, as it is written down: its place, what it applied, and what of that nobody tells any more.

Never here: what an event does.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from services.runtime import tables
from services.runtime.service import Follow


@dataclass(frozen=True, slots=True)
class Place:
    """The last event applied; number 0 is the very beginning."""

    epoch: int = 0
    number: int = 0
    event_id: str | None = None


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


def followed(connection: Connection, name: str, up_to: int) -> list[Place]:
    """The events that a follower applied, up to a number, oldest first."""
    applied = tables.followed_event
    rows = connection.execute(
        select(applied.c.epoch, applied.c.number, applied.c.event_id)
        .where(applied.c.follower == name, applied.c.number <= up_to)
        .order_by(applied.c.number)
    )
    return [Place(row.epoch, row.number, row.event_id) for row in rows]


def orphan(connection: Connection, name: str, after: int, at: str) -> None:
    """List the events that a follower applied after a number as orphans: the leader tells them no more."""
    applied, orphaned = tables.followed_event, tables.orphan_event
    mine = (applied.c.follower == name, applied.c.number > after)
    rows = [
        {"follower": name, "event_id": row.event_id, "number": row.number, "epoch": row.epoch, "found_at": at}
        for row in connection.execute(select(applied).where(*mine))
    ]
    if rows:
        connection.execute(insert(orphaned).prefix_with("OR REPLACE"), rows)
    connection.execute(delete(applied).where(*mine))
