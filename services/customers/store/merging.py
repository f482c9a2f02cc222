"""Merges in the database: who was merged into whom, and what is needed to take it back."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from contracts.customers import Customer
from contracts.customers.consent import ConsentId
from contracts.customers.merging import Merge, MergeId
from contracts.ids import CustomerId
from services.customers.model.merging import undo_until
from services.customers.store.aliases import family, point, stands_for, unpoint
from services.customers.store.ledger_tables import loyalty_member
from services.customers.store.privacy_tables import customer_alias, customer_merge
from services.customers.store.tables import (
    consent,
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


class Step(NamedTuple):
    """A merge that stands, and whom it made its loser a part of."""

    merge_id: MergeId
    into_id: CustomerId


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

    def ids_of(self, customer_id: CustomerId) -> tuple[str, ...]:
        """An id and all that it was merged into."""
        return stands_for(self._connection, customer_id)

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
        """Let the loser's id stand for itself again; what was said as the loser is no more said as the survivor."""
        unpoint(self._connection, merge.loser_id)
        self._connection.execute(delete(consent).where(consent.c.merge_id == merge.merge_id))
        self._connection.execute(
            update(customer_merge)
            .where(customer_merge.c.merge_id == merge.merge_id)
            .values(undone_at=stamp(at), kept=None, loser_mark=None)
        )

    def give_consents(self, consent_ids: Collection[ConsentId], customer_id: CustomerId) -> None:
        """Let what was said be somebody else's."""
        self._connection.execute(
            update(consent).where(consent.c.consent_id.in_(consent_ids)).values(customer_id=customer_id)
        )

    def that_made_members(self, customer_id: CustomerId) -> tuple[Merge, ...]:
        """The undone merges by which a customer, or whoever was merged into them, is still in the loyalty programme."""
        rows = self._connection.execute(
            select(*_COLUMNS)
            .join(loyalty_member, loyalty_member.c.transfer_id == customer_merge.c.merge_id)
            .where(
                customer_merge.c.undone_at.is_not(None),
                loyalty_member.c.customer_id.in_(family(self._connection, customer_id)),
            )
            .order_by(customer_merge.c.merged_at, customer_merge.c.merge_id)
        )
        return tuple(_merge(row) for row in rows)

    def since(self, survivor_id: str) -> tuple[Step, ...]:
        """The merges by which somebody became part of others, one after another."""
        found, at = list[Step](), survivor_id
        alias = customer_alias.c
        while True:
            row = self._connection.execute(select(alias.merge_id, alias.into_id).where(alias.customer_id == at)).first()
            if row is None:
                return tuple(found)
            found.append(Step(row.merge_id, row.into_id))
            at = row.into_id

    def crossing(self, customer_ids: Collection[CustomerId]) -> tuple[MergeId, ...]:
        """The merges that let the id of one of these stand for somebody who is none of them, or the other way round."""
        inside, into = (each.in_(customer_ids) for each in (customer_alias.c.customer_id, customer_alias.c.into_id))
        rows = self._connection.execute(
            select(customer_alias.c.merge_id).where(inside != into).order_by(customer_alias.c.customer_id)
        )
        return tuple(rows.scalars())

    def go_back_later(self, merge: Merge) -> None:
        """Keep that the balances of an undone merge go back later, after those that were undone before it."""
        order = func.coalesce(func.max(customer_merge.c.goes_back), 0) + 1
        last: int = self._connection.execute(select(order)).scalar_one()
        self._connection.execute(
            update(customer_merge).where(customer_merge.c.merge_id == merge.merge_id).values(goes_back=last)
        )

    def going_back(self) -> tuple[Merge, ...]:
        """The undone merges whose balances are still to go back, in that order."""
        rows = self._connection.execute(
            select(*_COLUMNS).where(customer_merge.c.goes_back.is_not(None)).order_by(customer_merge.c.goes_back)
        )
        return tuple(_merge(row) for row in rows)

    def gone_back(self, merge: Merge) -> None:
        """Keep that the balances of an undone merge went back."""
        self._connection.execute(
            update(customer_merge).where(customer_merge.c.merge_id == merge.merge_id).values(goes_back=None)
        )

    def later_of(self, merge: Merge) -> MergeId | None:
        """The merge that is to be undone before, or None.

        That is one that made the survivor a loser since, or the newest one that made them more than this one did.
        """
        own = customer_merge.alias("own")
        into: MergeId | None = self._connection.execute(
            select(customer_alias.c.merge_id).where(customer_alias.c.customer_id == merge.survivor_id)
        ).scalar()
        if into is not None:
            return into
        # Two of the same moment are told apart by the revisions that they made.
        since = or_(customer_merge.c.merged_at > own.c.merged_at, _made(customer_merge.c.kept) > _made(own.c.kept))
        upon: MergeId | None = self._connection.execute(
            select(customer_merge.c.merge_id)
            .join(own, own.c.survivor_id == customer_merge.c.survivor_id)
            .where(own.c.merge_id == merge.merge_id, customer_merge.c.undone_at.is_(None), since)
            .order_by(customer_merge.c.merged_at.desc(), _made(customer_merge.c.kept).desc())
            .limit(1)
        ).scalar()
        return upon

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
        """Forget what was kept of a customer for undoing merges.

        Merges that were made while they were part of somebody else hold nothing of them any more: these are undone
        before, and keep nothing then.
        """
        mine = or_(customer_merge.c.survivor_id == customer_id, customer_merge.c.loser_id == customer_id)
        self._connection.execute(update(customer_merge).where(mine).values(kept=None, loser_mark=None))


_COLUMNS = (
    customer_merge.c.merge_id,
    customer_merge.c.survivor_id,
    customer_merge.c.loser_id,
    customer_merge.c.merged_at,
    customer_merge.c.undone_at,
)


def _made(kept: ColumnElement[str | None]) -> ColumnElement[int | None]:
    """The revision that a merge made of the survivor."""
    return func.json_extract(kept, "$.result.revision")


def _merge(row: Any) -> Merge:
    until = stamp(undo_until(read_stamp(row.merged_at)))
    return Merge(row.merge_id, row.survivor_id, row.loser_id, row.merged_at, until, row.undone_at)
