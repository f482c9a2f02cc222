"""Whose sale it is: a customer is attached, and what becomes known of them later reaches open sales."""

from contracts.checkout import AttachCustomer, Sale
from contracts.customers import CustomerChanged, CustomerFacts, GetCustomerFacts
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.requester import Ask


async def prepare_attach_customer(
    command: AttachCustomer,
    view: CheckoutView,  # noqa: ARG001 - every prepare function has one
    ask: Ask,
) -> CustomerFacts | None:
    """Ask the customers service what policy may know of them.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    if command.customer_id is None:
        return None
    read = await ask(GetCustomerFacts(command.customer_id))
    return read.facts


def attach_customer(command: AttachCustomer, facts: CustomerFacts | None, tx: CheckoutTx) -> Sale:
    """Say whose sale it is. What was decided about the sale before is decided afresh.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    opened.sale.attach_customer(facts)
    return tx.keep(opened)


def on_customer_changed(event: CustomerChanged, tx: CheckoutTx) -> None:
    """Open sales of the customer know it at once."""
    tx.refresh_customer(event.facts)
