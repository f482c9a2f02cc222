"""Moving customers in from another system, and out again: rows of a file, in batches that can be sent again.

Whoever reads the file sends its rows; this service owns what becomes of them. A row is known again by ``source`` and
its ``key``, so that an import that was cut off, or is made once more, goes on and makes nobody twice.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Message, Query, Reply
from contracts.customers import (
    Addresses,
    Codes,
    Customer,
    CustomValues,
    Emails,
    GroupId,
    Handles,
    LanguageCode,
    NameText,
    Phones,
    Tags,
    Websites,
)
from contracts.customers.balances import CustomerLedger, Units
from contracts.customers.consent import Answer, Channel
from contracts.customers.ledgers.accounts import AccountTerms
from contracts.customers.profile import NotesText, ReceiptPreference, TaxExemption
from contracts.ids import CountryCode, CustomerId, Day, Hash, Segment, Uuid
from contracts.money import LARGEST, Amount

MOST_ROWS = 200

OnDuplicate = Literal["refuse", "fill", "save_anyway"]
"""What is done with a row that may be somebody on file: refused; the one who has the same contact and the same name
gets what they lack, and who has another name is refused; or kept as another person."""
Likeness = Literal["email", "phone", "name_and_postcode", "name_and_birth_date"]
RowOutcome = Literal["created", "changed", "unchanged", "refused"]
BadDetails = Literal["refuse", "to_notes"]
"""What is done with a detail that is none (a phone ``n/a``, a day that no calendar has): the row is refused, or the
detail becomes a line of the notes and the rest is taken. Money, names, groups and answers are never put there."""


class ImportedAnswer(Message, frozen=True, forbid_unknown_fields=True):
    """What the other system says that the customer answered. An imported yes is unproven; a no counts."""

    channel: Channel
    answer: Answer


class BadDetail(Message, frozen=True, forbid_unknown_fields=True):
    """A detail that whoever reads the file finds to be none; ``field`` is what it is called there."""

    field: Annotated[str, Meta(min_length=1, max_length=200)]
    rule: Annotated[str, Meta(max_length=500)]
    text: NotesText


class ImportedTerms(Message, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """On which terms the file says a customer may owe, as ``set-account-terms`` has them; a limit of null is none.

    Days of null are those of now, or what that command has where nothing is said. With an ``expected_revision`` terms
    that were set since are not replaced (``revision-conflict``).
    """

    credit_limit: Annotated[int, Meta(ge=0, le=LARGEST)] | None
    grace_days: Annotated[int, Meta(ge=0, le=3650)] | None = None
    expected_revision: int | None = None


class ImportRow(Message, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One customer of the file. What is left out says nothing: it is not emptied where the customer is on file.

    ``key`` names the customer in the other system (its id, a code, an email). A row with a ``customer_id`` is about
    that customer, whose lists it then replaces; else lists are added to. ``group_name`` is taken where ``group`` is
    left out. ``opening_...`` is what the customer brings along: ``opening_owed`` is owed to the shop, the others are
    not below zero. It is booked once for each key, and only for whom the row makes or in a ledger in which nothing was
    ever booked; never for somebody on file whom the row names by ``customer_id``. What is owed is due by the days of
    grace of their terms, those of ``account_terms`` included. ``bad_details`` are dealt with as the request says.
    """

    row: Annotated[int, Meta(ge=1)]
    key: Annotated[str, Meta(min_length=1, max_length=600)]
    customer_id: CustomerId | None = None
    expected_revision: int | None = None
    first_name: NameText = ""
    last_name: NameText = ""
    company: NameText = ""
    emails: Emails = ()
    phones: Phones = ()
    codes: Codes = ()
    blocked_codes: Codes = ()
    language: LanguageCode | None = None
    placeholder: bool = False
    group: GroupId | None = None
    group_name: Annotated[str, Meta(max_length=100)] = ""
    receipt: ReceiptPreference | None = None
    addresses: Addresses = ()
    notes: NotesText = ""
    tags: Tags = ()
    websites: Websites = ()
    handles: Handles = ()
    birth_date: Day | None = None
    exemption: TaxExemption | None = None
    custom: CustomValues = {}  # noqa: RUF012 - msgspec gives each its own
    answers: Annotated[tuple[ImportedAnswer, ...], Meta(max_length=4)] = ()
    opening_store_credit: Amount = 0
    opening_owed: Amount = 0
    opening_points: Units = 0
    account_terms: ImportedTerms | None = None
    bad_details: Annotated[tuple[BadDetail, ...], Meta(max_length=50)] = ()


