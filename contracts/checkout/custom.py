"""What a shop's own fields hold of a sale and of its lines."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.base import Command, Rejection
from contracts.checkout import LineItemNotFound, Sale, SaleNotFound, SaleNotOpen
from contracts.checkout.selling import LineItemFollows
from contracts.customers import DetailInvalid
from contracts.customers.profile import CustomValue, FieldId
from contracts.ids import LineItemId, SaleId

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
