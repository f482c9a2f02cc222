"""A sale is opened and filled: line items, their quantities, who gets the credit, and scans."""

from decimal import Decimal

from contracts.base import Rejection
from contracts.checkout import Sale, SaleBeingPaid
from contracts.checkout.catalogue import ItemNotFound
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.selling import (
    AddLineItem,
    AmountTooLarge,
    ApplyScan,
    ItemHasNoPrice,
    LineItemExists,
    OpenSale,
    RegisterHasOpenSale,
    RemoveLineItem,
    ScanApplied,
    ScanOutcome,
    SetQuantity,
    TooManyLineItems,
)
from contracts.ids import LineItemId, RegisterId
from contracts.policy import CheckoutFacts
from services.checkout.handlers.checks import Asked, ask_with, decide
from services.checkout.model.sale import OpenedSale
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.clock import stamp
from services.runtime.requester import Ask
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
    is away the sale is opened without a decision: money waits for one anyway.

    Rejections:
        SaleExists: there was a sale with that id before.
        RegisterHasOpenSale: another one is open on the register.
    """
    already = tx.sales.open_on(tx.register)
    if already is not None and already.sale.sale_id != command.sale_id:
        raise RegisterHasOpenSale(sale_id=already.sale.sale_id)
    if asked is None and tx.known_policy.moment == "at_start":
        raise StaleFacts
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


SCAN_OUTCOMES: dict[type[Rejection], ScanOutcome] = {
    SaleBeingPaid: "being_paid",
    ItemNotFound: "unknown_item",
    ItemHasNoPrice: "no_price",
    AmountTooLarge: "too_much",
    TooManyLineItems: "too_much",
    LineItemExists: "line_added",
}
"""What a register would be refused is an outcome to a scanner; a line that is there came from this very scan."""


def apply_scan(command: ApplyScan, tx: CheckoutTx) -> ScanApplied:
    """Put what was scanned on the register's open sale, as a line whose id follows from the scan's."""
    opened = tx.sales.open_on(command.register)
    if opened is None:
        return ScanApplied("no_open_sale")
    line_item_id = LineItemId(tx.ids.derived(command.scan_id, "line"))
    try:  # a scanner has no reader for rejections: its register is told the outcome
        item = tx.items.find(command.text)
        charges = tx.charges(item, line_item_id)
        opened.sale.add_line_item(line_item_id, tx.priced(item), Decimal(1), tx.day, charges)
    except tuple(SCAN_OUTCOMES) as rejection:
        return ScanApplied(SCAN_OUTCOMES[type(rejection)], opened.sale.sale_id)
    tx.keep(opened)
    return ScanApplied("line_added", opened.sale.sale_id)
