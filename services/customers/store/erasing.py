"""Everything that forgets a customer, called one after another; whoever keeps personal data adds its eraser here."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete

from contracts.ids import CustomerId
from services.customers.store.customers import CustomerStore
from services.customers.store.importing import forget_marks
from services.customers.store.ledger_tables import account_terms, loyalty_member, loyalty_sale
from services.customers.store.merging import MergeStore

Eraser = Callable[[Connection, CustomerId, datetime], None]


def forget(connection: Connection, customer_id: CustomerId, at: datetime) -> None:
    """Forget all that is known of a customer."""
    for erase in ERASERS:
        erase(connection, customer_id, at)


def _records(connection: Connection, customer_id: CustomerId, at: datetime) -> None:
    CustomerStore(connection).erase(customer_id, at)


def _standing(connection: Connection, customer_id: CustomerId, at: datetime) -> None:  # noqa: ARG001 - an eraser
    """Membership and account end, so that a sale that comes late earns nothing; nor does its return take anything."""
    for table in (loyalty_member, loyalty_sale, account_terms):
        connection.execute(delete(table).where(table.c.customer_id == customer_id))


def _merges(connection: Connection, customer_id: CustomerId, at: datetime) -> None:  # noqa: ARG001 - an eraser
    MergeStore(connection).erase(customer_id)


ERASERS: tuple[Eraser, ...] = (_merges, forget_marks, _standing, _records)
"""In this order: what is looked for by the record comes before the record. The last one leaves the id."""
