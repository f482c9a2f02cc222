"""A sale is opened and filled: line items, their quantities, and who gets the credit."""

from contracts.checkout import Sale
from contracts.checkout.account_payments import AddAccountPayment
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.selling import (
    AddLineItem,
    OpenSale,
    RegisterHasOpenSale,
    RemoveLineItem,
    SetQuantity,
)
from contracts.ids import RegisterId
from contracts.policy.checking import CheckoutFacts
from services.checkout.handlers.checks import Asked, ask_with, decide
from services.checkout.model.sale import OpenedSale
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.asking import Ask
from services.runtime.clock import stamp
from services.runtime.transactions import StaleFacts


async def prepare_open_sale(command: OpenSale, view: CheckoutView, ask: Ask) -> Asked:
    """Ask policy about a sale that holds nothing yet."""
    facts = CheckoutFacts(
        sale_id=command.sale_id,
        register=RegisterId(view.caller),
        transaction_kind="sale",
        total=0,
        goods_lines=0,
        unattributed_lines=0,
        signed_on=view.claims is not None,
    )
    return await ask_with(facts, command.language, view, ask)


def open_sale(command: OpenSale, asked: Asked | None, tx: CheckoutTx) -> Sale:
    """Begin a sale on the asking register; it takes the register's next transaction number.

    It is opened at once, without ``asked``, unless the store's settings have policy asked at the start. Where policy
    is away the sale is opened without a decision: money waits for one anyway. Whoever opens it is signed on, heard of
    or not: so a scan that follows is known to be somebody's.

    Rejections:
        SaleExists: there was a sale with that id before.
        RegisterHasOpenSale: another one is open on the register.
    """
    already = tx.sales.open_on(tx.register)
    if already is not None and already.sale.sale_id != command.sale_id:
        raise RegisterHasOpenSale(sale_id=already.sale.sale_id)
    if asked is None and tx.known_policy.moment == "at_start":
        raise StaleFacts
    tx.learn_who_is_here()
    numbers = tx.registers.take_opening_numbers(tx.register, tx.ids.new())
    sale = OpenedSale(
        sale_id=command.sale_id,
        register=tx.register,
        currency=tx.settings.currency,
        business_day=tx.business_day(),
        started_at=stamp(tx.now),
        cashier=tx.staff_id,
        transaction_number=numbers.transaction_number,
        flags=["clock_unsure"] if tx.is_clock_unsure() else [],
    )
    header = tx.header._replace(register_serial=numbers.serial)
    if asked is not None:
        decide(sale, asked, tx, for_payment=False)
    return tx.show_opened(tx.sales.add(sale, header, numbers.state_base))


def add_line_item(command: AddLineItem, tx: CheckoutTx) -> Sale:
    """Put one more line item on an open sale, with its linked charges, at today's price and tax.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, ItemNotFound, ItemHasNoPrice, LineItemExists,
        QuantityInvalid, AmountTooLarge, TooManyLineItems.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    item = tx.items.find(command.item)
    charges = tx.charges(item, command.line_item_id)
    opened.sale.add_line_item(
        command.line_item_id, tx.priced(item), command.quantity, tx.day, charges, serial_numbers=command.serial_numbers
    )
    return tx.keep(opened)


def add_account_payment(command: AddAccountPayment, tx: CheckoutTx) -> Sale:
    """Take a payment on the account of the sale's customer; it is booked once the sale is completed.

    What they owe is not asked for: who pays too much has that to buy for, and without the customers service a payment
    is taken all the same.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, CustomerMissing, LineItemExists, AmountTooLarge, TooManyLineItems.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    opened.sale.add_account_payment(command.line_item_id, command.amount, tx.settings.country, tx.day)
    return tx.keep(opened)


def set_quantity(command: SetQuantity, tx: CheckoutTx) -> Sale:
    """Sell more or less of a line item; less is a line removed in part and needs the same permission.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, LineItemNotFound, LineItemFollows, QuantityInvalid, AmountTooLarge.
        PermissionDenied, ApprovalNeeded, ApprovalInvalid: it is less, and the person may not.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    is_less = opened.sale.set_quantity(command.line_item_id, command.quantity)
    if is_less:
        tx.prove_may("sale.remove_line")
    return tx.keep(opened)


def remove_line_item(command: RemoveLineItem, tx: CheckoutTx) -> Sale:
    """Take a line item and its linked charges off.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, LineItemNotFound, LineItemFollows.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    opened.sale.remove_line_item(command.line_item_id)
    return tx.keep(opened)


def attribute_lines(command: AttributeLines, tx: CheckoutTx) -> Sale:
    """Give the credit for the named line items, or for all that a staff member can sell.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, LineItemNotFound, SharesInvalid.
        StaffUnknown: somebody named does not work here.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    tx.prove_staff(command.shares)
    opened.sale.attribute_lines(command.shares, command.line_item_ids)
    return tx.keep(opened)
