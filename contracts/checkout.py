"""What checkout owns: sales from the first line item to the receipt, and the items that are sold."""

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, Message, PrivateState, Query, Rejection, Reply
from contracts.customers import CustomerNotFound, GroupId, LanguageCode, RevisionConflict
from contracts.customers.balances import Reserved
from contracts.customers.ledgers import BalanceTooLow, LoyaltyNotJoined, PointsNotTender, PointsWorthless
from contracts.customers.vouchers import VoucherCode, VoucherExpired, VoucherNotFound
from contracts.ids import (
    CountryCode,
    CurrencyCode,
    CustomerId,
    Day,
    DecisionId,
    DeviceId,
    ItemCode,
    LineItemId,
    ReceiptNumber,
    RegisterId,
    SaleId,
    ScanId,
    Segment,
    StaffId,
    TaxClassCode,
    TenderId,
    Timestamp,
)
from contracts.money import Amount, BasisPoints, PositiveAmount, Quantity, Rate
from contracts.policy import (
    CheckItem,
    ChosenSkipReason,
    Level,
    Outcome,
    RuleKind,
    Settled,
    SkipReason,
    TenderKind,
    TransactionKind,
)

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
TaxTreatment = Literal["taxed", "zero", "exempt", "outside_scope"]
TenderState = Literal["requested", "approved", "declined", "unknown", "reversed"]
SaleStatus = Literal["open", "parked", "completed", "voided", "aborted"]
VoidReason = Literal["customer_left", "mistake", "payment_failed", "test", "other"]
Flag = Literal[
    "policy_unsatisfied",
    "policy_unavailable",
    "clock_unsure",
    "offline",
    "unsatisfied_offline",
]
ReceiptWanted = Literal["print", "none"]
ScanOutcome = Literal["line_added", "no_open_sale", "being_paid", "unknown_item", "no_price", "too_much"]
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

    A linked charge (a bottle deposit) names the line it follows in ``follows``.
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


class Tender(Message, frozen=True):
    """One way the sale is paid. ``amount`` counts towards the total; ``tendered`` less ``change`` is that amount.

    ``rounding`` is what cash rounding added to or took from the total when this tender settled it; ``reserved`` is
    the balance that this tender spends.
    """

    tender_id: TenderId
    kind: TenderKind
    state: TenderState
    amount: Amount
    tendered: Amount
    change: Amount = 0
    rounding: Amount = 0
    reserved: Reserved | None = None


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

    ``attribution_version`` rises with each change of the credit after completion.
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


class StaffUnknown(Rejection):
    """Nobody who works here has that id; choose somebody from the staff list."""


class SaleNotFound(Rejection):
    """This store has no sale with that id on this register."""


class SaleExists(Rejection):
    """A sale with that id was opened before; make a new id for a new sale."""


class SaleNotOpen(Rejection):
    """The sale is completed, parked or voided and takes no change."""


class SaleNotCompleted(Rejection):
    """The sale has no receipt: it is still open, or it was voided."""


class RegisterHasOpenSale(Rejection):
    """The register has an open sale; complete, park or void it first."""


class SaleBeingPaid(Rejection):
    """The sale is being paid; remove its tenders before changing lines or customer."""


class NothingToSkip(Rejection):
    """The sale's check prompts for no such detail; ask for the check and skip what it prompts for."""


class NotWaivable(Rejection):
    """The sale's check blocks on no such detail, or the store's settings let nobody waive it."""


class SaleNotPaid(Rejection):
    """The sale is not paid in full; take another tender."""


class SaleEmpty(Rejection):
    """The sale has no line item."""


class ItemNotFound(Rejection):
    """No item has that code or barcode."""


class ItemHasNoPrice(Rejection):
    """The item has no price that is valid today."""


class LineItemNotFound(Rejection):
    """The sale has no such line item."""


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


class TooManyLineItems(Rejection):
    """The sale holds as many line items as one sale can; complete it and open another."""


class SharesInvalid(Rejection):
    """The shares of a line name each staff member once and add up to 10000 basis points."""


class TenderNotFound(Rejection):
    """The sale has no such tender."""


class TenderExists(Rejection):
    """The sale has a tender with that id already; make a new id for a new tender."""


class TooManyTenders(Rejection):
    """The sale is paid in as many tenders as one sale can be; remove some and take more at once."""


class TenderTooLarge(Rejection):
    """Only cash may be more than what is left to pay."""


class CustomerMissing(Rejection):
    """Whoever pays with store credit, points or on account must be the sale's customer; attach them first."""


class NothingToPay(Rejection):
    """Nothing is left to pay on this sale."""


