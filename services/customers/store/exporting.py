"""All that this store holds about a person, gathered: what a copy for them is made of, as long as it may be.

Long lists come in pieces, one after another; what is short is in the first piece.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection

from contracts.base import Malformed
from contracts.customers.balances import CustomerLedger
from contracts.customers.ledgers import LedgerEntry
from contracts.ids import CustomerId
from services.customers.store.access import AccessStore
from services.customers.store.aliases import family
from services.customers.store.books import Books
from services.customers.store.buyers import BuyerStore
from services.customers.store.consent import ConsentStore
from services.customers.store.customers import CustomerStore
from services.customers.store.history import HistoryStore, Place

LEDGERS: tuple[CustomerLedger, ...] = ("store_credit", "account", "loyalty")
A_PIECE = 500
"""So many rows of long lists in a piece."""
ALL = 1_000_000
_NOT_ABOUT_THEM = ("masked", "till_note", "placeholder", "balances")
_BEFORE_ENTRY = re.compile(r"([a-z_]+)/([0-9a-f-]{36})/([0-9]{1,18})")
_BEFORE_NOTE = re.compile(r"[0-9]{1,18}")

Rows = list[dict[str, Any]]


def everything(
    connection: Connection, key: bytes, customer_id: CustomerId, *, sealed: bool
) -> tuple[dict[str, Any], str | None]:
    """All but what follows of long lists, and what asks for that.

    Args:
        connection: where it is read.
        key: the hub's, for hashes.
        customer_id: whose it is.
        sealed: whether sealed buyers are told in full; else only that they are kept, why and until when.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    customer = CustomerStore(connection).profile(customer_id)
    present = customer.customer_id
    books, ids, buyers = Books(connection), family(connection, present), BuyerStore(connection)
    kept = buyers.of_customers(ids)
    profile = {name: value for name, value in _plain(customer).items() if name not in _NOT_ABOUT_THEM}
    lists, following = piece(connection, present, None)
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
        "sealed_records": [_plain(buyers.find(each.record_id) if sealed else each) for each in kept],
        **lists,
    }, following


def piece(connection: Connection, customer_id: CustomerId, after: str | None) -> tuple[dict[str, Any], str | None]:
    """So much of the long lists, each newest first, and what asks for the rest.

    Rejections:
        CustomerNotFound: there is no such customer.
        Malformed: ``after`` is not from the piece before.
    """
    name, _, place = (after or f"{LISTS[0]}:").partition(":")
    if name not in LISTS:
        raise _not_from_before()
    document: dict[str, Any] = {}
    room, start = A_PIECE, place or None
    for each in LISTS[LISTS.index(name) :]:
        document[each], rest = _READ[each](connection, customer_id, start, room)
        if rest is not None:
            return document, f"{each}:{rest}"
        room, start = room - len(document[each]), None
    return document, None


def _ledger_entries(
    connection: Connection, customer_id: CustomerId, before: str | None, room: int
) -> tuple[Rows, str | None]:
    """Those that are theirs, wherever they stand since a merge; what was another one's is in the other one's copy."""
    books, ids = Books(connection), family(connection, customer_id)
    holders = [(ledger, holder) for ledger in LEDGERS for holder in (*ids, *books.owners.holders_of(ids))]
    below: int | None = None
    if before is not None:
        at = _BEFORE_ENTRY.fullmatch(before)
        if at is None or (at[1], at[2]) not in holders:
            raise _not_from_before()
        holders = holders[holders.index((at[1], at[2])) :]  # type: ignore[arg-type] # it is among them
        below = int(at[3])
    rows: Rows = []
    for ledger, holder in holders:
        parts = books.owners.parts_of_entries(ledger, holder)
        most = room - len(rows) + 1 if not parts else ALL
        for entry in books.ledgers.page(ledger, holder, most, below):
            whose = parts.get((ledger, holder, entry.number), ((None, entry.amount),))
            theirs = sum(amount for owner, amount in whose if (owner or holder) in ids)
            if not theirs and (entry.amount or holder not in ids):
                continue
            if len(rows) == room:
                return rows, f"{ledger}/{holder}/{entry.number + 1}"
            own: dict[str, Any] = {"amount": theirs}
            if holder not in ids:
                own["balance"] = None
            if entry.sale_id is not None and HistoryStore(connection).is_of_others(entry.sale_id, ids):
                own["sale_id"] = None
            rows.append({"ledger": ledger, **_entry(entry), **own})
        below = None
    return rows, None


def _history(connection: Connection, customer_id: CustomerId, before: str | None, room: int) -> tuple[Rows, str | None]:
    entries, end = HistoryStore(connection).page(
        customer_id, max(1, room), None if before is None else Place.read(before)
    )
    if entries and not room:
        return [], ""
    rows = [{name: value for name, value in _plain(each).items() if name != "staff_id"} for each in entries]
    return rows, None if end is None else end.write()


def _accesses(
    connection: Connection, customer_id: CustomerId, before: str | None, room: int
) -> tuple[Rows, str | None]:
    if before is not None and not _BEFORE_NOTE.fullmatch(before):
        raise _not_from_before()
    log = AccessStore(connection).page(customer_id, max(1, room), None if before is None else int(before))
    if log.notes and not room:
        return [], ""
    return [{"kind": each.kind, "at": each.at} for each in log.notes], None if log.next is None else str(log.next)


_READ: dict[str, Callable[[Connection, CustomerId, str | None, int], tuple[Rows, str | None]]] = {
    "ledger_entries": _ledger_entries,
    "history": _history,
    "accesses": _accesses,
}
LISTS = tuple(_READ)
"""The lists that may be long, in the order in which they come."""


def _not_from_before() -> Malformed:
    return Malformed(field="$.next", rule="'next' is taken from the part before as it stands there")


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    shown = ("kind", "amount", "balance", "day", "sale_id", "expires_on", "due_on")
    return {name: getattr(entry, name) for name in shown}


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)
