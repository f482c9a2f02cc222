"""What the law wants kept: sealed buyers, and for how many years what stays.

Never here: customers on file, whose records a sealed buyer never changes with.
"""

from typing import ClassVar, Literal, NewType

from contracts.base import Command, Message, Query, Rejection, Reply
from contracts.customers import CustomerNotFound, NameText
from contracts.customers.consent import SaleNotTheirs
from contracts.customers.profile import Address
from contracts.ids import CountryCode, CustomerId, Day, SaleId, Timestamp, Uuid

BuyerRecordId = NewType("BuyerRecordId", Uuid)
SealReason = Literal["invoice", "account", "exemption"]
DataClass = Literal["till_record", "invoice", "account", "exemption"]


class BuyerRecordNotFound(Rejection):
    """No buyer is kept under that id."""


class BuyerRecordExists(Rejection):
    """A buyer is kept under that id already, for another sale or customer."""


class KeptRecord(Message, frozen=True):
    """That a buyer's details are kept because the law wants it; no detail itself."""

    record_id: BuyerRecordId
    reason: SealReason
    keep_until: Day
    held: bool


class BuyerRecord(Reply, frozen=True):
    """Who bought, sealed as they were then, because the law wants it kept; gone after ``keep_until`` unless held."""

    personal: ClassVar = True

    record_id: BuyerRecordId
    sale_id: SaleId
    customer_id: CustomerId
    reason: SealReason
    country: CountryCode
    sealed_at: Timestamp
    keep_until: Day
    held: bool
    name: str
    company: str
    address: Address | None
    vat_number: str
    evidence: str


class BuyerSealed(Reply, frozen=True):
    """The buyer is kept; whoever may read it finds it by the id."""

    record_id: BuyerRecordId
    keep_until: Day


class SealBuyer(Command[BuyerSealed], frozen=True):
    """Keep who bought, as they are now, beside a completed sale of theirs whose buyer the law wants known.

    A sale that says so itself seals without this. Repeating it changes nothing. A name or an address given is the one
    on the invoice; else the customer's own.
    """

    lane: ClassVar = "record_id"
    asked_by = ("backoffice", "hub")
    permission = "fiscal.edit"
    rejections = (CustomerNotFound, BuyerRecordExists, SaleNotTheirs)

    record_id: BuyerRecordId
    sale_id: SaleId
    customer_id: CustomerId
    reason: SealReason
    country: CountryCode | None = None
    """Whose law it is; the store's own if left out."""
    name: NameText | None = None
    address: Address | None = None


class GetBuyerRecord(Query[BuyerRecord], frozen=True):
    """Read a sealed buyer. Who read it is noted."""

    asked_by = ("backoffice", "hub")
    permission = "fiscal.read"
    rejections = (BuyerRecordNotFound,)

    record_id: BuyerRecordId


class BuyerRecords(Reply, frozen=True):
    """The buyers kept of a sale, or of a customer; never who they are."""

    records: tuple[KeptRecord, ...]


class ListBuyerRecords(Query[BuyerRecords], frozen=True):
    """Read which buyers are kept of a sale or of a customer."""

    asked_by = ("backoffice", "hub")
    permission = "fiscal.read"

    sale_id: SaleId | None = None
    customer_id: CustomerId | None = None


class HoldBuyerRecord(Command[BuyerRecords], frozen=True):
    """Keep a sealed buyer beyond its time (a dispute, an audit), or no longer: past its time it is deleted then."""

    lane: ClassVar = "record_id"
    asked_by = ("backoffice", "hub")
    permission = "fiscal.edit"
    rejections = (BuyerRecordNotFound,)

    record_id: BuyerRecordId
    held: bool


class RetentionRule(Message, frozen=True):
    """So many years from the end of the calendar year.

    Sealed buyers are deleted by it. ``till_record`` is told to whoever archives sales: checkout keeps them all.
    """

    country: CountryCode
    data_class: DataClass
    years: int


class RetentionTable(Reply, frozen=True):
    """How long what is kept, by country and class of data."""

    rules: tuple[RetentionRule, ...]


class GetRetention(Query[RetentionTable], frozen=True):
    """Read how long what is kept."""

    asked_by = ("checkout", "backoffice", "hub")
