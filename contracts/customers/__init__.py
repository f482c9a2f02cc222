"""What the customers service owns: who buys, and what is known of them, put on file and changed.

Never here: how they are looked up (``asking``), what they have with the shop (``ledgers``) and what the law gives them
(``privacy``).
"""

from typing import Annotated, ClassVar, Literal, NewType

from msgspec import UNSET, Meta, UnsetType, field

from contracts.base import Command, Message, Rejection, Reply
from contracts.customers.profile import (
    Address,
    Balances,
    CustomValue,
    FieldId,
    Handle,
    NotesText,
    ReceiptPreference,
    TagText,
    TaxExemption,
    WebText,
)
from contracts.ids import CountryCode, CustomerId, Day, Segment

NameText = Annotated[str, Meta(max_length=200)]
ContactText = Annotated[str, Meta(max_length=254)]
CodeText = Annotated[
    str,
    Meta(
        # No control characters, no blanks but plain ones, no marks that are not seen or turn the reading direction.
        pattern=r"^(?! )[^\x00-\x1f\x7f-\xa0\xad\u061c\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]{1,64}"
        r"(?<! )$(?!\n)",
        description="A customer's code: 1 to 64 printable characters without blanks at the ends.",
    ),
]
LanguageCode = Annotated[str, Meta(pattern=r"^[a-z]{2}$(?!\n)", description="ISO 639-1")]
GroupId = NewType("GroupId", Segment)
"""A group's id is made by the shop; ``all`` is the group of everybody who is in no other."""

Emails = Annotated[tuple[ContactText, ...], Meta(max_length=20)]
Phones = Annotated[tuple[ContactText, ...], Meta(max_length=20)]
Codes = Annotated[tuple[CodeText, ...], Meta(max_length=20)]
Addresses = Annotated[tuple[Address, ...], Meta(max_length=20)]
Tags = Annotated[tuple[TagText, ...], Meta(max_length=250)]
Websites = Annotated[tuple[WebText, ...], Meta(max_length=20)]
Handles = Annotated[tuple[Handle, ...], Meta(max_length=20)]
CustomValues = Annotated[dict[FieldId, CustomValue], Meta(max_length=250)]
CustomChanges = Annotated[dict[FieldId, CustomValue | None], Meta(max_length=250)]
SaveReason = Literal["different_person", "shared_contact", "company_contact", "other"]
"""Why a customer is saved although another one looks like the same person."""


class CustomerFacts(Message, frozen=True):
    """What policy may know of a customer: whether details are there and valid, never the details.

    ``placeholder`` marks a walk-in record that stands for nobody; it satisfies no rule, and holds no contacts, codes
    or balances.
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
    """A customer's profile. Emails are normalised, phones are in E.164; the first of each is the main one.

    For whoever may not see details (``customer.details``) it is ``masked``: names, group, tags, the first 120
    characters of the notes and what is meant for the till are there, the rest shows its last signs or is left out.
    ``balances`` stand in the profile alone, not in what a search finds.
    """

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
    blocked_codes: tuple[str, ...] = ()
    receipt: ReceiptPreference | None = None
    addresses: tuple[Address, ...] = ()
    notes: str = ""
    till_note: str = ""
    tags: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()
    handles: tuple[Handle, ...] = ()
    birth_date: Day | None = None
    exemption: TaxExemption | None = None
    custom: dict[FieldId, CustomValue] = field(default_factory=dict)
    balances: Balances | None = None
    masked: bool = False


class CustomerNotFound(Rejection):
    """No customer has that id."""


class PlaceholderHoldsNothing(Rejection):
    """That customer stands for nobody, and nobody has or owes anything; attach a person."""


class CustomerExists(Rejection):
    """A customer with that id exists already, with other details."""


class CustomerIncomplete(Rejection):
    """A customer needs the details that the store asks for at least; fill in the named field."""


class ContactInvalid(Rejection):
    """An email or a phone number does not exist in that form; correct the named field."""


class DetailInvalid(Rejection):
    """A detail does not have the form it needs; correct the named field."""


class DetailsCovered(Rejection):
    """You do not see what would be replaced; add to it with add-details, or have customer.details approved."""


class CodeTaken(Rejection):
    """Another customer has that code."""


class CodeBlocked(Rejection):
    """That code is blocked, a lost card say; ask for another."""


class PossibleDuplicate(Rejection):
    """Somebody on file may be the same person; pick one of ``duplicates``, or save anyway with a reason.

    Each names ``customer_id``, ``strength`` (``strong`` or ``likely``), what ``matched``, and a masked ``name``.
    """


class RevisionConflict(Rejection):
    """Somebody changed it meanwhile; read it again and repeat your change."""

    personal = True


class GroupNotFound(Rejection):
    """No customer group has that id."""


class CreateCustomer(Command[Customer], frozen=True):
    """Put a new customer on file under an id made by the caller.

    Who is given no code gets one. Another group than ``all`` and an exemption need ``customer.grant``, too.
    ``save_anyway`` says why, where another customer looks like the same person.
    Checkout passes it on for a register's ``attach-new-customer``.
    """

    lane: ClassVar = "customer_id"
    asked_by = ("register", "backoffice", "hub", "checkout")
    passed_on_by = ("checkout",)
    permission = "customer.edit"
    rejections = (
        CustomerExists,
        CustomerIncomplete,
        ContactInvalid,
        DetailInvalid,
        CodeTaken,
        GroupNotFound,
        PossibleDuplicate,
    )

    customer_id: CustomerId
    first_name: NameText = ""
    last_name: NameText = ""
    company: NameText = ""
    emails: Emails = ()
    phones: Phones = ()
    codes: Codes = ()
    language: LanguageCode | None = None
    placeholder: bool = False
    country: CountryCode | None = None
    """The country that phones without a prefix and addresses without a country belong to; the store's if left out."""
    group: GroupId = GroupId("all")
    blocked_codes: Codes = ()
    receipt: ReceiptPreference | None = None
    addresses: Addresses = ()
    notes: NotesText = ""
    tags: Tags = ()
    websites: Websites = ()
    handles: Handles = ()
    birth_date: Day | None = None
    exemption: TaxExemption | None = None
    custom: CustomValues = field(default_factory=dict)
    save_anyway: SaveReason | None = None