class NotedDetail(Message, frozen=True):
    """A detail that was none and became a line of the notes: where it stood, and which rule it did not meet."""

    field: str
    rule: str


class LikeCustomer(Message, frozen=True):
    """A customer on file who may be the same person: the first letters of the name, and what is the same."""

    customer_id: CustomerId
    name: str
    matched: tuple[Likeness, ...]


class RowResult(Message, frozen=True, omit_defaults=True):
    """What became of a row, or would. A refused one says why as ``create-customer`` would, its field and rule.

    Of its own are ``customer-erased``: who was erased does not come back by an import; and ``balance-stands``: the row
    brings a balance for somebody on file who has entries in that ledger, and none of them is what this row opened, to
    the cent; nothing is added to it unseen. A row that booked a balance is never ``unchanged``. ``duplicates`` are
    customers who may be the same; of a row that is not refused, the one whom it filled. ``noted`` are the details that
    became lines of the notes (``bad_details``).

    ``contacts``, ``likenesses``, ``name_hash`` and ``opens`` stand in a check alone: keyed hashes of what the duplicate
    guard looks at and finds new, by which rows of one file are told to be about the same person (strong, likely,
    by that name), and in which ledgers a balance would be opened.
    """

    row: int
    outcome: RowOutcome
    customer_id: CustomerId | None = None
    code: str | None = None
    field: str | None = None
    rule: str | None = None
    duplicates: tuple[LikeCustomer, ...] = ()
    noted: tuple[NotedDetail, ...] = ()
    contacts: tuple[Hash, ...] = ()
    likenesses: tuple[Hash, ...] = ()
    name_hash: Hash | None = None
    opens: tuple[CustomerLedger, ...] = ()


class RowsImported(Reply, frozen=True):
    """What became of each row, in the order in which they were sent; ``new_groups`` are those made for them."""

    results: tuple[RowResult, ...]
    new_groups: tuple[GroupId, ...] = ()


class RowsChecked(Reply, frozen=True):
    """What would become of each row; nothing was changed. ``new_groups`` are names for which a group would be made."""

    results: tuple[RowResult, ...]
    new_groups: tuple[str, ...] = ()


class CheckImport(Query[RowsChecked], frozen=True):
    """Try rows without keeping anything of them.

    With ``make_fields`` a custom field that the store does not have is taken for one of customers that holds text, as
    whoever takes the rows over then makes it before (``put-custom-field``).
    """

    asked_by = ("backoffice", "hub")
    permission = "customer.import"

    source: Segment
    rows: Annotated[tuple[ImportRow, ...], Meta(min_length=1, max_length=MOST_ROWS)]
    country: CountryCode | None = None
    on_duplicate: OnDuplicate = "refuse"
    make_groups: bool = False
    make_fields: bool = False
    bad_details: BadDetails = "refuse"


class ImportCustomers(Command[RowsImported], frozen=True):
    """Take over what rows say. Each row is taken or refused by itself; one that was taken before changes nothing.

    ``source`` names where the rows come from, ``as_of`` the day of which opening balances are; the shop's today if
    left out. ``country`` is that of phones and addresses which name none; the store's if left out.
    """

    lane: ClassVar = "import_id"
    asked_by = ("backoffice", "hub")
    permission = "customer.import"

    import_id: Uuid
    source: Segment
    rows: Annotated[tuple[ImportRow, ...], Meta(min_length=1, max_length=MOST_ROWS)]
    country: CountryCode | None = None
    on_duplicate: OnDuplicate = "refuse"
    make_groups: bool = False
    as_of: Day | None = None
    bad_details: BadDetails = "refuse"


class CustomerPage(Reply, frozen=True):
    """Customers with all that is known of them, in the order of their ids; ``next`` asks for the following page.

    ``account_terms`` are of those among them who have any.
    """

    personal: ClassVar = True

    customers: tuple[Customer, ...]
    next: CustomerId | None = None
    account_terms: tuple[AccountTerms, ...] = ()


class ListCustomers(Query[CustomerPage], frozen=True):
    """Read every customer for a file, a page at a time. Who took how many away is noted."""

    asked_by = ("backoffice", "hub")
    permission = "customer.export"

    limit: Annotated[int, Meta(ge=1, le=500)] = 200
    next: CustomerId | None = None
