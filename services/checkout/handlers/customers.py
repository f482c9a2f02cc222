"""Whose sale it is: a customer is attached, and what becomes known of them later reaches open sales."""

from typing import NamedTuple

from contracts.checkout import AttachCustomer, Sale
from contracts.customers import CustomerChanged, CustomerFacts, GetCustomerFacts
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.requester import Ask


class Known(NamedTuple):
    """What was prepared: what policy may know of the customer, and how many changes had been heard before."""

    facts: CustomerFacts
    asked_at: int


async def prepare_attach_customer(command: AttachCustomer, view: CheckoutView, ask: Ask) -> Known | None:
    """Ask the customers service what policy may know of them.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    if command.customer_id is None:
        return None
    asked_at = view.changes_heard
    read = await ask(GetCustomerFacts(command.customer_id))
    return Known(read.facts, asked_at)


def attach_customer(command: AttachCustomer, known: Known | None, tx: CheckoutTx) -> Sale:
    """Say whose sale it is. What was decided about the sale before is decided afresh.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    if known is not None:
        tx.prove_newest(known.facts, known.asked_at)
    opened.sale.attach_customer(None if known is None else known.facts)
    return tx.keep(opened)


def on_customer_changed(event: CustomerChanged, tx: CheckoutTx) -> None:
    """Open sales of the customer know it at once."""
    tx.refresh_customer(event.facts)
