"""What is kept of all ledgers, and all that it should follow from, read for the audit.

Never here: what is compared with what (``model/audit.py``), and anything that writes.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, case, func, select

from contracts.customers.balances import Ledger
from contracts.customers.ledgers import LedgerEntry
from services.customers.model.ledgers import Booking
from services.customers.store.aliases import resolve
from services.customers.store.ledger_tables import ledger_balance, ledger_entry, reservation
from services.customers.store.ledgers import ENTRY_COLUMNS, Kept
from services.customers.store.owners import OwnerStore
from services.customers.store.reservations import Reservation, ReservationStore


class AuditStore:
    """What the audit reads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all_kept(self) -> Iterator[tuple[Ledger, str, Kept]]:
        """Everything kept, ledger by ledger."""
        for row in self._connection.execute(
            select(ledger_balance).order_by(ledger_balance.c.ledger, ledger_balance.c.holder_id)
        ):
            yield row.ledger, row.holder_id, Kept(row.balance, row.reserved, row.entries, row.expires_on, row.active_at)

    def all_booked(self) -> Iterator[tuple[Ledger, str, Booking]]:
        """Every entry, holder by holder, in the order in which it was booked."""
        parts = OwnerStore(self._connection).parts_of_entries()
        for row in self._connection.execute(
            select(
                ledger_entry.c.ledger,
                ledger_entry.c.holder_id,
                *ENTRY_COLUMNS,
                ledger_entry.c.lot,
                ledger_entry.c.since,
            ).order_by(ledger_entry.c.ledger, ledger_entry.c.holder_id, ledger_entry.c.number)
        ):
            whose = parts.get((row.ledger, row.holder_id, row.number), ())
            yield row.ledger, row.holder_id, Booking(LedgerEntry(*row[2:-2]), row.lot, whose, row.since)

    def all_parts(self) -> dict[tuple[Ledger, str], dict[str, int]]:
        """What is kept of others' parts, by ledger and holder."""
        found: dict[tuple[Ledger, str], dict[str, int]] = {}
        for each in OwnerStore(self._connection).everywhere():
            found.setdefault((each.ledger, each.holder_id), {})[each.owner_id] = each.balance
        return found

    def astray(self) -> list[tuple[Ledger, str, int, int]]:
        """What somebody has of others' for whom they do not stand: ledger, holder, how much, what of it sales keep."""
        found = []
        for each in OwnerStore(self._connection).everywhere():
            if resolve(self._connection, each.owner_id) != each.holder_id:
                kept = ReservationStore(self._connection).kept_of_each(each.ledger, each.holder_id)
                found.append((each.ledger, each.holder_id, each.balance, kept[each.owner_id]))
        return found

    def wrongly_moved(self, limit: int) -> list[tuple[Ledger, str, int, int]]:
        """What merges moved that is not the same on both sides: ledger, who gave it, what went out and came in."""
        entry = ledger_entry.c
        out = func.sum(case((entry.kind == "transferred_out", -entry.amount), else_=0))
        came = func.sum(case((entry.kind == "transferred_in", entry.amount), else_=0))
        rows = self._connection.execute(
            select(entry.ledger, func.min(entry.holder_id), out, came)
            .where(entry.transfer_id.is_not(None))
            .group_by(entry.ledger, entry.transfer_id)
            .having(out != came)
            .limit(limit)
        )
        return [(ledger, holder_id, went, arrived) for ledger, holder_id, went, arrived in rows]

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
