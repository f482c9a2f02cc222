"""Who gets the credit for a line item, before completion and after."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.base import Command, Event, Message, Rejection
from contracts.checkout import LineItemNotFound, Sale, SaleBeingPaid, SaleNotCompleted, SaleNotFound, SaleNotOpen, Share
from contracts.customers import RevisionConflict
from contracts.ids import (
    Day,
    LineItemId,
    RegisterId,
    SaleId,
    StaffId,
    Timestamp,
)
from contracts.money import Amount
from contracts.policy import (
    TransactionKind,
)


class StaffUnknown(Rejection):
    """Nobody who works here has that id; choose somebody from the staff list."""


class SharesInvalid(Rejection):
    """The shares of a line name each staff member once and add up to 10000 basis points."""


class AttributeLines(Command[Sale], frozen=True):
    """Say who gets the credit for the named line items, or for all."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid, LineItemNotFound, SharesInvalid, StaffUnknown)

    sale_id: SaleId
    shares: Annotated[tuple[Share, ...], Meta(min_length=1, max_length=20)]
    line_item_ids: tuple[LineItemId, ...] | None = None


class ChangeAttribution(Command[Sale], frozen=True):
    """Give the credit for line items of a completed sale to others: a new record, the earlier ones stay.

    ``expected_version`` is the sale's ``attribution_version`` as it was read.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "attribution.edit_completed"
    rejections = (SaleNotFound, SaleNotCompleted, LineItemNotFound, SharesInvalid, StaffUnknown, RevisionConflict)

    sale_id: SaleId
    expected_version: int
    shares: Annotated[tuple[Share, ...], Meta(min_length=1, max_length=20)]
    line_item_ids: tuple[LineItemId, ...] | None = None


class CreditedLine(Message, frozen=True):
    """Who gets the credit for a line item of a completed sale, as it is now."""

    line_item_id: LineItemId
    amount: Amount
    attribution: tuple[Share, ...]


class AttributionChanged(Event, frozen=True):
    """The credit for a completed sale is this from now on; ``lines`` are all of its lines."""

    sale_id: SaleId
    register: RegisterId
    transaction_kind: TransactionKind
    business_day: Day
    version: int
    staff_id: StaffId
    approved_by: StaffId | None
    changed_at: Timestamp
    lines: tuple[CreditedLine, ...]
