"""Custom fields: what a shop keeps of customers, sales and lines beyond what everybody keeps."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, Message, Query, Rejection, Reply
from contracts.customers import DetailInvalid
from contracts.customers.profile import CustomValue, FieldId
from contracts.ids import CustomerId

FieldOwner = Literal["customer", "sale", "line"]
FieldKind = Literal["text", "integer", "decimal", "boolean", "date", "choice", "list_of_text", "link"]


class CustomFieldFixed(Rejection):
    """What a custom field belongs to and its kind stay as they were made; make another field."""


class CustomFieldIncomplete(Rejection):
    """A field of the kind 'choice' needs choices, and no other kind has any."""


class TooManyCustomFields(Rejection):
    """A store has at most 250 custom fields; give up one before another is made."""


class CustomField(Message, frozen=True):
    """One field that a shop defined. A retired one is no longer offered; what it holds stays.

    ``shown_on_till`` shows it at registers, ``editable_on_till`` lets them change it, ``printed`` puts it on receipts.
    """

    field: FieldId
    of: FieldOwner
    kind: FieldKind
    label: Annotated[str, Meta(min_length=1, max_length=100)]
    choices: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...], Meta(max_length=250)] = ()
    shown_on_till: bool = False
    editable_on_till: bool = False
    printed: bool = False
    retired: bool = False


class CustomFields(Reply, frozen=True):
    """All custom fields by id, the retired ones too; ``revision`` grows with every change of one."""

    revision: int
    fields: tuple[CustomField, ...]


class ListCustomFields(Query[CustomFields], frozen=True):
    """Which custom fields the store has."""

    asked_by = ("register", "backoffice", "hub", "checkout")


class CustomValuesChecked(Reply, frozen=True):
    """The values in their normal form, without those that say nothing, and the fields that were asked about."""

    personal: ClassVar = True

    values: dict[FieldId, CustomValue]
    fields: tuple[CustomField, ...]


class CheckCustomValues(Query[CustomValuesChecked], frozen=True):
    """What values become that a register gives custom fields of a sale or a line; null and blank ones say nothing."""

    asked_by = ("checkout",)
    rejections = (DetailInvalid,)

    of: Literal["sale", "line"]
    values: Annotated[dict[FieldId, CustomValue | None], Meta(max_length=250, extra={"secret": True})]


class PrintedCustomerField(Message, frozen=True):
    """What a customer's receipts show of one field: what the shop calls it, and what it holds."""

    label: str
    kind: FieldKind
    value: CustomValue


class PrintedFields(Reply, frozen=True):
    """The fields of a customer that are printed and hold something, by the fields' ids."""

    personal: ClassVar = True

    fields: tuple[PrintedCustomerField, ...]


class GetPrintedFields(Query[PrintedFields], frozen=True):
    """Read what a customer's receipts show of the fields that the shop has printed; nothing of who is not on file.

    Only what prints may ask: it keeps none of it.
    """

    asked_by = ("devices",)

    customer_id: CustomerId


class PutCustomField(Command[CustomFields], frozen=True):
    """Define a custom field under an id made by the caller, or change its label, choices and flags."""

    lane: ClassVar = "field"
    asked_by = ("backoffice", "hub")
    permission = "customer.fields"
    rejections = (CustomFieldFixed, CustomFieldIncomplete, TooManyCustomFields)

    field: FieldId
    of: FieldOwner
    kind: FieldKind
    label: Annotated[str, Meta(min_length=1, max_length=100)]
    choices: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...], Meta(max_length=250)] = ()
    shown_on_till: bool = False
    editable_on_till: bool = False
    printed: bool = False
    retired: bool = False


class CustomFieldsChanged(Event, frozen=True):
    """Custom fields were defined anew; whoever uses them reads them again."""

    revision: int
