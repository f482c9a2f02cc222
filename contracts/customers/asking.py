"""Customers asked after: one that is read, those that are found, what happened with one, and that one changed.

Never here: what is put on file or changed of a customer.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.base import Event, Message, Query, Reply
from contracts.customers import CodeBlocked, CodeText, Customer, CustomerFacts, CustomerFactsRead, CustomerNotFound
from contracts.ids import CurrencyCode, CustomerId, ReceiptNumber, SaleId, StaffId, Timestamp
from contracts.money import Amount


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


class GetFactsByCode(Query[CustomerFactsRead], frozen=True):
    """Read what policy may know of the customer whose code was scanned or typed.

    A code that is also an item's is the item's: the sale looks for an item first.
    """

    asked_by = ("checkout",)
    rejections = (CustomerNotFound, CodeBlocked)

    code: CodeText


class NameSplit(Reply, frozen=True):
    """What somebody typed, put into the fields of a new customer's form as well as can be told."""

    personal: ClassVar = True

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


class SplitName(Query[NameSplit], frozen=True):
    """Split what was looked for in vain, to add it as a new customer."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.edit"

    text: Annotated[str, Meta(min_length=1, max_length=200)]


class CustomerHit(Message, frozen=True):
    """One customer found, with the field that matched."""

    customer: Customer
    matched: str


class CustomerHits(Reply, frozen=True):
    """The customers found, best first, at most 20."""

    personal: ClassVar = True

    hits: tuple[CustomerHit, ...]


class SearchCustomers(Query[CustomerHits], frozen=True):
    """Find customers by the beginning of names, by phone, email, code, or postcode with house number.

    A single character finds whoever has it as a code.
    """

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"

    text: Annotated[str, Meta(min_length=1, max_length=200)]
    limit: Annotated[int, Meta(ge=1, le=20)] = 20


class HistoryEntry(Message, frozen=True):
    """One thing that happened with a customer.

    ``kind`` is a transaction's (``sale``, ``return``, ``exchange``), or ``created``, ``changed``, ``payment``,
    ``notice`` and what else befell the record; ``fields`` are those that changed, ``reference`` is what it is about.
    """

    kind: str
    sale_id: SaleId | None
    receipt_number: ReceiptNumber | None
    time: Timestamp
    total: Amount | None
    currency: CurrencyCode | None
    fields: tuple[str, ...] = ()
    staff_id: StaffId | None = None
    reference: str | None = None


class CustomerHistory(Reply, frozen=True):
    """What happened with a customer, newest first; ``next`` asks for the following page."""

    personal: ClassVar = True

    customer_id: CustomerId
    entries: tuple[HistoryEntry, ...]
    next: str | None = None


class GetCustomerHistory(Query[CustomerHistory], frozen=True):
    """Read what happened with a customer, a page at a time."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"
    rejections = (CustomerNotFound,)

    customer_id: CustomerId
    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    next: str | None = None


class CustomerChanged(Event, frozen=True):
    """A customer was created or changed; what policy may know of them is told again."""

    facts: CustomerFacts