class UpdateCustomer(Command[Customer], frozen=True):
    """Change the given details of a customer and leave the others alone.

    A list given takes the place of the one before. Of custom fields only those named change; null empties one.
    A code that is newly blocked is no active one any more, and the other way round.
    Whoever sees a detail covered (``masked``) cannot give it, as it is neither; ``add-details`` adds to it.
    Another group, an exemption and a blocked code made good again need ``customer.grant``, too.
    ``revision-conflict`` names the ``revision`` of now and which fields ``changed`` since the expected one.
    """

    lane: ClassVar = "customer_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "customer.edit"
    rejections = (
        CustomerNotFound,
        RevisionConflict,
        CustomerIncomplete,
        ContactInvalid,
        DetailInvalid,
        DetailsCovered,
        CodeTaken,
        GroupNotFound,
        PossibleDuplicate,
    )

    customer_id: CustomerId
    expected_revision: int
    first_name: NameText | UnsetType = UNSET
    last_name: NameText | UnsetType = UNSET
    company: NameText | UnsetType = UNSET
    emails: Emails | UnsetType = UNSET
    phones: Phones | UnsetType = UNSET
    codes: Codes | UnsetType = UNSET
    language: LanguageCode | UnsetType | None = UNSET
    group: GroupId | UnsetType = UNSET
    blocked_codes: Codes | UnsetType = UNSET
    receipt: ReceiptPreference | UnsetType | None = UNSET
    addresses: Addresses | UnsetType = UNSET
    notes: NotesText | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    websites: Websites | UnsetType = UNSET
    handles: Handles | UnsetType = UNSET
    birth_date: Day | UnsetType | None = UNSET
    exemption: TaxExemption | UnsetType | None = UNSET
    custom: CustomChanges | UnsetType = UNSET
    save_anyway: SaveReason | None = None


class AddDetails(Command[Customer], frozen=True):
    """Add to what is known of a customer; nothing that is there is replaced, so that nobody need see it.

    What is there already is not added twice; ``note`` becomes the last line of the notes. It is what somebody who was
    found by ``possible-duplicate`` is given what they told now.
    """

    lane: ClassVar = "customer_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "customer.edit"
    rejections = (CustomerNotFound, ContactInvalid, DetailInvalid, CodeTaken, PossibleDuplicate)

    customer_id: CustomerId
    emails: Emails = ()
    phones: Phones = ()
    codes: Codes = ()
    addresses: Addresses = ()
    tags: Tags = ()
    note: NotesText = ""
    country: CountryCode | None = None
    """The country that phones without a prefix and addresses without a country belong to; the store's if left out."""
    save_anyway: SaveReason | None = None
