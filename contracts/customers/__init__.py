"""What the customers service owns: who buys, what is known of them, and what they bought."""

from typing import Annotated, ClassVar, NewType

from msgspec import UNSET, Meta, UnsetType

from contracts.base import Command, Event, Message, Query, Rejection, Reply
from contracts.ids import CountryCode, CurrencyCode, CustomerId, ReceiptNumber, SaleId, Segment, Timestamp
from contracts.money import Amount

NameText = Annotated[str, Meta(max_length=200)]
ContactText = Annotated[str, Meta(max_length=254)]
CodeText = Annotated[str, Meta(pattern=r"^[\x21-\x7e]{1,64}$(?!\n)")]
LanguageCode = Annotated[str, Meta(pattern=r"^[a-z]{2}$(?!\n)", description="ISO 639-1")]
GroupId = NewType("GroupId", Segment)
"""A group's id is made by the shop; ``all`` is the group of everybody who is in no other."""


class CustomerFacts(Message, frozen=True):
    """What policy may know of a customer: whether details are there and valid, never the details.

    ``placeholder`` marks a walk-in record that stands for nobody; it satisfies no rule.
    """

    customer_id: CustomerId
    revision: int
    has_first_name: bool
    has_last_name: bool
    has_email: bool
    has_phone: bool
    placeholder: bool = False
    group: GroupId = GroupId("all")


class CustomerFactsRead(Reply, frozen=True):
    """What policy may know of a customer, as it is now."""

    facts: CustomerFacts


class Customer(Reply, frozen=True):
    """A customer's profile. Emails are normalised, phones are in E.164; the first of each is the main one."""

    personal: ClassVar = True

    customer_id: CustomerId
    revision: int
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    language: LanguageCode | None = None
    placeholder: bool = False
    group: GroupId = GroupId("all")


class CustomerNotFound(Rejection):
    """No customer has that id."""


class CustomerExists(Rejection):
    """A customer with that id exists already, with other details."""


class CustomerIncomplete(Rejection):
    """A customer needs the details that the store asks for at least; fill in the named field."""


class ContactInvalid(Rejection):
    """An email or a phone number does not exist in that form; correct the named field."""


class CodeTaken(Rejection):
    """Another customer has that code."""


class RevisionConflict(Rejection):
    """Somebody changed it meanwhile; read it again and repeat your change."""


class GroupNotFound(Rejection):
    """No customer group has that id."""


class Group(Message, frozen=True):
    """Customers who are treated alike; each customer is in exactly one."""

    group: GroupId
    name: str


class Groups(Reply, frozen=True):
    """All customer groups, by id."""

    groups: tuple[Group, ...]


class ListGroups(Query[Groups], frozen=True):
    """Which customer groups the store has; ``all`` is always among them."""

    asked_by = ("register", "backoffice", "hub", "policy")


class PutGroup(Command[Groups], frozen=True):
    """Make a customer group under an id made by the caller, or give it another name."""

    lane: ClassVar = "group"
    asked_by = ("register", "backoffice", "hub")
    permission = "customer.edit"

    group: GroupId
    name: Annotated[str, Meta(min_length=1, max_length=100)]


class CreateCustomer(Command[Customer], frozen=True):
    """Put a new customer on file under an id made by the caller."""

    lane: ClassVar = "customer_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "customer.edit"
    rejections = (CustomerExists, CustomerIncomplete, ContactInvalid, CodeTaken, GroupNotFound)

    customer_id: CustomerId
    first_name: NameText = ""
    last_name: NameText = ""
    company: NameText = ""
    emails: Annotated[tuple[ContactText, ...], Meta(max_length=20)] = ()
    phones: Annotated[tuple[ContactText, ...], Meta(max_length=20)] = ()
    codes: Annotated[tuple[CodeText, ...], Meta(max_length=20)] = ()
    language: LanguageCode | None = None
    placeholder: bool = False
    country: CountryCode | None = None
    """The country that phones without a prefix belong to; the store's if left out."""
    group: GroupId = GroupId("all")


class UpdateCustomer(Command[Customer], frozen=True):
    """Change the given details of a customer and leave the others alone."""

    lane: ClassVar = "customer_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "customer.edit"
    rejections = (CustomerNotFound, RevisionConflict, CustomerIncomplete, ContactInvalid, CodeTaken, GroupNotFound)

    customer_id: CustomerId
    expected_revision: int
    first_name: NameText | UnsetType = UNSET
    last_name: NameText | UnsetType = UNSET
    company: NameText | UnsetType = UNSET
    emails: Annotated[tuple[ContactText, ...], Meta(max_length=20)] | UnsetType = UNSET
    phones: Annotated[tuple[ContactText, ...], Meta(max_length=20)] | UnsetType = UNSET
    codes: Annotated[tuple[CodeText, ...], Meta(max_length=20)] | UnsetType = UNSET
    language: LanguageCode | UnsetType | None = UNSET
    group: GroupId | UnsetType = UNSET


class GetCustomer(Query[Customer], frozen=True):
    """Read one customer's profile."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"
    rejections = (CustomerNotFound,)

    customer_id: CustomerId


class GetCustomerFacts(Query[CustomerFactsRead], frozen=True):
    """Read what policy may know of a customer."""

    asked_by = ("checkout",)
    rejections = (CustomerNotFound,)

    customer_id: CustomerId


class CustomerHit(Message, frozen=True):
    """One customer found, with the field that matched."""

    customer: Customer
    matched: str


class CustomerHits(Reply, frozen=True):
    """The customers found, best first, at most 20."""

    personal: ClassVar = True

    hits: tuple[CustomerHit, ...]


class SearchCustomers(Query[CustomerHits], frozen=True):
    """Find customers by the beginning of a name, by phone, email or code."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"

    text: Annotated[str, Meta(min_length=2, max_length=200)]
    limit: Annotated[int, Meta(ge=1, le=20)] = 20


class HistoryEntry(Message, frozen=True):
    """One thing that happened with a customer."""

    kind: str
    sale_id: SaleId
    receipt_number: ReceiptNumber
    time: Timestamp
    total: Amount
    currency: CurrencyCode


class CustomerHistory(Reply, frozen=True):
    """What happened with a customer, newest first; ``next`` asks for the following page."""

    personal: ClassVar = True

    customer_id: CustomerId
    entries: tuple[HistoryEntry, ...]
    next: str | None = None


class GetCustomerHistory(Query[CustomerHistory], frozen=True):
    """Read what a customer bought, a page at a time."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"
    rejections = (CustomerNotFound,)

    customer_id: CustomerId
    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    next: str | None = None


class CustomerChanged(Event, frozen=True):
    """A customer was created or changed; what policy may know of them is told again."""

    facts: CustomerFacts
