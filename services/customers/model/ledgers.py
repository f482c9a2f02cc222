"""What the entries of one ledger come to: balance, and what of each booking is still there. Pure.

A *lot* is what is left of one positive entry: store credit with its last day, points, an open item of an account. What
goes out takes from the lot that it names, else from those with the earliest last day, else from the oldest.
"""

from collections.abc import Iterable, Sequence

import msgspec

from contracts.customers.balances import Ledger
from contracts.customers.ledgers import AdjustReason, AmountWrongWay, EntryKind, LedgerEntry
from contracts.customers.ledgers.accounts import OpenItem

NEVER = "9999-12-31"
ACTIVE_KINDS: frozenset[EntryKind] = frozenset({"opening", "issued", "earned", "redeemed", "given_back", "bonus"})
"""What keeps points from falling asleep: the customer did something."""


class Booking(msgspec.Struct, frozen=True):
    """An entry with the lot it takes from, if it names one; one that came back names the entry it stands for."""

    entry: LedgerEntry
    lot: str | None = None


class Lot(msgspec.Struct):
    """What is left of one positive entry, and of which entries that came back it is the rest."""

    entry: LedgerEntry
    left: int
    names: frozenset[str]

    @property
    def order(self) -> tuple[str, str, int]:
        """What is spent or settled first comes first."""
        return self.entry.expires_on or NEVER, self.entry.day, self.entry.number


class Standing(msgspec.Struct, frozen=True):
    """The lots that are left, in the order in which they are taken from, and what was taken that was never there."""

    lots: tuple[Lot, ...]
    deficit: int

    @property
    def balance(self) -> int:
        """What all entries add up to."""
        return sum(lot.left for lot in self.lots) - self.deficit

    def expired(self, today: str) -> list[Lot]:
        """The lots whose last day is over."""
        return [lot for lot in self.lots if lot.entry.expires_on is not None and lot.entry.expires_on < today]

    @property
    def next_last_day(self) -> str | None:
        """The earliest last day of what is left."""
        return min((lot.entry.expires_on for lot in self.lots if lot.entry.expires_on is not None), default=None)

    def left_of(self, entry_id: str) -> int:
        """What is left of one entry."""
        return sum(lot.left for lot in self.lots if entry_id in lot.names)


def standing(bookings: Iterable[Booking]) -> Standing:
    """Replay a holder's entries in the order in which they were booked."""
    lots: list[Lot] = []
    deficit = 0
    names: dict[str, frozenset[str]] = {}
    for booking in bookings:
        amount = booking.entry.amount
        if amount >= 0:
            own = booking.entry.entry_id
            names[own] = frozenset((own, *((booking.lot, *names.get(booking.lot, ())) if booking.lot else ())))
            filled = min(deficit, amount)
            deficit -= filled
            if amount > filled:
                lots.append(Lot(booking.entry, amount - filled, names[own]))
                lots.sort(key=lambda lot: lot.order)
            continue
        deficit += _take(lots, -amount, booking.lot)
        lots = [lot for lot in lots if lot.left]
    return Standing(tuple(lots), deficit)


def _take(lots: Sequence[Lot], amount: int, named: str | None) -> int:
    """Take from the named lot first, then in order; returns what could not be taken."""
    for lot in sorted(lots, key=lambda lot: named not in lot.names):
        taken = min(lot.left, amount)
        lot.left -= taken
        amount -= taken
    return amount


def expiring(standing_now: Standing, today: str, reserved: int) -> list[tuple[Lot, int]]:
    """What of which lots is to expire today; what was reserved while it was good is left alone until its sale ended."""
    found = []
    for lot in standing_now.expired(today):
        held = min(lot.left, reserved)
        reserved -= held
        if lot.left > held:
            found.append((lot, lot.left - held))
    return found


def open_items(standing_now: Standing, today: str) -> tuple[OpenItem, ...]:
    """What an account has not paid yet, oldest first."""
    return tuple(
        OpenItem(
            entry_id=lot.entry.entry_id,
            day=lot.entry.day,
            amount=lot.entry.amount,
            left=lot.left,
            due_on=lot.entry.due_on,
            overdue=lot.entry.due_on is not None and lot.entry.due_on < today,
            sale_id=lot.entry.sale_id,
        )
        for lot in standing_now.lots
    )


def spendable(ledger: Ledger, balance: int, reserved: int, credit_limit: int | None) -> int | None:
    """What can be reserved now; None where an account has no limit."""
    if ledger != "account":
        return max(0, balance - reserved)
    return None if credit_limit is None else max(0, credit_limit - balance - reserved)


def adjusted_kind(ledger: Ledger, amount: int, *, payment: bool) -> EntryKind:
    """What a booking by hand is called."""
    if ledger == "account":
        return "paid" if payment else "adjusted"
    return "issued" if amount > 0 and ledger != "voucher" else "adjusted"


def prove_way(ledger: Ledger, amount: int, reason: AdjustReason) -> None:
    """Check that a payment books the way it does: who pays owes less, or has more to spend.

    Rejections:
        AmountWrongWay: it would be owed once more, or taken away.
    """
    if reason == "payment" and (amount > 0) == (ledger == "account"):
        raise AmountWrongWay(field="amount", reason=reason)


def in_order_of_days(bookings: Sequence[Booking], before: int) -> tuple[LedgerEntry, ...]:
    """Entries by their days, each with the balance that it came to in this order.

    Args:
        bookings: in the order in which they were booked; one that came late has an earlier day than some before it.
        before: the balance before the first of them.
    """
    by_day, balance = [], before
    for entry in sorted((each.entry for each in bookings), key=lambda entry: (entry.day, entry.number)):
        balance += entry.amount
        by_day.append(msgspec.structs.replace(entry, balance=balance))
    return tuple(by_day)


def spent_kind(ledger: Ledger, amount: int) -> EntryKind:
    """What a tender's booking is called; a negative tender gives money back."""
    if amount < 0:
        return "given_back"
    return "charged" if ledger == "account" else "redeemed"


def booked_amount(ledger: Ledger, units: int) -> int:
    """What a tender of so many units changes in its ledger: an account owes more, everything else holds less."""
    return units if ledger == "account" else -units