class CheckoutBlocked(Rejection):
    """The checkout lacks details that the store requires; collect them and try again."""

    keep = True


class PolicyUnavailable(Rejection):
    """Policy did not answer, and the store takes no tender without it; try again, or have it approved."""

    keep = True


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
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid, CustomerNotFound)

    sale_id: SaleId
    customer_id: CustomerId | None
    language: LanguageCode = "en"


class AttributeLines(Command[Sale], frozen=True):
    """Say who gets the credit for the named line items, or for all."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid, LineItemNotFound, SharesInvalid, StaffUnknown)

    sale_id: SaleId
    shares: Annotated[tuple[Share, ...], Meta(min_length=1, max_length=20)]
    line_item_ids: tuple[LineItemId, ...] | None = None


class CheckSale(Command[Sale], frozen=True):
    """Ask policy about the sale as payment starts; the answer is the sale's ``decision``."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (SaleNotFound, SaleNotOpen, SaleEmpty, PolicyUnavailable)

    sale_id: SaleId
    tender_kind: TenderKind | None = None
    language: LanguageCode = "en"


class SkipPrompt(Command[Sale], frozen=True):
    """Go on without a detail that is recommended, and say why; policy is asked afresh with that."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid, NothingToSkip)

    sale_id: SaleId
    field: RuleKind
    reason: ChosenSkipReason
    language: LanguageCode = "en"


class WaiveRule(Command[Sale], frozen=True):
    """Let a required detail pass on this sale, where the store's settings allow it; policy is asked afresh with that.

    Whoever is signed on has the permission, or somebody approves it with their PIN.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "policy.waive"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid, NotWaivable)

    sale_id: SaleId
    field: RuleKind
    language: LanguageCode = "en"


class AddTender(Command[Sale], frozen=True):
    """Take money. ``amount`` is what is handed over in cash, or what the card terminal approved.

    Policy is asked before the first tender, and once more for each further kind; what it says of that stops no money
    that has moved. Where policy is away and the store takes no tender without it, this one passes, flagged, if
    somebody approved it, or if whoever is signed on has ``policy.pass_unavailable`` and says so with
    ``pass_unavailable``.

    Store credit, points, an account and a voucher are reserved for the sale for 15 minutes, and longer when it is
    completed; a voucher needs its ``voucher_code``.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (
        SaleNotFound,
        SaleNotOpen,
        SaleEmpty,
        NothingToPay,
        TenderExists,
        TooManyTenders,
        TenderTooLarge,
        CustomerMissing,
        CustomerNotFound,
        BalanceTooLow,
        LoyaltyNotJoined,
        PointsNotTender,
        PointsWorthless,
        VoucherNotFound,
        VoucherExpired,
        CheckoutBlocked,
        PolicyUnavailable,
    )

    sale_id: SaleId
    tender_id: TenderId
    kind: TenderKind
    amount: PositiveAmount
    language: LanguageCode = "en"
    pass_unavailable: bool = False
    voucher_code: VoucherCode | None = None


class RemoveTender(Command[Sale], frozen=True):
    """Give a tender back; with the last one gone the sale may change again."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "tender.remove"
    rejections = (SaleNotFound, SaleNotOpen, TenderNotFound)

    sale_id: SaleId
    tender_id: TenderId


class CompleteSale(Command[Sale], frozen=True):
    """Close the sale for ever and give it the register's next receipt number."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (
        SaleNotFound,
        SaleNotOpen,
        SaleEmpty,
        SaleNotPaid,
        CustomerNotFound,
        BalanceTooLow,
        LoyaltyNotJoined,
        PointsNotTender,
        PointsWorthless,
        VoucherNotFound,
        VoucherExpired,
        CheckoutBlocked,
        PolicyUnavailable,
    )

    sale_id: SaleId
    receipt: ReceiptWanted = "print"
    language: LanguageCode | None = None
    pass_unavailable: bool = False


class ChangeAttribution(Command[Sale], frozen=True):
    """Give the credit for line items of a completed sale to others: a new record, the earlier ones stay.

    ``expected_version`` is the sale's ``attribution_version`` as it was read.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "attribution.edit_completed"
    rejections = (SaleNotFound, SaleNotCompleted, LineItemNotFound, SharesInvalid, StaffUnknown, RevisionConflict)

    sale_id: SaleId
    expected_version: int
    shares: Annotated[tuple[Share, ...], Meta(min_length=1, max_length=20)]
    line_item_ids: tuple[LineItemId, ...] | None = None


