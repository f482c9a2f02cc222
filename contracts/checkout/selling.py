"""A sale from the first scan to the void: what a register asks while it is open."""

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, Rejection, Reply
from contracts.checkout import ItemText, LineItemNotFound, Sale, SaleBeingPaid, SaleNotFound, SaleNotOpen, SerialText
from contracts.checkout.catalogue import ItemNotFound
from contracts.customers import CreateCustomer, CustomerNotFound, LanguageCode
from contracts.ids import (
    CustomerId,
    Day,
    DeviceId,
    LineItemId,
    RegisterId,
    SaleId,
    ScanId,
    StaffId,
    Timestamp,
)
from contracts.money import Quantity

VoidReason = Literal["customer_left", "mistake", "payment_failed", "test", "other"]
ScannedKind = Literal["item", "customer_code", "staff_badge"]
"""What checkout does something with. A code that is no item's may still be a customer's."""
ScanOutcome = Literal[
    "line_added",
    "customer_attached",
    "staff_named",
    "no_open_sale",
    "nobody_signed_on",
    "may_not_sell",
    "being_paid",
    "unknown_item",
    "no_price",
    "too_much",
    "unknown_customer",
    "code_blocked",
    "pays_account",
    "unknown_badge",
    "nothing_to_credit",
]
"""What a scan did: its first three changed the sale, the others changed nothing.

``line_added``: the item is on the sale. ``customer_attached``: the sale is that customer's, whoever's it was before.
``staff_named``: the badge's owner has the credit for the lines that had none, or for all where each had some.
``no_open_sale``: none is open on the register, and none is opened. ``nobody_signed_on``: the register is locked or
signed off. ``may_not_sell``: whoever is signed on may not, or not without an approval, which no scanner has.
``being_paid``: a tender was taken. ``unknown_item``: no item has the code, nor has an active customer.
``no_price``: the item has none today. ``too_much``: the sale takes no more lines, or no such amount.
``unknown_customer``: no customer has the code. ``code_blocked``: it is a lost card's. ``pays_account``: the
sale takes a payment on the account of another customer. ``unknown_badge``: nobody who
works here has it. ``nothing_to_credit``: the sale has no line that earns credit yet.
"""
ScannedText = Annotated[str, Meta(min_length=1, max_length=512, extra={"secret": True})]
NewCustomer = Annotated[CreateCustomer, Meta(extra={"secret": True})]


class SaleExists(Rejection):
    """A sale with that id was opened before; make a new id for a new sale."""


class RegisterHasOpenSale(Rejection):
    """The register has an open sale; complete, park or void it first."""


class ItemHasNoPrice(Rejection):
    """The item has no price that is valid today."""


class LineItemExists(Rejection):
    """The sale has a line item with that id already; make a new id for a new line."""


class LineItemFollows(Rejection):
    """A linked charge follows its item; change that item instead."""


class SerialsInvalid(Rejection):
    """A line item names each serial number once, and no more of them than it has pieces."""


class QuantityInvalid(Rejection):
    """A quantity is more than 0 and at most 9999, with at most three places."""


class AmountTooLarge(Rejection):
    """The sale would come to more than the register can book."""


class AccountPaymentStands(Rejection):
    """The sale takes a payment on its customer's account; remove that line before it is somebody else's."""


class TooManyLineItems(Rejection):
    """The sale holds as many line items as one sale can; complete it and open another."""


class OpenSale(Command[Sale], frozen=True):
    """Begin a sale on the asking register under an id made by it.

    Where the store's settings ask ``at_start``, the sale has its first ``decision`` at once.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (SaleExists, RegisterHasOpenSale)

    sale_id: SaleId
    language: LanguageCode = "en"


class AddLineItem(Command[Sale], frozen=True):
    """Put one more line item on an open sale, by item code or barcode, with the serial numbers of its pieces."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (
        SaleNotFound,
        SaleNotOpen,
        SaleBeingPaid,
        ItemNotFound,
        ItemHasNoPrice,
        LineItemExists,
        QuantityInvalid,
        SerialsInvalid,
        AmountTooLarge,
        TooManyLineItems,
    )

    sale_id: SaleId
    line_item_id: LineItemId
    item: ItemText
    quantity: Quantity = Decimal(1)
    serial_numbers: Annotated[tuple[SerialText, ...], Meta(max_length=100)] = ()


class SetQuantity(Command[Sale], frozen=True):
    """Change how much of a line item is sold; its linked charges follow. Less of it needs ``sale.remove_line``, too."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (
        SaleNotFound,
        SaleNotOpen,
        SaleBeingPaid,
        LineItemNotFound,
        LineItemFollows,
        QuantityInvalid,
        SerialsInvalid,
        AmountTooLarge,
    )

    sale_id: SaleId
    line_item_id: LineItemId
    quantity: Quantity


class RemoveLineItem(Command[Sale], frozen=True):
    """Take a line item and its linked charges off an open sale."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.remove_line"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid, LineItemNotFound, LineItemFollows)

    sale_id: SaleId
    line_item_id: LineItemId


class AttachCustomer(Command[Sale], frozen=True):
    """Say whose sale it is, or None for nobody's.

    Once the sale was checked, policy is asked about the other customer at once; skips and waivers were about the
    one before and are gone.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid, AccountPaymentStands, CustomerNotFound)

    sale_id: SaleId
    customer_id: CustomerId | None
    language: LanguageCode = "en"


class AttachNewCustomer(Command[Sale], frozen=True):
    """Put a new customer on file and say that the sale is theirs, in one command.

    ``customer`` is what ``create-customer`` takes, with the id that the register made. The customers service is asked
    with the register's own token and approval: it wants ``customer.edit`` and refuses what it would refuse the
    register, by the same codes, fields of ``customer`` named. Somebody found by ``possible-duplicate`` is attached with
    ``attach-customer``. Sent again with the same id it makes no second customer, and attaches the one there is.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (
        SaleNotFound,
        SaleNotOpen,
        SaleBeingPaid,
        AccountPaymentStands,
        CustomerNotFound,
        *CreateCustomer.rejections,
    )

    sale_id: SaleId
    customer: NewCustomer
    language: LanguageCode = "en"


class VoidSale(Command[Sale], frozen=True):
    """End the sale without selling anything; it keeps its data and takes no receipt number."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.void"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid)

    sale_id: SaleId
    reason: VoidReason


class ScanApplied(Reply, frozen=True):
    """What a scan did on its register."""

    outcome: ScanOutcome
    sale_id: SaleId | None = None


class ApplyScan(Command[ScanApplied], frozen=True):
    """A scanner of that register read a code: its open sale gets the item, the customer, or the credit.

    An item goes before a customer of the same code. What is refused is told as the ``outcome``. It is done by whoever
    is signed on there and may sell; only ``unavailable`` may be sent again.
    """

    lane: ClassVar = "register"
    asked_by = ("devices",)

    scan_id: ScanId
    register: RegisterId
    device: DeviceId
    text: ScannedText
    kind: ScannedKind = "item"


class SaleVoided(Event, frozen=True):
    """A sale was ended without selling anything."""

    sale_id: SaleId
    register: RegisterId
    business_day: Day
    voided_at: Timestamp
    cashier: StaffId
    reason: VoidReason
    approved_by: StaffId | None = None
