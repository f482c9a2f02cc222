"""What checkout owns: the sale as it stands. Its neighbours hold what is asked of a sale and what is told of it."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from contracts.base import Message, PrivateState, Rejection, Reply
from contracts.customers import GroupId, LanguageCode
from contracts.customers.balances import Reserved
from contracts.customers.privacy.keeping import BuyerRecordId, SealReason
from contracts.customers.profile import CustomValue, FieldId
from contracts.ids import (
    CountryCode,
    CurrencyCode,
    CustomerId,
    Day,
    DecisionId,
    ItemCode,
    LineItemId,
    ReceiptNumber,
    RedemptionId,
    RegisterId,
    SaleId,
    Segment,
    StaffId,
    TaxClassCode,
    TenderId,
    Timestamp,
)
from contracts.money import Amount, BasisPoints, Quantity, Rate
from contracts.policy import TenderKind, TransactionKind
from contracts.policy.checking import CheckItem, Outcome, RuleKind, SkipReason

LineKind = Literal[
    "goods",
    "service",
    "deposit",
    "deposit_return",
    "discount",
    "surcharge",
    "tip",
    "voucher_issue_single",
    "voucher_issue_multi",
    "advance_in",
    "advance_settled",
    "account_payment",
    "cash_in",
    "cash_out",
    "cash_difference",
    "rounding",
]
NO_TURNOVER: frozenset[LineKind] = frozenset(
    {"voucher_issue_multi", "account_payment", "cash_in", "cash_out", "cash_difference", "rounding"}
)
"""Kinds of line that sell nothing: money for what is sold another time, or was sold before, or that only moves."""
NOT_FOR_SINGLE_PURPOSE: frozenset[LineKind] = NO_TURNOVER | {"voucher_issue_single"}
"""Kinds of line that no single-purpose voucher pays for: it was sold for goods or services, not for another voucher."""
TaxTreatment = Literal["taxed", "zero", "exempt", "outside_scope"]
TenderState = Literal["requested", "approved", "declined", "unknown", "reversed"]
SaleStatus = Literal["open", "parked", "completed", "voided", "aborted"]
Flag = Literal[
    "policy_unsatisfied",
    "policy_unavailable",
    "clock_unsure",
    "offline",
    "unsatisfied_offline",
]
ReceiptWanted = Literal["print", "none"]
SerialText = Annotated[
    str, Meta(pattern=r"^[\x21-\x7e]{1,64}$(?!\n)", description="What makes one piece of an item known.")
]
ItemText = Annotated[str, Meta(pattern=r"^[\x21-\x7e]{1,128}$(?!\n)", description="An item's code or barcode.")]


class LineTax(Message, frozen=True):
    """The tax on a line item, or on its part of one class. ``rate`` is a percentage."""

    tax_class: TaxClassCode
    treatment: TaxTreatment
    rate: Rate
    country: CountryCode
    net: Amount
    tax: Amount
    gross: Amount


class Share(Message, frozen=True):
    """One staff member's part of a line item's credit; the parts of a line add up to 10000."""

    staff_id: StaffId
    basis_points: BasisPoints


class LineItem(Message, frozen=True):
    """One line of a sale. ``amount`` is ``quantity`` times ``unit_price`` less ``discount``, tax included.

    ``redeemed`` is what of the discount the customer's points pay for. A linked charge (a bottle deposit) names the
    line it follows in ``follows``. An ``account_payment`` has no item and no name: whoever shows it names it in the
    reader's language. ``custom`` are the fields that the shop defined for lines.
    """

    line_item_id: LineItemId
    kind: LineKind
    item: ItemCode | None
    name: str
    quantity: Quantity
    unit_price_listed: Amount
    unit_price: Amount
    discount: Amount
    amount: Amount
    taxes: tuple[LineTax, ...]
    supply_date: Day
    attribution: tuple[Share, ...] = ()
    follows: LineItemId | None = None
    serial_numbers: tuple[str, ...] = ()
    warranty_until: Day | None = None
    redeemed: Amount = 0
    custom: dict[FieldId, CustomValue] = field(default_factory=dict)


class Tender(Message, frozen=True):
    """One way the sale is paid. ``amount`` counts towards the total; ``tendered`` less ``change`` is that amount.

    ``rounding`` is what cash rounding added to or took from the total when this tender settled it; ``reserved`` is
    the balance that this tender spends. ``settled_tax`` is the tax in what a single-purpose voucher pays, at the rate
    of the lines it pays for: it was settled when the voucher was sold, so the sale owes its lines' tax less this.
    """

    tender_id: TenderId
    kind: TenderKind
    state: TenderState
    amount: Amount
    tendered: Amount
    change: Amount = 0
    rounding: Amount = 0
    reserved: Reserved | None = None
    settled_tax: LineTax | None = None


class Redemption(Message, frozen=True):
    """Points of the sale's customer that come off its lines as a discount, which share ``amount`` as ``redeemed``.

    ``amount`` is never more than goods and services come to, so it may be less than what was asked for while lines are
    taken off; ``reserved.units`` are the points that it is.
    """

    redemption_id: RedemptionId
    amount: Amount
    reserved: Reserved


class RateTotal(Message, frozen=True):
    """What a sale holds of one tax rate."""

    tax_class: TaxClassCode
    treatment: TaxTreatment
    rate: Rate
    country: CountryCode
    net: Amount
    tax: Amount
    gross: Amount


class Totals(Message, frozen=True):
    """What a sale comes to. ``total`` is tax included and before cash rounding; ``due`` is what is left to pay."""

    total: Amount
    net: Amount
    tax: Amount
    rounding: Amount
    paid: Amount
    change: Amount
    due: Amount
    rates: tuple[RateTotal, ...]


class Decision(Message, frozen=True):
    """What policy answered about this sale; ``held`` once a tender was taken on it.

    ``unavailable``, without a revision, is that policy did not answer.
    """

    decision_id: DecisionId
    outcome: Outcome | Literal["unavailable"]
    settings_revision: int | None
    items: tuple[CheckItem, ...]
    held: bool = False


class Skip(Message, frozen=True):
    """A prompt that staff skipped, while the present customer was attached."""

    field: RuleKind
    code: Segment
    reason: SkipReason
    staff_id: StaffId


class Waiver(Message, frozen=True):
    """A required rule that somebody let pass, while the present customer was attached."""

    field: RuleKind
    code: Segment
    staff_id: StaffId
    approved_by: StaffId


class Sale(Reply, frozen=True):
    """A sale as it stands. It names its customer and staff by id only. Times are UTC.

    ``attribution_version`` rises with each change of the credit after completion. ``sealed_buyer_id`` is the record of
    who bought, where the law wants that known, and ``sealed_reason`` why it does. ``custom`` are the fields that the
    shop defined for sales. They may hold a person's data, so an answer with any is never stored.
    """

    sale_id: SaleId
    register: RegisterId
    revision: int
    status: SaleStatus
    transaction_kind: TransactionKind
    currency: CurrencyCode
    business_day: Day
    started_at: Timestamp
    cashier: StaffId
    lines: tuple[LineItem, ...]
    tenders: tuple[Tender, ...]
    totals: Totals
    customer_id: CustomerId | None = None
    decision: Decision | None = None
    flags: tuple[Flag, ...] = ()
    transaction_number: int | None = None
    receipt_number: ReceiptNumber | None = None
    ended_at: Timestamp | None = None
    skips: tuple[Skip, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    attribution_version: int = 1
    customer_group: GroupId | None = None
    redemption: Redemption | None = None
    sealed_buyer_id: BuyerRecordId | None = None
    sealed_reason: SealReason | None = None
    custom: dict[FieldId, CustomValue] = field(default_factory=dict)

    @property
    def is_personal(self) -> bool:
        """Whether something stands in its custom fields, or in those of a line."""
        return bool(self.custom) or any(line.custom for line in self.lines)


class SaleNotFound(Rejection):
    """This store has no sale with that id on this register."""


class SaleNotOpen(Rejection):
    """The sale is completed, parked or voided and takes no change."""


class SaleNotCompleted(Rejection):
    """The sale has no receipt: it is still open, or it was voided."""


class SaleBeingPaid(Rejection):
    """The sale is being paid; remove its tenders before changing lines or customer."""


class LineItemNotFound(Rejection):
    """The sale has no such line item."""


class RegisterSale(PrivateState, frozen=True):
    """The sale that is open on a register, None when there is none. ``language`` is the shop's.

    Devices shows its lines on the register's customer line display.
    """

    thing: ClassVar = "sale"
    read_by = ("devices",)

    revision: int
    sale: Sale | None
    language: LanguageCode = "en"
