"""What others are told of a sale that was completed."""

from contracts.base import Event, Message
from contracts.checkout import Flag, LineKind, LineTax, RateTotal, ReceiptWanted, Redemption, Share
from contracts.customers import GroupId, LanguageCode
from contracts.customers.balances import Reserved
from contracts.customers.privacy.keeping import BuyerRecordId, SealReason
from contracts.ids import (
    CurrencyCode,
    CustomerId,
    Day,
    ItemCode,
    LineItemId,
    ReceiptNumber,
    RegisterId,
    SaleId,
    StaffId,
    TenderId,
    Timestamp,
)
from contracts.money import Amount, Quantity
from contracts.policy import (
    TenderKind,
    TransactionKind,
)


class CompletedLine(Message, frozen=True):
    """A line item as others need to know it: ids, codes, amounts and rates.

    ``amount`` is what is left after all discounts; ``redeemed`` is what points took off it. ``returns`` is the sale
    whose line this one takes back.
    """

    line_item_id: LineItemId
    kind: LineKind
    item: ItemCode | None
    quantity: Quantity
    amount: Amount
    taxes: tuple[LineTax, ...]
    attribution: tuple[Share, ...]
    returns: SaleId | None = None
    redeemed: Amount = 0


class CompletedTender(Message, frozen=True):
    """A tender as others need to know it; ``reserved`` is the balance that it spends.

    ``settled_tax`` is the tax in it that was settled when the single-purpose voucher was sold; reports subtract it.
    """

    tender_id: TenderId
    kind: TenderKind
    amount: Amount
    reserved: Reserved | None = None
    settled_tax: LineTax | None = None


class SaleCompleted(Event, frozen=True):
    """A sale was closed for ever. Times are UTC; amounts are minor units, tax included.

    ``customer_group`` is the group of the customer as the sale knew it. ``redemption`` is the points that came off the
    lines, whose amounts are without it. The customers service keeps who bought as ``sealed_buyer_id`` where
    ``sealed_reason`` says that the law wants it.
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
    redemption: Redemption | None = None
    sealed_buyer_id: BuyerRecordId | None = None
    sealed_reason: SealReason | None = None
