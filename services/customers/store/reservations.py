"""Reservations in the database; what they add up to is kept beside the balance.

Never here: entries, and for how long a balance is kept for a sale.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as insert_or

from contracts.customers.balances import Ledger
from contracts.customers.ledgers.reserving import ReservationState
from services.customers.store.ledger_tables import reservation, reservation_part
from services.customers.store.ledgers import LedgerStore


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
    owner_id: str | None = None

    @property
    def whose(self) -> str:
        """Whose sale it is, by the id that was theirs before any merge."""
        return self.owner_id or self.holder_id


class ReservationStore:
    """What is kept of balances for sales that are not completed yet, and what became of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, reservation_id: str) -> Reservation | None:
        """A reservation, or None when nobody made it."""
        row = self._connection.execute(
            select(reservation).where(reservation.c.reservation_id == reservation_id)
        ).one_or_none()
        return None if row is None else Reservation(*row)

    def put(self, after: Reservation) -> None:
        """Keep a reservation as it is now; what is reserved of the balance follows."""
        before = self.find(after.reservation_id)
        values = msgspec.structs.asdict(after)
        self._connection.execute(
            insert_or(reservation)
            .values(**values)
            .on_conflict_do_update(index_elements=[reservation.c.reservation_id], set_=values)
        )
        if before is not None:
            self._reserve(before, -1)
        self._reserve(after, 1)

    def parts(self, of: Reservation) -> dict[str, int]:
        """Of whose part it keeps how much."""
        rows = self._connection.execute(
            select(reservation_part.c.owner_id, reservation_part.c.units).where(
                reservation_part.c.reservation_id == of.reservation_id
            )
        )
        return {row.owner_id: row.units for row in rows} or {of.holder_id: of.units}

    def put_parts(self, reservation_id: str, parts: Mapping[str, int]) -> None:
        """Keep of whose part a reservation keeps how much; nothing where it is all its holder's own."""
        self._connection.execute(delete(reservation_part).where(reservation_part.c.reservation_id == reservation_id))
        if parts:
            rows = [{"reservation_id": reservation_id, "owner_id": each, "units": parts[each]} for each in parts]
            self._connection.execute(insert(reservation_part), rows)

    def kept_of_each(self, ledger: Ledger, holder_id: str, *, but: str | None = None) -> Counter[str]:
        """How much of whose part is kept for sales, one reservation left out."""
        kept = Counter[str]()
        for held in self.held_of(ledger, holder_id):
            if held.reservation_id != but:
                kept.update(self.parts(held))
        return kept

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
        if of.state == "held":
            LedgerStore(self._connection).keep_reserved(of.ledger, of.holder_id, sign * of.units)
