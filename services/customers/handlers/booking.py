"""How anything is booked: what ran out first, then the entry, then the word to others."""

from datetime import datetime, timedelta

from contracts.customers.balances import HolderId, Ledger
from contracts.customers.ledgers import EntryKind, LedgerEntry
from contracts.customers.ledgers.accounts import AccountTerms
from contracts.customers.ledgers.watching import BalanceBooked
from contracts.ids import CustomerId
from services.customers.model.days import days_after
from services.customers.model.ledgers import expiring, standing
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


def book(tx: CustomersTx, ledger: Ledger, holder_id: str, new: NewEntry) -> LedgerEntry:
    """Book an entry and tell it."""
    entry = tx.books.ledgers.book(ledger, holder_id, new)
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
            holder_id,
            tx.now,
            note_id=tx.ids.derived(entry.entry_id, "note"),
            staff_id=entry.staff_id,
            sale_id=entry.sale_id,
            amount=entry.amount,
            currency=None if ledger == "loyalty" else tx.currency,
            reference=ledger,
        )
    return entry


def up_to_date(tx: CustomersTx, ledger: Ledger, holder_id: str, at: datetime | None = None) -> Kept:
    """What is kept of a ledger once all that ran out by then is booked as expired."""
    at = tx.now if at is None else at
    today = tx.shop_days.day_of(at)
    kept = tx.books.ledgers.kept(ledger, holder_id)
    if kept.expires_on is not None and kept.expires_on < today:
        _expire(tx, ledger, holder_id, kept, today)
        kept = tx.books.ledgers.kept(ledger, holder_id)
    if ledger == "loyalty" and _is_dormant(tx, kept, at):
        asleep = kept.balance - kept.reserved
        book(tx, ledger, holder_id, NewEntry(tx.ids.new(), "expired", -asleep, stamp(at), today))
        kept = tx.books.ledgers.kept(ledger, holder_id)
    return kept


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


def _is_dormant(tx: CustomersTx, kept: Kept, at: datetime) -> bool:
    if kept.active_at is None or kept.balance <= kept.reserved:
        return False
    before = dormant_before(tx.books, at)
    return before is not None and kept.active_at < before


def _expire(tx: CustomersTx, ledger: Ledger, holder_id: str, kept: Kept, today: str) -> None:
    whole = standing(tx.books.ledgers.bookings(ledger, holder_id))
    for lot, amount in expiring(whole, today, kept.reserved):
        book(
            tx,
            ledger,
            holder_id,
            NewEntry(tx.ids.new(), "expired", -amount, stamp(tx.now), today, lot=lot.entry.entry_id),
        )
    left = standing(tx.books.ledgers.bookings(ledger, holder_id))
    tx.books.ledgers.keep_expiry(ledger, holder_id, left.next_last_day)
