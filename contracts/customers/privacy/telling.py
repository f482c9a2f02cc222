"""What is told of erasures unasked: who is forgotten, to all that keep something about them, and how many wait.

Never here: requests and their replies.
"""

from typing import ClassVar

from contracts.base import Event, State
from contracts.customers.privacy.erasing import ErasureId
from contracts.ids import CustomerId, Timestamp


class CustomerErased(Event, frozen=True):
    """A customer is forgotten: whoever keeps anything about one of these ids forgets it, too."""

    erasure_id: ErasureId
    customer_ids: tuple[CustomerId, ...]
    erased_at: Timestamp


class ErasuresState(State, frozen=True):
    """How many erasures wait for a service, and how many of them too long."""

    path: ClassVar = "erasures"

    revision: int
    waiting: int
    overdue: int
    oldest_at: Timestamp | None = None
