"""What a shop's own fields hold of a sale and of its lines."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.base import Command, Message, Query, Rejection, Reply
from contracts.checkout import LineItemNotFound, Sale, SaleNotFound, SaleNotOpen
from contracts.checkout.selling import LineItemFollows
from contracts.customers import DetailInvalid
from contracts.customers.fields import FieldKind
from contracts.customers.profile import CustomValue, FieldId
from contracts.ids import CustomerId, Day, LineItemId, ReceiptNumber, SaleId

CustomChanges = Annotated[dict[FieldId, CustomValue | None], Meta(min_length=1, max_length=250, extra={"secret": True})]


class CustomValuesTooLong(Rejection):
    """The custom fields of a sale and its lines hold together no more than ``most`` characters."""


class SetCustomFields(Command[Sale], frozen=True):
    """Fill custom fields of an open sale, or with ``line_item_id`` of one of its lines; null empties one.

    The fields are those that the shop defined (``put-custom-field``), of which a register fills those that are editable
    on the till. What is not named stays. They are no matter of policy, so they may change until the sale is completed.
    Without the customers service nobody knows what a field may hold: then it is ``unavailable``.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (SaleNotFound, SaleNotOpen, LineItemNotFound, LineItemFollows, DetailInvalid, CustomValuesTooLong)

    sale_id: SaleId
    values: CustomChanges
    line_item_id: LineItemId | None = None


class FieldOfSale(Message, frozen=True):
    """What a custom field of a sale holds, as it was called when it was filled; of a line if that is named.

    ``name`` is the line's, None for a field of the sale. An open or voided sale has no receipt number.
    """

    sale_id: SaleId
    receipt_number: ReceiptNumber | None
    business_day: Day
    line_item_id: LineItemId | None
    name: str | None
    label: str
    kind: FieldKind
    value: CustomValue


class FieldsOfSales(Reply, frozen=True):
    """What the fields of somebody's sales hold, open and voided ones too; ``next`` asks for those of further sales."""

    personal: ClassVar = True

    fields: tuple[FieldOfSale, ...]
    next: str | None = None


class ListFieldsOfSales(Query[FieldsOfSales], frozen=True):
    """Read what the custom fields of a person's sales and their lines hold, for the copy that they are given.

    ``customer_ids`` are all ids that stand for them.
    """

    asked_by = ("customers",)

    customer_ids: Annotated[tuple[CustomerId, ...], Meta(min_length=1)]
    next: str | None = None
