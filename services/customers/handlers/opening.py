"""Opening balances of new customers, all at once; those of customers on file are ``ledgers.open_balance``'s."""

from collections.abc import Mapping, Sequence

from contracts.customers.balances import CustomerLedger, HolderId
from contracts.customers.ledgers.watching import BalanceBooked
from contracts.ids import CustomerId
from services.customers.handlers.booking import NOTED
from services.customers.model.days import days_after
from services.customers.model.importing import opening_id
from services.customers.store.ledgers import NewEntry
from services.customers.store.opening import FirstEntry, book_first, join_first
from services.customers.transactions import CustomersTx
from services.runtime.clock import stamp

Opening = tuple[CustomerId, str, CustomerLedger, int]
"""Whose, by which source key, where, and how much."""


def open_new(
    tx: CustomersTx,
    openings: Sequence[Opening],
    as_of: str,
    terms_version: str,
    grace_days: Mapping[CustomerId, int],
) -> None:
    """Book what customers who were made just now bring along; whoever brings points is a member.

    What they owe is due after ``grace_days`` of theirs; who has no terms is to pay at once.
    """
    if not openings:
        return
    at = stamp(tx.now)
    entries = [
        FirstEntry(
            ledger,
            customer_id,
            NewEntry(
                opening_id(source_key, ledger, tx.ids.derived),
                "opening",
                amount,
                at,
                as_of,
                due_on=days_after(as_of, grace_days.get(customer_id, 0))
                if ledger == "account" and amount > 0
                else None,
            ),
        )
        for customer_id, source_key, ledger, amount in openings
    ]
    book_first(tx.connection, entries)
    join_first(tx.connection, [each.holder_id for each in entries if each.ledger == "loyalty"], terms_version, at)
    for ledger, holder_id, new in entries:
        if ledger == "loyalty":
            tx.note("loyalty_joined", holder_id, reference=terms_version)
        currency = None if ledger == "loyalty" else tx.currency
        tx.note(NOTED[new.kind], holder_id, amount=new.amount, currency=currency, reference=ledger)
        tx.record(
            BalanceBooked(
                ledger=ledger,
                holder_id=HolderId(holder_id),
                entry_id=new.entry_id,
                number=1,
                kind=new.kind,
                amount=new.amount,
                balance=new.amount,
                day=new.day,
                booked_at=at,
            )
        )
