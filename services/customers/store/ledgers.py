"""Entries and balances in the database. Entries are only added; what they come to is kept beside them.

Never here: what is kept for a sale (``reservations.py``), whose parts there are (``owners.py``), and what the audit
reads (``audit.py``).
"""

from collections.abc import Mapping

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from contracts.customers.balances import HolderId, Ledger
from contracts.customers.ledgers import AdjustReason, EntryKind, LedgerEntry, NotOnTime
from contracts.customers.ledgers.watching import LateCapture
from services.customers.model.ledgers import ACTIVE_KINDS, Booking
from services.customers.store.ledger_tables import ledger_balance, ledger_entry, ledger_part, unbooked
from services.customers.store.owners import OwnerStore

ENTRY_COLUMNS = tuple(ledger_entry.c[field.name] for field in msgspec.structs.fields(LedgerEntry))
_SAID = tuple(field.name for field in msgspec.structs.fields(LedgerEntry) if field.name not in ("number", "balance"))


class NewEntry(msgspec.Struct, frozen=True):
    """What is to be booked; number and balance come of what is booked already."""

    entry_id: str
    kind: EntryKind
    amount: int
    at: str
    day: str
    sale_id: str | None = None
    staff_id: str | None = None
    reason: AdjustReason | None = None
    expires_on: str | None = None
    due_on: str | None = None
    not_on_time: NotOnTime | None = None
    lot: str | None = None
    transfer_id: str | None = None
    since: str | None = None


class Kept(msgspec.Struct, frozen=True):
    """What is kept of a holder's ledger; ``expires_on`` is not later than the earliest last day of what is left.

    ``active_at`` is the holder's own: of whom they survived see ``LedgerStore.active_at``.
    """

    balance: int = 0
    reserved: int = 0
    entries: int = 0
    expires_on: str | None = None
    active_at: str | None = None


