"""All that this store holds about a person, gathered: what a copy for them is made of."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from contracts.customers.ledgers import LedgerEntry
from contracts.ids import CustomerId
from services.customers.store.access import AccessStore
from services.customers.store.aliases import family
from services.customers.store.books import Books
from services.customers.store.buyers import BuyerStore
from services.customers.store.consent import ConsentStore
from services.customers.store.customers import CustomerStore
from services.customers.store.history import HistoryStore, Place

LEDGERS = ("store_credit", "account", "loyalty")
HISTORY_A_PIECE = 500
MOST_ENTRIES = 2000
MOST_ACCESSES = 500
_NOT_ABOUT_THEM = ("masked", "till_note", "placeholder", "balances")


def everything(connection: Connection, key: bytes, customer_id: CustomerId) -> tuple[dict[str, Any], str | None]:
    """All but the older part of a long history, and what asks for that.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    customer = CustomerStore(connection).profile(customer_id)
    present = customer.customer_id
    books, ids = Books(connection), family(connection, present)
    history, following = piece_of_history(connection, present, None)
    profile = {name: value for name, value in _plain(customer).items() if name not in _NOT_ABOUT_THEM}
    accesses = AccessStore(connection).page(present, MOST_ACCESSES, None).notes
    kept = [BuyerStore(connection).find(each.record_id) for each in BuyerStore(connection).of_customers(ids)]
    return {
        "profile": profile,
        "other_ids": list(ids[1:]),
        "balances": _plain(customer.balances),
        "account_terms": _plain(books.accounts.terms(present)),
        "loyalty": _plain(books.loyalty.membership(present)),
        "consents": [
            {name: value for name, value in _plain(each).items() if name not in ("number", "asked_id", "merge_id")}
            for each in ConsentStore(connection, key).everything(present)
        ],
        "ledger_entries": [
            {"ledger": ledger, **_entry(each)}
            for ledger in LEDGERS
            for holder in ids
            for each in books.ledgers.page(ledger, holder, MOST_ENTRIES, None)  # type: ignore[arg-type]
        ],
        "history": history,
        "accesses": [{"kind": each.kind, "at": each.at} for each in accesses],
        "sealed_records": [_plain(each) for each in kept],
    }, following


def piece_of_history(
    connection: Connection, customer_id: CustomerId, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """So much of a customer's history, newest first, and what asks for the rest.

    Rejections:
        CustomerNotFound: there is no such customer.
        Malformed: ``after`` is not from the piece before.
    """
    place = None if after is None else Place.read(after)
    entries, end = HistoryStore(connection).page(customer_id, HISTORY_A_PIECE, place)
    return [
        {name: value for name, value in _plain(each).items() if name != "staff_id"} for each in entries
    ], None if end is None else end.write()


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    shown = ("kind", "amount", "balance", "day", "sale_id", "expires_on", "due_on")
    return {name: getattr(entry, name) for name in shown}


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)
