"""Entries, balances and reservations in the database. Entries are only added; what they come to is kept beside them."""

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from contracts.customers.balances import HolderId, Ledger
from contracts.customers.ledgers import (
    AdjustReason,
    EntryKind,
    LateCapture,
    LedgerEntry,
    NotOnTime,
    ReservationState,
)
from services.customers.model.ledgers import ACTIVE_KINDS, Booking
from services.customers.store.ledger_tables import ledger_balance, ledger_entry, reservation, unbooked

_COLUMNS = tuple(ledger_entry.c[field.name] for field in msgspec.structs.fields(LedgerEntry))
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


class Kept(msgspec.Struct, frozen=True):
    """What is kept of a holder's ledger; ``expires_on`` is not later than the earliest last day of what is left."""

    balance: int = 0
    reserved: int = 0
    entries: int = 0
    expires_on: str | None = None
    active_at: str | None = None


class Reservation(msgspec.Struct, frozen=True):
    """What is kept of a balance for a tender of a sale."""

    reservation_id: str
    sale_id: str
    tender_id: str
    register: str
    ledger: Ledger
    holder_id: str
    units: int
    state: ReservationState
    made_at: str
    expires_at: str
    ended_at: str | None = None


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
            select(*_COLUMNS, ledger_entry.c.lot).where(_of_entry(ledger, holder_id)).order_by(ledger_entry.c.number)
        )
        return [Booking(LedgerEntry(*row[:-1]), row.lot) for row in rows]

    def page(self, ledger: Ledger, holder_id: str, limit: int, below: int | None) -> list[LedgerEntry]:
        """So many entries, newest first, those with a number below the one given."""
        statement = select(*_COLUMNS).where(_of_entry(ledger, holder_id))
        if below is not None:
            statement = statement.where(ledger_entry.c.number < below)
        rows = self._connection.execute(statement.order_by(ledger_entry.c.number.desc()).limit(limit))
        return [LedgerEntry(*row) for row in rows]

    def find(self, entry_id: str) -> tuple[Ledger, HolderId, LedgerEntry] | None:
        """An entry and whose it is, or None."""
        row = self._connection.execute(
            select(ledger_entry.c.ledger, ledger_entry.c.holder_id, *_COLUMNS).where(
                ledger_entry.c.entry_id == entry_id
            )
        ).one_or_none()
        return None if row is None else (row.ledger, HolderId(row.holder_id), LedgerEntry(*row[2:]))

    def book(self, ledger: Ledger, holder_id: str, new: NewEntry) -> LedgerEntry:
        """Add an entry and keep what it comes to."""
        before = self.kept(ledger, holder_id)
        number, balance = before.entries + 1, before.balance + new.amount
        self._connection.execute(
            insert(ledger_entry).values(
                ledger=ledger, holder_id=holder_id, number=number, balance=balance, **msgspec.structs.asdict(new)
            )
        )
        self._put(
            ledger,
            holder_id,
            msgspec.structs.replace(
                before,
                balance=balance,
                entries=number,
                expires_on=_earlier(before.expires_on, new.expires_on if new.amount > 0 else None),
                active_at=max(before.active_at or "", new.at) if new.kind in ACTIVE_KINDS else before.active_at,
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

    def holders_to_expire(self, today: str, limit: int) -> list[tuple[Ledger, str]]:
        """Whose credit or voucher may have run out before today."""
        rows = self._connection.execute(
            select(ledger_balance.c.ledger, ledger_balance.c.holder_id)
            .where(ledger_balance.c.expires_on < today, ledger_balance.c.reserved == 0)
            .limit(limit)
        )
        return [(row.ledger, row.holder_id) for row in rows]

    def dormant(self, before: str, limit: int) -> list[str]:
        """Whose points nobody touched since a time."""
        points = ledger_balance.c
        return list(
            self._connection.execute(
                select(points.holder_id)
                .where(
                    points.ledger == "loyalty",
                    points.active_at < before,
                    points.balance > points.reserved,
                    points.reserved == 0,
                )
                .limit(limit)
            ).scalars()
        )

    def moved(self, transfer_id: str) -> list[tuple[Ledger, str, LedgerEntry, str | None]]:
        """What a merge moved, as it was booked: ledger, holder, entry, and the lot it was taken from."""
        rows = self._connection.execute(
            select(ledger_entry.c.ledger, ledger_entry.c.holder_id, *_COLUMNS, ledger_entry.c.lot)
            .where(ledger_entry.c.transfer_id == transfer_id)
            .order_by(ledger_entry.c.ledger, ledger_entry.c.holder_id, ledger_entry.c.number)
        )
        return [(row.ledger, row.holder_id, LedgerEntry(*row[2:-1]), row.lot) for row in rows]

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

    # Reservations

    def reservation(self, reservation_id: str) -> Reservation | None:
        """A reservation, or None when nobody made it."""
        row = self._connection.execute(
            select(reservation).where(reservation.c.reservation_id == reservation_id)
        ).one_or_none()
        return None if row is None else Reservation(*row)

    def put_reservation(self, after: Reservation) -> None:
        """Keep a reservation as it is now; what is reserved of the balance follows."""
        before = self.reservation(after.reservation_id)
        values = msgspec.structs.asdict(after)
        self._connection.execute(
            insert_or(reservation)
            .values(**values)
            .on_conflict_do_update(index_elements=[reservation.c.reservation_id], set_=values)
        )
        if before is not None:
            self._reserve(before, -1)
        self._reserve(after, 1)

    def held_of_sale(self, sale_id: str) -> list[Reservation]:
        """What is still kept for a sale."""
        return self._reservations(
            select(reservation).where(reservation.c.sale_id == sale_id, reservation.c.state == "held")
        )

    def held_of(self, ledger: Ledger, holder_id: str) -> list[Reservation]:
        """What is still kept of a holder's balance."""
        return self._reservations(
            select(reservation).where(
                reservation.c.ledger == ledger, reservation.c.holder_id == holder_id, reservation.c.state == "held"
            )
        )

    def overdue(self, now: str, limit: int) -> list[Reservation]:
        """What was to be kept only until some time before now."""
        return self._reservations(
            select(reservation)
            .where(reservation.c.state == "held", reservation.c.expires_at <= now)
            .order_by(reservation.c.expires_at)
            .limit(limit)
        )

    def _reservations(self, statement: Select[Any]) -> list[Reservation]:
        return [Reservation(*row) for row in self._connection.execute(statement)]

    def _reserve(self, of: Reservation, sign: int) -> None:
        if of.state != "held":
            return
        before = self.kept(of.ledger, of.holder_id)
        self._put(of.ledger, of.holder_id, msgspec.structs.replace(before, reserved=before.reserved + sign * of.units))

    def _put(self, ledger: Ledger, holder_id: str, kept: Kept) -> None:
        values = msgspec.structs.asdict(kept)
        self._connection.execute(
            insert_or(ledger_balance)
            .values(ledger=ledger, holder_id=holder_id, **values)
            .on_conflict_do_update(index_elements=[ledger_balance.c.ledger, ledger_balance.c.holder_id], set_=values)
        )

    # What the audit reads

    def all_kept(self) -> Iterator[tuple[Ledger, str, Kept]]:
        """Everything kept, ledger by ledger."""
        for row in self._connection.execute(
            select(ledger_balance).order_by(ledger_balance.c.ledger, ledger_balance.c.holder_id)
        ):
            yield row.ledger, row.holder_id, Kept(row.balance, row.reserved, row.entries, row.expires_on, row.active_at)

    def all_booked(self) -> Iterator[tuple[Ledger, str, Booking]]:
        """Every entry, holder by holder, in the order in which it was booked."""
        for row in self._connection.execute(
            select(ledger_entry.c.ledger, ledger_entry.c.holder_id, *_COLUMNS, ledger_entry.c.lot).order_by(
                ledger_entry.c.ledger, ledger_entry.c.holder_id, ledger_entry.c.number
            )
        ):
            yield row.ledger, row.holder_id, Booking(LedgerEntry(*row[2:-1]), row.lot)

    def all_held(self) -> dict[tuple[str, str], int]:
        """What held reservations of each holder add up to."""
        rows = self._connection.execute(
            select(reservation.c.ledger, reservation.c.holder_id, func.sum(reservation.c.units))
            .where(reservation.c.state == "held")
            .group_by(reservation.c.ledger, reservation.c.holder_id)
        )
        return {(ledger, holder_id): units for ledger, holder_id, units in rows}

    def wrongly_captured(self, limit: int) -> list[tuple[Reservation, int]]:
        """Captured reservations whose entries are not just one, with how many there are."""
        booked = (
            select(func.count())
            .select_from(ledger_entry)
            .where(
                ledger_entry.c.sale_id == reservation.c.sale_id,
                ledger_entry.c.ledger == reservation.c.ledger,
                ledger_entry.c.kind.in_(("redeemed", "charged")),
                func.abs(ledger_entry.c.amount) == reservation.c.units,
            )
            .scalar_subquery()
        )
        rows = self._connection.execute(
            select(reservation, booked.label("booked"))
            .where(reservation.c.state == "captured", booked < 1)
            .limit(limit)
        )
        return [(Reservation(*row[:-1]), row.booked) for row in rows]


def _of_balance(ledger: Ledger, holder_id: str) -> ColumnElement[bool]:
    return and_(ledger_balance.c.ledger == ledger, ledger_balance.c.holder_id == holder_id)


def _of_entry(ledger: Ledger, holder_id: str) -> ColumnElement[bool]:
    return and_(ledger_entry.c.ledger == ledger, ledger_entry.c.holder_id == holder_id)


def _earlier(one: str | None, other: str | None) -> str | None:
    return min((day for day in (one, other) if day is not None), default=None)
