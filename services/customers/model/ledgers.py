"""What the entries of one ledger come to: balance, and what of each booking is still there. Pure.

A *lot* is what is left of one positive entry: store credit with its last day, points, an open item of an account. What
goes out takes from the lot that it names, else from those with the earliest last day, else from the oldest.

After a merge a ledger holds *parts* of several owners: its holder's own and what was whose before. Each part has lots
of its own and may owe (a *deficit*) while another one has; whoever looks sees them as one.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from contracts.customers.balances import Ledger
from contracts.customers.ledgers import AdjustReason, AmountWrongWay, EntryKind, LedgerEntry
from contracts.customers.ledgers.accounts import OpenItem

NEVER = "9999-12-31"
ACTIVE_KINDS: frozenset[EntryKind] = frozenset({"opening", "issued", "earned", "redeemed", "given_back", "bonus"})
"""What keeps points from falling asleep: the customer did something."""
Owner = str | None
"""Whose a part is by its id before any merge; None is the holder's own."""


class Booking(msgspec.Struct, frozen=True):
    """An entry as it is replayed.

    ``lot`` is the entry that it takes from, if it names one; of what was moved here, the entry whose rest it is.
    ``parts`` says whose what of it is, where it is not all the holder's own; ``since`` the day of what was moved.
    """

    entry: LedgerEntry
    lot: str | None = None
    parts: tuple[tuple[Owner, int], ...] = ()
    since: str | None = None


class Lot(msgspec.Struct):
    """What is left of one positive entry, and whose it is; what came back is left of the entry that it was before."""

    entry: LedgerEntry
    left: int
    owner: Owner = None
    since: str | None = None

    @property
    def day(self) -> str:
        """The business day of what it was before anything moved."""
        return self.since or self.entry.day

    @property
    def order(self) -> tuple[str, str, int]:
        """What is spent or settled first comes first."""
        return self.entry.expires_on or NEVER, self.day, self.entry.number


class Part(msgspec.Struct):
    """What one owner has in a ledger, or owes: lots in the order in which they are taken from, or a deficit."""

    lots: list[Lot] = []
    deficit: int = 0

    @property
    def had(self) -> int:
        """What is left of all its lots."""
        return sum(lot.left for lot in self.lots)

    @property
    def balance(self) -> int:
        """What its entries add up to."""
        return self.had - self.deficit

    def put(self, booking: Booking, amount: int, owner: Owner) -> None:
        """Add to it: what was taken and never there is filled first."""
        filled = min(self.deficit, amount)
        self.deficit -= filled
        if amount == filled:
            return
        for lot in self.lots:
            if lot.entry.entry_id == booking.entry.entry_id:
                lot.left += amount - filled
                return
        self.lots.append(Lot(booking.entry, amount - filled, owner, booking.since))
        self.lots.sort(key=lambda lot: lot.order)

    def take(self, amount: int, named: str | None) -> None:
        """Take from the named lot first, then in order."""
        for lot in sorted(self.lots, key=lambda lot: lot.entry.entry_id != named):
            taken = min(lot.left, amount)
            lot.left -= taken
            amount -= taken
        self.deficit += amount
        self.lots = [lot for lot in self.lots if lot.left]


class Standing(msgspec.Struct, frozen=True):
    """What is left: each owner's part, and all of them as one, where what one owes is taken from what another has."""

    lots: tuple[Lot, ...]
    deficit: int
    parts: dict[Owner, Part]

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
        days = [lot.entry.expires_on for part in self.parts.values() for lot in part.lots]
        return min((day for day in days if day is not None), default=None)


def standing(bookings: Iterable[Booking]) -> Standing:
    """Replay a holder's entries in the order in which they were booked."""
    parts: dict[Owner, Part] = {}
    first: dict[str, Booking] = {}
    for booking in bookings:
        entry = booking.entry
        before = first.get(booking.lot) if booking.lot is not None else None
        if entry.amount > 0:
            first[entry.entry_id] = before or booking
        for owner, share in booking.parts or ((None, entry.amount),):
            part = parts.setdefault(owner, Part())
            if share > 0:
                part.put(before or booking, share, owner)
            else:
                part.take(-share, booking.lot if before is None else before.entry.entry_id)
    return Standing(*_as_one(parts.values()), parts)


def _as_one(parts: Iterable[Part]) -> tuple[tuple[Lot, ...], int]:
    lots = sorted((msgspec.structs.replace(lot) for part in parts for lot in part.lots), key=lambda lot: lot.order)
    whole = Part(lots)
    whole.take(sum(part.deficit for part in parts), None)
    return tuple(whole.lots), whole.deficit


def expiring(standing_now: Standing, today: str, reserved: Mapping[Owner, int]) -> list[tuple[Lot, int]]:
    """What of which lots is to expire today; what was reserved while it was good is left alone until its sale ended.

    Args:
        standing_now: what is left.
        today: what had its last day before expires.
        reserved: how much of each owner's part is kept for sales.
    """
    found = []
    for owner, part in standing_now.parts.items():
        still_kept = reserved.get(owner, 0)
        for lot in part.lots:
            if lot.entry.expires_on is None or lot.entry.expires_on >= today:
                continue
            held = min(lot.left, still_kept)
            still_kept -= held
            if lot.left > held:
                found.append((lot, lot.left - held))
    return found


def open_items(standing_now: Standing, today: str) -> tuple[OpenItem, ...]:
    """What an account has not paid yet, oldest first."""
    return tuple(
        OpenItem(
            entry_id=lot.entry.entry_id,
            day=lot.day,
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
