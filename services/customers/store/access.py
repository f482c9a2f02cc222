"""Who saw customers' details or took them away."""

from sqlalchemy import Connection, delete, insert, select

from contracts.customers.privacy.noting import AccessLog, AccessNote
from services.customers.store.aliases import family, resolve
from services.customers.store.privacy_tables import access_note


class AccessStore:
    """The log of all accesses; rows are only added, and go when they are old."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, notes: list[AccessNote]) -> None:
        """Keep notes, in their order."""
        for each in notes:
            self._connection.execute(
                insert(access_note).values(
                    kind=each.kind,
                    at=each.at,
                    staff_id=each.staff_id,
                    caller=each.caller,
                    customer_id=each.customer_id,
                    records=each.records,
                )
            )

    def page(self, customer_id: str | None, limit: int, below: int | None) -> AccessLog:
        """So many notes, newest first, of one customer or of all."""
        statement = select(access_note).order_by(access_note.c.number.desc()).limit(limit + 1)
        if customer_id is not None:
            ids = family(self._connection, resolve(self._connection, customer_id))
            statement = statement.where(access_note.c.customer_id.in_(ids))
        if below is not None:
            statement = statement.where(access_note.c.number < below)
        rows = self._connection.execute(statement).all()
        notes = tuple(
            AccessNote(row.kind, row.at, row.staff_id, row.caller, row.customer_id, row.records) for row in rows[:limit]
        )
        return AccessLog(notes, rows[limit - 1].number if len(rows) > limit else None)

    def forget_old(self, before: str) -> None:
        """Forget notes of before a time."""
        self._connection.execute(delete(access_note).where(access_note.c.at < before))
