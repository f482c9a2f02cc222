"""The first entries of new customers' ledgers, many at once: nothing was booked there before, and nothing is kept."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, insert

from contracts.customers.balances import CustomerLedger
from services.customers.store.ledger_tables import ledger_balance, ledger_entry, loyalty_member
from services.customers.store.ledgers import NewEntry
from services.runtime.prepared import Prepared

_ENTRY = Prepared(insert(ledger_entry))
_BALANCE = Prepared(insert(ledger_balance))
_MEMBER = Prepared(insert(loyalty_member))


class FirstEntry(NamedTuple):
    """What is booked first in a ledger."""

    ledger: CustomerLedger
    holder_id: str
    new: NewEntry


def book_first(connection: Connection, entries: Sequence[FirstEntry]) -> None:
    """Book first entries; each holder's ledger holds nothing yet."""
    _ENTRY.run_for(
        connection,
        [
            {
                "ledger": each.ledger,
                "holder_id": each.holder_id,
                "number": 1,
                "balance": each.new.amount,
                **msgspec.structs.asdict(each.new),
            }
            for each in entries
        ],
    )
    _BALANCE.run_for(
        connection,
        [
            {
                "ledger": each.ledger,
                "holder_id": each.holder_id,
                "balance": each.new.amount,
                "reserved": 0,
                "entries": 1,
                "expires_on": None,
                "active_at": each.new.at,
            }
            for each in entries
        ],
    )


def join_first(connection: Connection, customer_ids: Sequence[str], terms_version: str, at: str) -> None:
    """Keep that customers who were in no programme here are members, without a bonus."""
    _MEMBER.run_for(
        connection,
        [
            {
                "customer_id": each,
                "number": 1,
                "terms_version": terms_version,
                "joined_at": at,
                "bonus": 0,
                "transfer_id": None,
            }
            for each in customer_ids
        ],
    )
