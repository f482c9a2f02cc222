"""Merges in the database: who was merged into whom, and what is needed to take it back."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from contracts.customers import Customer
from contracts.customers.merging import Merge, MergeId
from contracts.ids import CustomerId
from services.customers.model.merging import undo_until
from services.customers.store.aliases import family, point, unpoint
from services.customers.store.privacy_tables import customer_alias, customer_merge
from services.customers.store.tables import (
    customer,
    customer_address,
    customer_code,
    customer_email,
    customer_key,
    customer_phone,
)
from services.runtime.clock import read_stamp, stamp

_RECORD = (customer_email, customer_phone, customer_code, customer_address, customer_key, customer)


class Kept(msgspec.Struct, frozen=True):
    """Both as they were before a merge, and what it made of them; ``said`` counts what was said before it."""

    survivor: Customer
    loser: Customer
    result: Customer
    said: int


class MergeStore:
    """All merges."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, merge_id: str) -> Merge | None:
        """A merge, or None."""
        row = self._connection.execute(select(*_COLUMNS).where(customer_merge.c.merge_id == merge_id)).one_or_none()
        return None if row is None else _merge(row)

    def of(self, customer_id: CustomerId) -> tuple[Merge, ...]:
        """The merges that made a customer, newest first."""
        ids = family(self._connection, customer_id)
        rows = self._connection.execute(
            select(*_COLUMNS)
            .where(customer_merge.c.survivor_id.in_(ids))
            .order_by(customer_merge.c.merged_at.desc(), customer_merge.c.merge_id.desc())
        )
        return tuple(_merge(row) for row in rows)

    def kept(self, merge_id: str) -> tuple[Kept, bytes] | None:
        """What is needed to take a merge back, and the mark of the loser's creation; None once it is forgotten."""
        row = self._connection.execute(
            select(customer_merge.c.kept, customer_merge.c.loser_mark).where(customer_merge.c.merge_id == merge_id)
        ).one()
        return None if row.kept is None else (msgspec.json.decode(row.kept, type=Kept), row.loser_mark)

    def put(self, merge: Merge, kept: Kept, loser_mark: bytes, staff_id: str | None) -> None:
        """Keep a merge; the loser's id stands for the survivor from now on."""
        self._connection.execute(
            insert(customer_merge).values(
                merge_id=merge.merge_id,
                survivor_id=merge.survivor_id,
                loser_id=merge.loser_id,
                merged_at=merge.merged_at,
                staff_id=staff_id,
                kept=msgspec.json.encode(kept).decode(),
                loser_mark=loser_mark,
            )
        )
        point(self._connection, merge.loser_id, merge.survivor_id, merge.merge_id)

    def take_back(self, merge: Merge, at: datetime) -> None:
        """Let the loser's id stand for itself again."""
        unpoint(self._connection, merge.loser_id)
        self._connection.execute(
            update(customer_merge)
            .where(customer_merge.c.merge_id == merge.merge_id)
            .values(undone_at=stamp(at), kept=None, loser_mark=None)
        )

    def later_of(self, merge: Merge) -> MergeId | None:
        """The merge that made the survivor a loser since, or None."""
        found: MergeId | None = self._connection.execute(
            select(customer_alias.c.merge_id).where(customer_alias.c.customer_id == merge.survivor_id)
        ).scalar()
        return found

    def take_off_file(self, customer_id: CustomerId) -> None:
        """Remove the loser's record; what is needed to put it back is kept with the merge."""
        for table in _RECORD:
            self._connection.execute(delete(table).where(table.c.customer_id == customer_id))

    def forget_old(self, before: str) -> None:
        """Forget what merges of before that time kept: they cannot be undone any more."""
        self._connection.execute(
            update(customer_merge)
            .where(customer_merge.c.merged_at < before, customer_merge.c.kept.is_not(None))
            .values(kept=None, loser_mark=None)
        )

    def erase(self, customer_id: CustomerId) -> None:
        """Forget what was kept of a customer for undoing merges."""
        mine = or_(customer_merge.c.survivor_id == customer_id, customer_merge.c.loser_id == customer_id)
        self._connection.execute(update(customer_merge).where(mine).values(kept=None, loser_mark=None))


_COLUMNS = (
    customer_merge.c.merge_id,
    customer_merge.c.survivor_id,
    customer_merge.c.loser_id,
    customer_merge.c.merged_at,
    customer_merge.c.undone_at,
)


def _merge(row: Any) -> Merge:
    until = stamp(undo_until(read_stamp(row.merged_at)))
    return Merge(row.merge_id, row.survivor_id, row.loser_id, row.merged_at, until, row.undone_at)
