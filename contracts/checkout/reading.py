"""What is kept of a sale, as others read it: the sale, its receipt, the piece with a serial number."""

from contracts.base import Message, Query, Reply
from contracts.checkout import Sale, SaleNotCompleted, SaleNotFound, SerialText
from contracts.customers import LanguageCode
from contracts.customers.fields import FieldKind
from contracts.customers.profile import CustomValue
from contracts.ids import (
    CountryCode,
    CustomerId,
    Day,
    LineItemId,
    ReceiptNumber,
    RegisterId,
    SaleId,
)


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


class PrintedField(Message, frozen=True):
    """A custom field that the shop has printed, as it was called when it was filled; of a line if that is named."""

    line_item_id: LineItemId | None
    label: str
    kind: FieldKind
    value: CustomValue


class Receipt(Reply, frozen=True):
    """All that a receipt shows. It names no customer, unless the shop has somebody write one into a printed field."""

    sale: Sale
    store: StoreData
    language: LanguageCode
    local_time: str
    cashier_label: str = ""
    custom: tuple[PrintedField, ...] = ()


class GetReceipt(Query[Receipt], frozen=True):
    """Read what the receipt of a completed sale shows."""

    asked_by = ("devices", "register", "backoffice", "hub")
    rejections = (SaleNotFound, SaleNotCompleted)

    sale_id: SaleId