class VoidSale(Command[Sale], frozen=True):
    """End the sale without selling anything; it keeps its data and takes no receipt number."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.void"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid)

    sale_id: SaleId
    reason: VoidReason


class GetSale(Query[Sale], frozen=True):
    """Read a sale of the asking register."""

    asked_by = ("register", "backoffice", "hub")
    permission = "sale.sell"
    rejections = (SaleNotFound,)

    sale_id: SaleId


class SaleWithSerial(Message, frozen=True):
    """A completed sale of a piece with that serial number, the line item it stands on, and whose sale it was."""

    sale_id: SaleId
    line_item_id: LineItemId
    register: RegisterId
    receipt_number: ReceiptNumber
    business_day: Day
    customer_id: CustomerId | None
    warranty_until: Day | None


class SalesWithSerial(Reply, frozen=True):
    """The completed sales of a piece, newest first."""

    sales: tuple[SaleWithSerial, ...]


class FindSalesBySerial(Query[SalesWithSerial], frozen=True):
    """Find when a piece was sold and to whom, at whatever register: for a warranty, a recall or a find."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"

    serial_number: SerialText


class StoreData(Message, frozen=True):
    """Who sells, as the receipt must say; kept by version."""

    version: int
    legal_name: str
    address: tuple[str, ...]
    vat_id: str
    country: CountryCode


class Receipt(Reply, frozen=True):
    """All that a receipt shows. It names no customer."""

    sale: Sale
    store: StoreData
    language: LanguageCode
    local_time: str
    cashier_label: str = ""


class GetReceipt(Query[Receipt], frozen=True):
    """Read what the receipt of a completed sale shows."""

    asked_by = ("devices", "register", "backoffice", "hub")
    rejections = (SaleNotFound, SaleNotCompleted)

    sale_id: SaleId


class ScanApplied(Reply, frozen=True):
    """What a scan did on its register."""

    outcome: ScanOutcome
    sale_id: SaleId | None = None


class ApplyScan(Command[ScanApplied], frozen=True):
    """A scanner of that register read a code: put the item on its open sale."""

    lane: ClassVar = "register"
    asked_by = ("devices",)

    scan_id: ScanId
    register: RegisterId
    device: DeviceId
    text: ItemText


class ItemPrice(Message, frozen=True, forbid_unknown_fields=True):
    """An item's price, tax included, from a day on."""

    amount: Amount
    from_day: Day


class Item(Message, frozen=True, forbid_unknown_fields=True):
    """Something the shop sells. ``linked`` names items that are charged along with it (a bottle deposit)."""

    code: ItemCode
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: LineKind
    tax_class: TaxClassCode
    barcodes: tuple[Annotated[str, Meta(pattern=r"^([0-9]{8}|[0-9]{12,14})$(?!\n)")], ...]
    prices: tuple[ItemPrice, ...]
    category: Segment = "other"
    tags: tuple[Segment, ...] = ()
    linked: tuple[ItemCode, ...] = ()
    minimum_age: Annotated[int, Meta(ge=1, le=99)] | None = None


class ItemInvalid(Rejection):
    """An item does not fit the catalogue's rules; mend the named field of the named item."""


class ItemsPut(Reply, frozen=True):
    """How many items were taken over."""

    created: int
    changed: int
    unchanged: int


class PutItems(Command[ItemsPut], frozen=True):
    """Create or change up to 200 items; all are taken over or none."""

    asked_by = ("backoffice", "hub")
    rejections = (ItemInvalid,)

    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=200)]


class ItemRead(Reply, frozen=True):
    """One item of the catalogue."""

    item: Item


class GetItem(Query[ItemRead], frozen=True):
    """Read an item by its code or a barcode."""

    asked_by = ("register", "backoffice", "hub")
    rejections = (ItemNotFound,)

    item: ItemText


class CatalogueCounted(Reply, frozen=True):
    """How large the catalogue is."""

    items: int
    barcodes: int


class CountCatalogue(Query[CatalogueCounted], frozen=True):
    """How many items the catalogue has; 0 means that it must be filled before anything can be sold."""

    asked_by = ("register", "backoffice", "hub")


class CompletedLine(Message, frozen=True):
    """A line item as others need to know it: ids, codes, amounts and rates.

    ``returns`` is the sale whose line this one takes back.
    """

    line_item_id: LineItemId
    kind: LineKind
    item: ItemCode | None
    quantity: Quantity
    amount: Amount
    taxes: tuple[LineTax, ...]
    attribution: tuple[Share, ...]
    returns: SaleId | None = None


class CompletedTender(Message, frozen=True):
    """A tender as others need to know it; ``reserved`` is the balance that it spends."""

    tender_id: TenderId
    kind: TenderKind
    amount: Amount
    reserved: Reserved | None = None


