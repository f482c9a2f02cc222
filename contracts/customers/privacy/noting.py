"""Who saw customers' details, or took them away.

Never here: the details.
"""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.base import Message, Query, Reply
from contracts.ids import CustomerId, Segment, StaffId, Timestamp

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
