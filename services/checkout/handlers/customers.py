"""Whose sale it is: a customer is attached, and what becomes known of them later reaches open sales."""

from typing import NamedTuple

from contracts.checkout import Sale
from contracts.checkout.selling import AttachCustomer
from contracts.customers import CustomerChanged, CustomerFacts, GetCustomerFacts
from services.checkout.handlers.checks import Asked, as_read, ask_policy, decide
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.requester import Ask
from services.runtime.transactions import StaleFacts


class Attaching(NamedTuple):
    """The revision a sale was read at, what policy may know of the customer, and what policy says of the two.

    ``changes_heard`` is how many changes of customers had been heard before. ``asked`` is None for a sale that
    policy was never asked about.
    """

    revision: int
    customer: CustomerFacts | None
    changes_heard: int
    asked: Asked | None


async def prepare_attach_customer(command: AttachCustomer, view: CheckoutView, ask: Ask) -> Attaching:
    """Ask the customers service what policy may know of them, and policy about them if it was asked before.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid.
        CustomerNotFound: there is no such customer.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_not_being_paid()
    changes_heard = view.changes_heard
    customer = None if command.customer_id is None else (await ask(GetCustomerFacts(command.customer_id))).facts
    if not sale.checking.was_asked:
        return Attaching(sale.revision, customer, changes_heard, None)
    sale.attach_customer(customer)
    asked = await ask_policy(sale, sale.checking.tender_kind, command.language, view, ask)
    return Attaching(sale.revision, customer, changes_heard, asked)


def attach_customer(command: AttachCustomer, attaching: Attaching, tx: CheckoutTx) -> Sale:
    """Say whose sale it is. A sale that was checked has a fresh decision at once; none is shown if policy is away.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid.
    """
    if attaching.asked is None:
        opened = tx.sales.get(command.sale_id, tx.register)
        if opened.sale.checking.was_asked:
            raise StaleFacts
    else:
        opened = as_read(command.sale_id, attaching.revision, tx)
    if attaching.customer is not None:
        tx.prove_newest(attaching.customer, attaching.changes_heard)
    opened.sale.attach_customer(attaching.customer)
    if attaching.asked is not None:
        decide(opened.sale, attaching.asked, tx, for_payment=False)
    return tx.keep(opened)


def on_customer_changed(event: CustomerChanged, tx: CheckoutTx) -> None:
    """Open sales of the customer know it at once."""
    tx.refresh_customer(event.facts)
