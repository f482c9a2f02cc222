"""What the law gives customers and asks of the shop: a copy of all, to be forgotten, and records that must stay."""

from typing import Annotated, Any, ClassVar, Literal, NewType

from msgspec import Meta

from contracts.base import Command, Event, Message, Query, Rejection, Reply, State
from contracts.customers import CustomerNotFound, LanguageCode, NameText
from contracts.customers.consent import SaleNotTheirs
from contracts.customers.profile import Address
from contracts.ids import CountryCode, CustomerId, Day, Hash, SaleId, Segment, StaffId, Timestamp, Uuid

ErasureId = NewType("ErasureId", Uuid)
BuyerRecordId = NewType("BuyerRecordId", Uuid)
ErasureReason = Literal["asked_for", "retention", "mistaken_record"]
SealReason = Literal["invoice", "account", "exemption"]
DataClass = Literal["till_record", "invoice", "account", "exemption"]


class BalanceOpen(Rejection):
    """The customer still has or owes something; settle it, or say that it is given up."""


class ErasureExists(Rejection):
    """That id was used for the erasure of another customer."""


class ErasureNotFound(Rejection):
    """Nobody was erased under that id."""


class ErasureUnfinished(Rejection):
    """Not every service has acknowledged yet; a certificate says only what is done."""


class BuyerRecordNotFound(Rejection):
    """No buyer is kept under that id."""


class BuyerRecordExists(Rejection):
    """A buyer is kept under that id already, for another sale or customer."""


class CustomerExport(Reply, frozen=True):
    """All that is held about a person: ``document`` for machines, ``page`` (HTML) to read, in their language.

    ``next`` asks for what follows of long lists (``ledger_entries``, ``history``, ``accesses``); the first part holds
    everything else. What was bought is on the receipts of the sales in ``history``: ``get-receipt`` tells it.
    """

    personal: ClassVar = True

    customer_id: CustomerId
    made_at: Timestamp
    language: LanguageCode
    document: dict[str, Any]
    page: str
    next: str | None = None


class ExportCustomer(Query[CustomerExport], frozen=True):
    """Make a copy of all that is held about a customer, for themselves (GDPR, articles 15 and 20). It is noted."""

    asked_by = ("backoffice", "hub")
    permission = "customer.export"
    rejections = (CustomerNotFound,)

    customer_id: CustomerId
    language: LanguageCode | None = None
    """That of the page; the customer's own if left out."""
    next: str | None = None


class ServiceErasure(Message, frozen=True):
    """Whether a service has done its part of an erasure."""

    service: Segment
    acknowledged_at: Timestamp | None


class Erasure(Reply, frozen=True):
    """An erasure and how far it has come. ``overdue`` raises the alarm."""

    erasure_id: ErasureId
    customer_id: CustomerId
    reason: ErasureReason
    erased_at: Timestamp
    services: tuple[ServiceErasure, ...]
    finished_at: Timestamp | None
    overdue: bool


class EraseCustomer(Command[Erasure], frozen=True):
    """Forget a customer, with every id that was ever merged into them (GDPR, article 17).

    Sales stay as they are; their customer id leads to nobody. What law keeps stays sealed until its time is over.
    Who asked for it (``asked_for``) is not written to any more, whoever else has the address; the other reasons
    silence nobody.
    """

    lane: ClassVar = "customer_id"
    asked_by = ("backoffice", "hub")
    permission = "customer.erase"
    rejections = (CustomerNotFound, BalanceOpen, ErasureExists)

    erasure_id: ErasureId
    customer_id: CustomerId
    reason: ErasureReason = "asked_for"
    give_up_balances: bool = False


class GetErasure(Query[Erasure], frozen=True):
    """Read how far an erasure has come."""

    asked_by = ("backoffice", "hub")
    permission = "customer.erase"
    rejections = (ErasureNotFound,)

    erasure_id: ErasureId


class ErasureList(Reply, frozen=True):
    """Erasures, newest first."""

    erasures: tuple[Erasure, ...]


class ListErasures(Query[ErasureList], frozen=True):
    """Read which erasures there were, or only those that are not finished."""

    asked_by = ("backoffice", "hub")
    permission = "customer.erase"

    unfinished_only: bool = False
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class KeptRecord(Message, frozen=True):
    """That a buyer's details are kept because the law wants it; no detail itself."""

    record_id: BuyerRecordId
    reason: SealReason
    keep_until: Day
    held: bool


class ErasureCertificate(Reply, frozen=True):
    """What the shop can show: who was forgotten (an id), when, where, and what had to stay.

    ``text`` says it in the language asked for. ``seal`` is a keyed hash over who it was (the ids), when and why, which
    this store alone can make; it stays the same however often, and however late, the certificate is read.
    """

    erasure_id: ErasureId
    customer_id: CustomerId
    erased_at: Timestamp
    finished_at: Timestamp
    services: tuple[Segment, ...]
    kept: tuple[KeptRecord, ...]
    text: str
    seal: Hash


class GetErasureCertificate(Query[ErasureCertificate], frozen=True):
    """Read the certificate of a finished erasure."""

    asked_by = ("backoffice", "hub")
    permission = "customer.erase"
    rejections = (ErasureNotFound, ErasureUnfinished)

    erasure_id: ErasureId
    language: LanguageCode = "en"


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


AccessKind = Literal[
    "viewed",
    "found",
    "searched",
    "exported",
    "marketing_list",
    "fiscal_read",
    "fiscal_edited",
    "erased",
    "merged",
]
"""``found``: a search showed few, and this customer among them; noted once in ten minutes for one person at one place.
``searched``: searches showed longer lists; ``records`` is of how many customers since the last such note.
"""


class AccessNote(Message, frozen=True):
    """Somebody saw details, or took them away."""

    kind: AccessKind
    at: Timestamp
    staff_id: StaffId | None
    caller: Segment
    customer_id: CustomerId | None
    records: int


class AccessLog(Reply, frozen=True):
    """Who saw what, newest first; ``next`` asks for the following page."""

    notes: tuple[AccessNote, ...]
    next: int | None = None


class ReadAccessLog(Query[AccessLog], frozen=True):
    """Read who saw a customer's details, or who saw any."""

    asked_by = ("backoffice", "hub")
    permission = "customer.export"

    customer_id: CustomerId | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    next: int | None = None


class CustomerErased(Event, frozen=True):
    """A customer is forgotten: whoever keeps anything about one of these ids forgets it, too."""

    erasure_id: ErasureId
    customer_ids: tuple[CustomerId, ...]
    erased_at: Timestamp


class ErasuresState(State, frozen=True):
    """How many erasures wait for a service, and how many of them too long."""

    path: ClassVar = "erasures"

    revision: int
    waiting: int
    overdue: int
    oldest_at: Timestamp | None = None
