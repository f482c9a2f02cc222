"""Whose sale it is: a customer is attached, a new one, too, and what befalls them later reaches open sales."""

from typing import NamedTuple

from contracts.checkout import Sale
from contracts.checkout.selling import AttachCustomer, AttachNewCustomer
from contracts.customers import CustomerFacts, LanguageCode
from contracts.customers.asking import CustomerChanged, GetCustomerFacts
from contracts.customers.merging import CustomersMerged, CustomersParted
from contracts.customers.privacy.telling import CustomerErased
from contracts.ids import SaleId
from services.checkout.handlers.checks import Asked, as_read, ask_policy, decide
from services.checkout.model.sale import OpenedSale
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.asking import Ask
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
        SaleNotFound, SaleNotOpen, SaleBeingPaid, AccountPaymentStands.
        CustomerNotFound: there is no such customer.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_not_being_paid()
    changes_heard = view.changes_heard
    customer = None if command.customer_id is None else (await ask(GetCustomerFacts(command.customer_id))).facts
    return await prepare_attaching(sale, customer, changes_heard, command.language, view, ask)


def attach_customer(command: AttachCustomer, attaching: Attaching, tx: CheckoutTx) -> Sale:
    """Say whose sale it is. A sale that was checked has a fresh decision at once; none is shown if policy is away.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, AccountPaymentStands.
    """
    return attach(command.sale_id, attaching, tx)


async def prepare_attach_new_customer(command: AttachNewCustomer, view: CheckoutView, ask: Ask) -> Attaching:
    """Have the customers service put them on file, by the register's own token, and go on as with any customer.

    The sale is looked at first: nobody is put on file for one that takes no customer. Nothing of what was typed stays
    here: it is passed on, the command is remembered by a keyed hash, and refusals are kept by the customers service.
    Who was put on file before a crash is found by the repeated command, under the same id.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, AccountPaymentStands.
        CustomerExists, CustomerIncomplete, ContactInvalid, DetailInvalid, CodeTaken, GroupNotFound,
        PossibleDuplicate, PermissionDenied, ApprovalNeeded, ApprovalInvalid, Malformed: as ``create-customer``.
        CustomerNotFound: they were erased between two tries.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_takes_another_customer()
    made = await ask.pass_on(command.customer)
    changes_heard = view.changes_heard
    facts = (await ask(GetCustomerFacts(made.customer_id))).facts
    return await prepare_attaching(sale, facts, changes_heard, command.language, view, ask)


def attach_new_customer(command: AttachNewCustomer, attaching: Attaching, tx: CheckoutTx) -> Sale:
    """Say that the sale is the new customer's.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, AccountPaymentStands.
    """
    return attach(command.sale_id, attaching, tx)


async def prepare_attaching(  # noqa: PLR0913, PLR0917 - a sale, a customer, and how to ask about the two
    sale: OpenedSale,
    customer: CustomerFacts | None,
    changes_heard: int,
    language: LanguageCode,
    view: CheckoutView,
    ask: Ask,
) -> Attaching:
    """Ask policy about a sale with that customer, if it was asked about the sale before.

    Rejections:
        SaleBeingPaid.
    """
    if not sale.checking.was_asked:
        return Attaching(sale.revision, customer, changes_heard, None)
    sale.attach_customer(customer)
    asked = await ask_policy(sale, sale.checking.tender_kind, language, view, ask)
    return Attaching(sale.revision, customer, changes_heard, asked)


def attach(sale_id: SaleId, attaching: Attaching, tx: CheckoutTx) -> Sale:
    """Put the customer on the sale, with what policy said of the two.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, AccountPaymentStands.

    Raises:
        StaleFacts: the sale has moved since policy was asked, or the customer since the customers service was.
    """
    if attaching.asked is None:
        opened = tx.sales.get(sale_id, tx.register)
        if opened.sale.checking.was_asked:
            raise StaleFacts
    else:
        opened = as_read(sale_id, attaching.revision, tx)
    if attaching.customer is not None:
        tx.prove_newest(attaching.customer, attaching.changes_heard)
    opened.sale.attach_customer(attaching.customer)
    if attaching.asked is not None:
        decide(opened.sale, attaching.asked, tx, for_payment=False)
    return tx.keep(opened)


def on_customer_changed(event: CustomerChanged, tx: CheckoutTx) -> None:
    """Open sales of the customer know it at once."""
    tx.refresh_customer(event.facts)


def on_customers_merged(event: CustomersMerged, tx: CheckoutTx) -> None:
    """Open sales of the loser are the survivor's. Completed ones keep the id that they were completed with."""
    tx.hear_merge(event.merge_id, event.loser_id, event.facts)


def on_customers_parted(event: CustomersParted, tx: CheckoutTx) -> None:
    """Open sales that a merge had made the survivor's are the loser's again, unless somebody was attached since.

    Sales that were opened meanwhile stay the survivor's: who of the two is standing there nobody knows.
    """
    tx.hear_parting(event.merge_id, event.survivor_id, event.facts)


def on_customer_erased(event: CustomerErased, tx: CheckoutTx) -> None:
    """Open sales of the customer are nobody's; one that is being paid goes on without them, reserved balances and all.

    Completed ones keep the id, which leads to nobody any more.
    """
    for customer_id in event.customer_ids:
        tx.hear_erasure(customer_id)