class SaleCompleted(Event, frozen=True):
    """A sale was closed for ever. Times are UTC; amounts are minor units, tax included.

    ``customer_group`` is the group of the customer as the sale knew it.
    """

    sale_id: SaleId
    register: RegisterId
    receipt_number: ReceiptNumber
    transaction_number: int
    transaction_kind: TransactionKind
    business_day: Day
    started_at: Timestamp
    completed_at: Timestamp
    currency: CurrencyCode
    total: Amount
    rounding: Amount
    cashier: StaffId
    customer_id: CustomerId | None
    lines: tuple[CompletedLine, ...]
    tenders: tuple[CompletedTender, ...]
    rates: tuple[RateTotal, ...]
    flags: tuple[Flag, ...]
    receipt: ReceiptWanted = "print"
    language: LanguageCode = "en"
    customer_group: GroupId | None = None


class TenderRemoved(Event, frozen=True):
    """A tender that spends a balance was given back before the sale was completed; what it reserved is free again."""

    sale_id: SaleId
    register: RegisterId
    tender_id: TenderId
    kind: TenderKind
    amount: Amount
    removed_at: Timestamp
    staff_id: StaffId
    reserved: Reserved


class SaleVoided(Event, frozen=True):
    """A sale was ended without selling anything."""

    sale_id: SaleId
    register: RegisterId
    business_day: Day
    voided_at: Timestamp
    cashier: StaffId
    reason: VoidReason
    approved_by: StaffId | None = None


class DecidedItem(Message, frozen=True):
    """One rule's answer as it is kept; ``anew`` is the first like it since the sale began or its customer changed."""

    field: RuleKind
    level: Level
    satisfied: bool
    code: Segment
    settled: Settled | None = None
    anew: bool = True


class DecidedCustomer(Message, frozen=True):
    """What policy was told of the customer: facts, without saying who it is."""

    has_first_name: bool
    has_last_name: bool
    has_email: bool
    has_phone: bool
    placeholder: bool
    group: GroupId


class CheckoutDecided(Event, frozen=True):
    """Policy answered about a sale, or did not (``settings_revision`` None); kept by policy with the facts.

    ``business_day`` and ``hour`` (0 to 23) are of the shop's wall clock.
    """

    decision_id: DecisionId
    sale_id: SaleId
    register: RegisterId
    staff_id: StaffId
    decided_at: Timestamp
    settings_revision: int | None
    outcome: Literal["proceed", "prompt", "block", "unavailable"]
    items: tuple[DecidedItem, ...]
    tender_kind: TenderKind | None
    total: Amount
    transaction_kind: TransactionKind
    business_day: Day
    hour: int
    goods_lines: int
    unattributed_lines: int
    signed_on: bool
    item_tags: tuple[Segment, ...] = ()
    customer: DecidedCustomer | None = None
    skipped: tuple[Segment, ...] = ()
    waived: tuple[Segment, ...] = ()


class PromptSkipped(Event, frozen=True):
    """Staff went on without a recommended detail; ``unanswered`` where money was taken without a word about it."""

    sale_id: SaleId
    register: RegisterId
    business_day: Day
    field: RuleKind
    reason: SkipReason
    staff_id: StaffId
    skipped_at: Timestamp


class RuleWaived(Event, frozen=True):
    """Somebody let a required detail pass on a sale."""

    sale_id: SaleId
    register: RegisterId
    business_day: Day
    field: RuleKind
    staff_id: StaffId
    approved_by: StaffId
    waived_at: Timestamp


class PolicyPassedOver(Event, frozen=True):
    """Somebody let money be taken although policy did not answer and the store takes none without it."""

    decision_id: DecisionId
    sale_id: SaleId
    register: RegisterId
    business_day: Day
    staff_id: StaffId
    approved_by: StaffId
    passed_at: Timestamp


class CreditedLine(Message, frozen=True):
    """Who gets the credit for a line item of a completed sale, as it is now."""

    line_item_id: LineItemId
    amount: Amount
    attribution: tuple[Share, ...]


class AttributionChanged(Event, frozen=True):
    """The credit for a completed sale is this from now on; ``lines`` are all of its lines."""

    sale_id: SaleId
    register: RegisterId
    transaction_kind: TransactionKind
    business_day: Day
    version: int
    staff_id: StaffId
    approved_by: StaffId | None
    changed_at: Timestamp
    lines: tuple[CreditedLine, ...]


class RegisterSale(PrivateState, frozen=True):
    """The sale that is open on a register, None when there is none."""

    thing: ClassVar = "sale"

    revision: int
    sale: Sale | None
