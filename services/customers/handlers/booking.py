"""How anything is booked: what ran out first, then the entry, whose what of it is, then the word to others."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from contracts.customers.balances import HolderId, Ledger
from contracts.customers.ledgers import EntryKind, LedgerEntry
from contracts.customers.ledgers.accounts import AccountTerms
from contracts.customers.ledgers.watching import BalanceBooked
from contracts.ids import CustomerId
from services.customers.model.days import days_after
from services.customers.model.ledgers import Owner, expiring, standing
from services.customers.model.owners import taken_from
from services.customers.store.books import Books
from services.customers.store.ledgers import Kept, NewEntry
from services.customers.transactions import CustomersTx
from services.runtime.clock import stamp

NOTED: dict[EntryKind, str] = {
    "opening": "opening",
    "issued": "issued",
    "paid": "payment",
    "bonus": "bonus",
    "adjusted": "adjusted",
    "expired": "expired",
}
"""What stands in a customer's history, and how it is called there; what a sale spent and earned stands there as it."""


def book(
    tx: CustomersTx, ledger: Ledger, holder_id: str, new: NewEntry, parts: Mapping[str, int] | None = None
) -> LedgerEntry:
    """Book an entry and tell it; ``parts`` says whose what of it is (``parts_of``), without them it is the holder's."""
    entry = tx.books.ledgers.book(ledger, holder_id, new, parts)
    tx.record(
        BalanceBooked(
            ledger=ledger,
            holder_id=HolderId(holder_id),
            entry_id=entry.entry_id,
            number=entry.number,
            kind=entry.kind,
            amount=entry.amount,
            balance=entry.balance,
            day=entry.day,
            booked_at=stamp(tx.now),
            sale_id=entry.sale_id,
            not_on_time=entry.not_on_time,
        )
    )
    if ledger != "voucher" and entry.kind in NOTED:
        tx.history.note(
            NOTED[entry.kind],
            next(iter(parts)) if parts is not None and len(parts) == 1 else holder_id,
            tx.now,
            note_id=tx.ids.derived(entry.entry_id, "note"),
            staff_id=entry.staff_id,
            sale_id=entry.sale_id,
            amount=entry.amount,
            currency=None if ledger == "loyalty" else tx.currency,
            reference=ledger,
        )
    return entry


def parts_of(  # noqa: PLR0913 - what decides whose it is
    tx: CustomersTx, ledger: Ledger, holder_id: str, amount: int, whose: str | None = None, *, but: str | None = None
) -> dict[str, int] | None:
    """Say whose what of an entry is, where its holder stands for others since a merge; else None, it is all theirs.

    What is added is theirs in whose name it is done. What is taken is taken from them first, then from whom they stand
    for; an account is paid by whose name is said, and in the holder's own name its oldest debt.

    Args:
        tx: where it is booked.
        ledger: what it is booked in.
        holder_id: who has it by now.
        amount: what is booked.
        whose: in whose name, by any id; of anybody for whom the holder does not stand it counts as the holder's.
        but: a reservation that is not looked at.
    """
    if ledger == "voucher":
        return None
    whose = holder_id if whose is None or tx.books.meant_by(whose) != holder_id else whose
    own = whose == holder_id
    if not tx.books.owners.parts(ledger, holder_id) and own:
        return None
    if amount >= 0 or (ledger == "account" and not own):
        return {whose: amount}
    first: tuple[tuple[Owner, ...], ...] = () if own else ((whose,), tx.books.merged_into(whose))
    kept = Counter[str]() if ledger == "account" else tx.books.reservations.kept_of_each(ledger, holder_id, but=but)
    taken = taken_from(
        standing(tx.books.ledgers.bookings(ledger, holder_id)),
        -amount,
        whose=None if own else whose,
        first=first,
        kept=of_owners(kept, holder_id),
        oldest_first=ledger == "account",
    )
    return {owner or holder_id: -taken_of for owner, taken_of in taken.items()}


def of_owners(kept: Mapping[str, int], holder_id: str) -> dict[Owner, int]:
    """What is kept of whose part, as replayed entries name owners."""
    return {None if each == holder_id else each: units for each, units in kept.items()}


def up_to_date(tx: CustomersTx, ledger: Ledger, holder_id: str, at: datetime | None = None) -> Kept:
    """What is kept of a ledger once all that ran out by then is booked as expired."""
    at = tx.now if at is None else at
    today = tx.shop_days.day_of(at)
    kept = tx.books.ledgers.kept(ledger, holder_id)
    if kept.expires_on is not None and kept.expires_on < today:
        _expire(tx, ledger, holder_id, kept, today)
        kept = tx.books.ledgers.kept(ledger, holder_id)
    if ledger == "loyalty" and _is_dormant(tx, holder_id, kept, at):
        asleep = kept.balance - kept.reserved
        parts = parts_of(tx, ledger, holder_id, -asleep)
        book(tx, ledger, holder_id, NewEntry(tx.ids.new(), "expired", -asleep, stamp(at), today), parts)
        kept = tx.books.ledgers.kept(ledger, holder_id)
    return kept


def kept_of_owners(books: Books, ledger: Ledger, holder_id: str, kept: Kept) -> dict[Owner, int]:
    """How much of whose part of a ledger is kept for sales."""
    if not kept.reserved or not books.owners.parts(ledger, holder_id):
        return {None: kept.reserved}
    return of_owners(books.reservations.kept_of_each(ledger, holder_id), holder_id)


def dormant_before(books: Books, at: datetime) -> str | None:
    """Points untouched since then have fallen asleep; None where they never do."""
    programme = books.loyalty.programme()
    if programme is None or programme.dormant_days is None:
        return None
    return stamp(at - timedelta(days=programme.dormant_days))


def note_terms(tx: CustomersTx, before: AccountTerms, after: AccountTerms, merge_id: str | None = None) -> None:
    """Note who changed how much a customer may owe and how long; the amount is the limit, None for no limit.

    ``merge_id`` names the merge that brought the terms along.
    """
    changed = [
        name
        for name in ("credit_limit", "grace_days")
        if not before.revision or getattr(before, name) != getattr(after, name)
    ]
    tx.note(
        "account_terms",
        after.customer_id,
        fields=changed,
        amount=after.credit_limit,
        currency=None if after.credit_limit is None else tx.currency,
        reference=merge_id,
    )


def due_on(tx: CustomersTx, customer_id: str, day: str) -> str:
    """Until when what is charged on a day is paid in time."""
    grace = tx.books.accounts.terms(CustomerId(customer_id)).grace_days
    return days_after(day, grace)


def _is_dormant(tx: CustomersTx, holder_id: str, kept: Kept, at: datetime) -> bool:
    before = dormant_before(tx.books, at)
    if before is None or kept.balance <= kept.reserved:
        return False
    active_at = tx.books.ledgers.active_at("loyalty", holder_id)
    return active_at is not None and active_at < before


def _expire(tx: CustomersTx, ledger: Ledger, holder_id: str, kept: Kept, today: str) -> None:
    whole = standing(tx.books.ledgers.bookings(ledger, holder_id))
    for lot, amount in expiring(whole, today, kept_of_owners(tx.books, ledger, holder_id, kept)):
        book(
            tx,
            ledger,
            holder_id,
            NewEntry(tx.ids.new(), "expired", -amount, stamp(tx.now), today, lot=lot.entry.entry_id),
            None if lot.owner is None else {lot.owner: -amount},
        )
    left = standing(tx.books.ledgers.bookings(ledger, holder_id))
    tx.books.ledgers.keep_expiry(ledger, holder_id, left.next_last_day)
