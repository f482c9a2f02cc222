"""What a scanner read at a register becomes of its open sale: an item on it, its customer, or the credit for its lines.

**An item goes before a customer.** A shop that has no rule for its customers' codes has each scanned as an item: the
code is looked for among the items first, and only where no item has it is a customer with exactly that code attached.
A code that a rule calls a customer's, or a badge's, is looked for nowhere else.

A scanner has no token and no reader for rejections: what it does is done by whoever is signed on at its register, and
why it did nothing is an outcome. Nobody waits for long: customers and staff are asked once, for half a second.
"""

from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from contracts.base import Rejection
from contracts.checkout import SaleBeingPaid
from contracts.checkout.catalogue import Item, ItemNotFound
from contracts.checkout.selling import (
    AccountPaymentStands,
    AmountTooLarge,
    ApplyScan,
    ItemHasNoPrice,
    LineItemExists,
    ScanApplied,
    ScanOutcome,
    TooManyLineItems,
)
from contracts.customers import CodeBlocked, CodeText, CustomerNotFound
from contracts.customers.asking import GetFactsByCode
from contracts.ids import LineItemId, SaleId, StaffId
from contracts.staff import BadgeText, StaffNotFound
from contracts.staff.signing_on import IdentifyBadge
from services.checkout.handlers.customers import Attaching, attach, prepare_attaching
from services.checkout.store.sales import Opened
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.asking import Ask
from services.runtime.transactions import StaleFacts

PATIENCE: Final[dict[str, Any]] = {"patience_s": 0.5, "attempts": 1}
OUTCOMES: dict[type[Rejection], ScanOutcome] = {
    SaleBeingPaid: "being_paid",
    ItemNotFound: "unknown_item",
    ItemHasNoPrice: "no_price",
    AmountTooLarge: "too_much",
    TooManyLineItems: "too_much",
    LineItemExists: "line_added",
    CustomerNotFound: "unknown_customer",
    CodeBlocked: "code_blocked",
    AccountPaymentStands: "pays_account",
    StaffNotFound: "unknown_badge",
}
"""What a register would be refused is an outcome to a scanner; a line that is there came from this very scan."""


class Scanned(NamedTuple):
    """On which sale a code was scanned, and whose it is: a customer's, a staff member's, or why it is nobody's."""

    sale_id: SaleId
    attaching: Attaching | None = None
    staff_id: StaffId | None = None
    nobody: ScanOutcome = "unknown_item"


async def prepare_apply_scan(command: ApplyScan, view: CheckoutView, ask: Ask) -> Scanned | None:
    """Ask whose code it is, if it is no item's; None where no sale is open that could change.

    Rejections:
        Unavailable: customers or staff do not answer, so that nobody knows whose code it is.
    """
    signed_on, sale = view.scanned_at(command.register), await view.open_here()
    if sale is None or sale.tenders or signed_on is None or not signed_on.sells:
        return None
    try:
        if command.kind == "staff_badge":
            asked_staff = IdentifyBadge(_card(command.text, BadgeText, StaffNotFound))
            owner = await ask(asked_staff, expects=(StaffNotFound,), **PATIENCE)
            return Scanned(sale.sale_id, staff_id=owner.staff_id)
        changes_heard = view.changes_heard
        asked = GetFactsByCode(_card(command.text, CodeText, CustomerNotFound))
        found = await ask(asked, expects=(CustomerNotFound, CodeBlocked), **PATIENCE)
        attaching = await prepare_attaching(sale, found.facts, changes_heard, view.settings.language, view, ask)
    except (CustomerNotFound, CodeBlocked, StaffNotFound, AccountPaymentStands) as nobody:
        no_item = command.kind == "item" and isinstance(nobody, CustomerNotFound)
        return Scanned(sale.sale_id, nobody="unknown_item" if no_item else OUTCOMES[type(nobody)])
    return Scanned(sale.sale_id, attaching)


def apply_scan(command: ApplyScan, scanned: Scanned | None, tx: CheckoutTx) -> ScanApplied:
    """Do with the register's open sale what was scanned; an item at once, as a line whose id follows from the scan's.

    A register without an open sale gets none by a scan, and one at which nobody is signed on, or nobody who may sell,
    is left alone.
    """
    opened = tx.sales.open_on(command.register)
    if opened is None:
        return ScanApplied("no_open_sale")
    sale_id = opened.sale.sale_id
    signed_on = tx.scanned_at(command.register)
    if signed_on is None or not signed_on.sells:
        return ScanApplied("nobody_signed_on" if signed_on is None else "may_not_sell", sale_id)
    tx.use_scanned()
    try:
        opened.sale.prove_not_being_paid()
        item = _item(command, tx)
        if item is not None:
            return ScanApplied(_add(item, command, opened, tx), sale_id)
        if scanned is None or scanned.sale_id != sale_id:
            raise StaleFacts
        return ScanApplied(_apply_card(scanned, opened, tx), sale_id)
    except tuple(OUTCOMES) as rejection:
        return ScanApplied(OUTCOMES[type(rejection)], sale_id)


def _card(text: str, form: Any, nobody: type[Rejection]) -> str:
    """The code of a card or a badge, if it may be one.

    Rejections:
        ``nobody``: none looks like that.
    """
    try:
        return str(msgspec.convert(text, form))
    except msgspec.ValidationError:
        raise nobody from None


def _item(command: ApplyScan, tx: CheckoutTx) -> Item | None:
    """The item that was scanned; None where it is no item's code."""
    if command.kind != "item":
        return None
    try:
        return tx.items.find(command.text)
    except ItemNotFound:
        return None


def _add(item: Item, command: ApplyScan, opened: Opened, tx: CheckoutTx) -> ScanOutcome:
    line_item_id = LineItemId(tx.ids.derived(command.scan_id, "line"))
    charges = tx.charges(item, line_item_id)
    opened.sale.add_line_item(line_item_id, tx.priced(item), Decimal(1), tx.day, charges)
    tx.keep(opened)
    return "line_added"


def _apply_card(scanned: Scanned, opened: Opened, tx: CheckoutTx) -> ScanOutcome:
    """Attach the customer or name the staff member; staff said that they work here."""
    if scanned.attaching is not None:
        attach(scanned.sale_id, scanned.attaching, tx)
        return "customer_attached"
    if scanned.staff_id is None:
        return scanned.nobody
    if not opened.sale.name_seller(scanned.staff_id):
        return "nothing_to_credit"
    tx.keep(opened)
    return "staff_named"