class LedgerStore:
    """All ledgers of all holders."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def kept(self, ledger: Ledger, holder_id: str) -> Kept:
        """What is kept of a holder's ledger; nothing where nothing was ever booked."""
        row = self._connection.execute(select(ledger_balance).where(_of_balance(ledger, holder_id))).one_or_none()
        if row is None:
            return Kept()
        return Kept(row.balance, row.reserved, row.entries, row.expires_on, row.active_at)

    def bookings(self, ledger: Ledger, holder_id: str) -> list[Booking]:
        """All entries of a holder, in the order in which they were booked."""
        rows = self._connection.execute(
            select(*ENTRY_COLUMNS, ledger_entry.c.lot, ledger_entry.c.since)
            .where(_of_entry(ledger, holder_id))
            .order_by(ledger_entry.c.number)
        )
        parts = OwnerStore(self._connection).parts_of_entries(ledger, holder_id)
        return [
            Booking(LedgerEntry(*row[:-2]), row.lot, parts.get((ledger, holder_id, row.number), ()), row.since)
            for row in rows
        ]

    def page(self, ledger: Ledger, holder_id: str, limit: int, below: int | None) -> list[LedgerEntry]:
        """So many entries, newest first, those with a number below the one given."""
        statement = select(*ENTRY_COLUMNS).where(_of_entry(ledger, holder_id))
        if below is not None:
            statement = statement.where(ledger_entry.c.number < below)
        rows = self._connection.execute(statement.order_by(ledger_entry.c.number.desc()).limit(limit))
        return [LedgerEntry(*row) for row in rows]

    def find(self, entry_id: str) -> tuple[Ledger, HolderId, LedgerEntry] | None:
        """An entry and whose it is, or None."""
        row = self._connection.execute(
            select(ledger_entry.c.ledger, ledger_entry.c.holder_id, *ENTRY_COLUMNS).where(
                ledger_entry.c.entry_id == entry_id
            )
        ).one_or_none()
        return None if row is None else (row.ledger, HolderId(row.holder_id), LedgerEntry(*row[2:]))

    def book(
        self, ledger: Ledger, holder_id: str, new: NewEntry, parts: Mapping[str, int] | None = None
    ) -> LedgerEntry:
        """Add an entry and keep what it comes to; without ``parts``, which say whose it is, it is the holder's."""
        before = self.kept(ledger, holder_id)
        number, balance = before.entries + 1, before.balance + new.amount
        self._connection.execute(
            insert(ledger_entry).values(
                ledger=ledger, holder_id=holder_id, number=number, balance=balance, **msgspec.structs.asdict(new)
            )
        )
        active_at = new.at if new.kind in ACTIVE_KINDS else None
        own = parts is None or holder_id in parts
        if parts is not None and set(parts) != {holder_id}:
            OwnerStore(self._connection).book(ledger, holder_id, number, parts, active_at)
        self._put(
            ledger,
            holder_id,
            msgspec.structs.replace(
                before,
                balance=balance,
                entries=number,
                expires_on=_earlier(before.expires_on, new.expires_on if new.amount > 0 else None),
                active_at=max(before.active_at or "", active_at) if active_at and own else before.active_at,
            ),
        )
        return LedgerEntry(
            **{name: getattr(new, name) for name in _SAID},
            number=number,
            balance=balance,
        )

    def keep_expiry(self, ledger: Ledger, holder_id: str, expires_on: str | None) -> None:
        """Keep the earliest last day of what is left."""
        self._connection.execute(
            update(ledger_balance).where(_of_balance(ledger, holder_id)).values(expires_on=expires_on)
        )

    def active_at(self, ledger: Ledger, holder_id: str) -> str | None:
        """When a holder last did something, or anybody who was merged into them."""
        others = OwnerStore(self._connection).parts(ledger, holder_id).values()
        known = (self.kept(ledger, holder_id).active_at, *(each.active_at for each in others))
        return max((each for each in known if each is not None), default=None)

    def keep_activity(self, ledger: Ledger, holder_id: str, active_at: str) -> None:
        """Keep when a holder did something, if it was later than what is known."""
        self._connection.execute(
            update(ledger_balance)
            .where(
                _of_balance(ledger, holder_id),
                func.coalesce(ledger_balance.c.active_at, "") < active_at,
            )
            .values(active_at=active_at)
        )

    def keep_reserved(self, ledger: Ledger, holder_id: str, units: int) -> None:
        """Keep that so much more of a balance is reserved, or less."""
        before = self.kept(ledger, holder_id)
        self._put(ledger, holder_id, msgspec.structs.replace(before, reserved=before.reserved + units))

    def holders_to_expire(self, today: str, limit: int) -> list[tuple[Ledger, str]]:
        """Whose credit or voucher may have run out before today."""
        rows = self._connection.execute(
            select(ledger_balance.c.ledger, ledger_balance.c.holder_id)
            .where(ledger_balance.c.expires_on < today, ledger_balance.c.reserved == 0)
            .limit(limit)
        )
        return [(row.ledger, row.holder_id) for row in rows]

    def dormant(self, before: str, limit: int) -> list[str]:
        """Whose points nobody touched since a time, neither the holder nor anybody who was merged into them."""
        points, others, since = ledger_balance.c, ledger_part.c, ledger_part.alias("since")
        part_of = and_(others.ledger == points.ledger, others.holder_id == points.holder_id)
        touched = exists().where(
            since.c.ledger == points.ledger, since.c.holder_id == points.holder_id, since.c.active_at >= before
        )
        untouched = and_(
            points.ledger == "loyalty",
            points.balance > points.reserved,
            points.reserved == 0,
            ~touched,
        )
        own = select(points.holder_id).where(untouched, points.active_at < before)
        brought = (
            select(points.holder_id)
            .join(ledger_part, part_of)
            .where(untouched, points.active_at.is_(None), others.active_at < before)
        )
        return list(self._connection.execute(own.union(brought).limit(limit)).scalars())

    def came_from(self, entry_id: str, holder_id: str) -> str:
        """The entry of a holder's own that a moved lot is the rest of, or the lot's, where it never was theirs."""
        at: str | None = entry_id
        while at is not None:
            row = self._connection.execute(
                select(ledger_entry.c.holder_id, ledger_entry.c.lot, ledger_entry.c.amount).where(
                    ledger_entry.c.entry_id == at
                )
            ).one_or_none()
            if row is not None and row.holder_id == holder_id:
                return at
            at = None if row is None or row.amount < 0 else row.lot
        return entry_id

    def keep_unbooked(self, ledger: Ledger, holder_id: str | None, new: NewEntry) -> None:
        """Keep what a sale would have booked for nobody; once, however often it is told."""
        self._connection.execute(
            insert_or(unbooked)
            .values(
                entry_id=new.entry_id,
                ledger=ledger,
                holder_id=holder_id,
                sale_id=new.sale_id,
                amount=new.amount,
                at=new.at,
            )
            .on_conflict_do_nothing()
        )

    def late(self, limit: int) -> tuple[LateCapture, ...]:
        """What was booked although its reservation did not hold any more, or not at all, newest first."""
        both = (*self._booked_late(limit), *self._unbooked(limit))
        return tuple(
            sorted(sorted(both, key=lambda each: each.entry_id), key=lambda each: each.at, reverse=True)[:limit]
        )

    def _unbooked(self, limit: int) -> tuple[LateCapture, ...]:
        rows = self._connection.execute(
            select(unbooked).order_by(unbooked.c.at.desc(), unbooked.c.entry_id).limit(limit)
        )
        return tuple(
            LateCapture(
                ledger=row.ledger,
                holder_id=row.holder_id,
                entry_id=row.entry_id,
                sale_id=row.sale_id,
                amount=row.amount,
                balance=0,
                not_on_time="unknown",
                at=row.at,
                booked=False,
            )
            for row in rows
        )

    def _booked_late(self, limit: int) -> tuple[LateCapture, ...]:
        rows = self._connection.execute(
            select(ledger_entry)
            .where(ledger_entry.c.not_on_time.is_not(None))
            .order_by(ledger_entry.c.at.desc(), ledger_entry.c.entry_id)
            .limit(limit)
        )
        return tuple(
            LateCapture(
                ledger=row.ledger,
                holder_id=row.holder_id,
                entry_id=row.entry_id,
                sale_id=row.sale_id,
                amount=row.amount,
                balance=row.balance,
                not_on_time=row.not_on_time,
                at=row.at,
            )
            for row in rows
        )

    def _put(self, ledger: Ledger, holder_id: str, kept: Kept) -> None:
        values = msgspec.structs.asdict(kept)
        self._connection.execute(
            insert_or(ledger_balance)
            .values(ledger=ledger, holder_id=holder_id, **values)
            .on_conflict_do_update(index_elements=[ledger_balance.c.ledger, ledger_balance.c.holder_id], set_=values)
        )


def _of_balance(ledger: Ledger, holder_id: str) -> ColumnElement[bool]:
    return and_(ledger_balance.c.ledger == ledger, ledger_balance.c.holder_id == holder_id)


def _of_entry(ledger: Ledger, holder_id: str) -> ColumnElement[bool]:
    return and_(ledger_entry.c.ledger == ledger, ledger_entry.c.holder_id == holder_id)


def _earlier(one: str | None, other: str | None) -> str | None:
    return min((day for day in (one, other) if day is not None), default=None)
