"""Events that could not be applied: put aside, waiting for a person. Never here: who decides about them, and how."""

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from contracts.every_service import JournalEntry, ParkedEvent
from contracts.ids import EventId
from services.runtime import tables
from services.runtime.service import Follow


def park(connection: Connection, follow: Follow[Any], entry: JournalEntry, *, tries: int, fault: str) -> None:
    """Put an event aside that was tried so often."""
    connection.execute(
        insert(tables.parked_event).prefix_with("OR REPLACE"),
        {
            "follower": follow.name,
            "event_id": entry.event_id,
            "leader": follow.leader,
            "epoch": entry.epoch,
            "number": entry.number,
            "name": entry.name,
            "time": entry.time,
            "payload": bytes(entry.payload),
            "tries": tries,
            "fault": fault,
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
