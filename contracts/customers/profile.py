"""The parts of a customer's profile that are more than a line of text."""

from typing import Annotated, Literal, NewType

from msgspec import Meta

from contracts.base import Message
from contracts.ids import CountryCode, Day, Segment
from contracts.money import Amount

LineText = Annotated[str, Meta(max_length=200)]
PostcodeText = Annotated[str, Meta(max_length=16)]
NotesText = Annotated[str, Meta(max_length=5000)]
TagText = Annotated[str, Meta(max_length=255)]
WebText = Annotated[str, Meta(max_length=500)]

AddressKind = Literal["shipping", "billing"]
ReceiptPreference = Literal["print", "email", "sms", "qr", "none"]
ExemptionReason = Literal["intra_community", "export", "public_body", "diplomatic", "reverse_charge", "other"]

FieldId = NewType("FieldId", Segment)
"""A custom field's id is made by the shop."""
CustomValue = str | int | bool | tuple[str, ...]
"""What a custom field holds; decimals (``12.50``) and dates (``2026-03-14``) are texts."""


class Address(Message, frozen=True, forbid_unknown_fields=True):
    """Where a customer gets goods or bills. House number and addition stand apart from the street.

    The postcode has the form of its country; ``country`` left out is the store's.
    """

    kind: AddressKind = "shipping"
    recipient: LineText = ""
    street: LineText = ""
    house_number: Annotated[str, Meta(max_length=20)] = ""
    addition: Annotated[str, Meta(max_length=20)] = ""
    extra: LineText = ""
    postcode: PostcodeText = ""
    city: LineText = ""
    region: LineText = ""
    country: CountryCode | None = None


class Handle(Message, frozen=True, forbid_unknown_fields=True):
    """A customer's name in a social network."""

    network: Segment
    name: Annotated[str, Meta(max_length=100)]


class TaxExemption(Message, frozen=True, forbid_unknown_fields=True):
    """Why a customer may buy without tax, and what shows it. It is applied by the sale, never by itself.

    ``vat_number`` carries its country in front and has a right check digit; whether it is in use is not asked.
    """

    reason: ExemptionReason
    vat_number: Annotated[str, Meta(max_length=20)] = ""
    evidence: LineText = ""
    valid_until: Day | None = None


class Balances(Message, frozen=True):
    """What a customer has and owes, in minor units of the store's currency; points are whole.

    ``account_owed`` is what is bought on account and not yet paid; a limit of null is none, of 0 no credit (as for
    whoever has no account).
    """

    store_credit: Amount = 0
    account_owed: Amount = 0
    account_limit: Amount | None = 0
    loyalty_points: int = 0
