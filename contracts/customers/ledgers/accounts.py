"""What a customer owes: on which terms, what is open, and the statement that says so.

Never here: other ledgers, and what is kept of an account for a sale (``reserving``).
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.base import Command, Message, Query, Reply
from contracts.customers import CustomerNotFound, PlaceholderHoldsNothing, RevisionConflict
from contracts.customers.ledgers import LedgerEntry
from contracts.ids import CustomerId, Day, SaleId, Uuid
from contracts.money import LARGEST, Amount


class AccountTerms(Reply, frozen=True):
    """On which terms a customer may owe. ``credit_limit`` None is no limit, 0 no credit."""

    customer_id: CustomerId
    revision: int
    credit_limit: Amount | None
    grace_days: int


class SetAccountTerms(Command[AccountTerms], frozen=True):
    """Say how much a customer may owe and for how many days. ``expected_revision`` is 0 where there are no terms yet.

    What is owed already keeps the day on which it is due.
    """

    lane: ClassVar = "customer_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"
    rejections = (CustomerNotFound, PlaceholderHoldsNothing, RevisionConflict)

    customer_id: CustomerId
    expected_revision: int
    credit_limit: Annotated[int, Meta(ge=0, le=LARGEST)] | None
    grace_days: Annotated[int, Meta(ge=0, le=3650)] = 30


class OpenItem(Message, frozen=True):
    """What is not paid yet of something that was charged; payments settle the oldest first."""

    entry_id: Uuid
    day: Day
    amount: Amount
    left: Amount
    due_on: Day | None = None
    overdue: bool = False
    sale_id: SaleId | None = None


class AccountStatement(Reply, frozen=True):
    """An account over a time: what was owed before, what was booked, what is owed after, and what of it is open.

    ``entries`` stand by their days, however late they were booked, and their ``balance`` is what was owed after each.
    ``open_items`` and ``overdue`` are as of ``to_day``. ``more`` says that there were more entries than one
    statement holds; ask for a shorter time.
    """

    customer_id: CustomerId
    from_day: Day
    to_day: Day
    owed_before: Amount
    owed_after: Amount
    overdue: Amount
    terms: AccountTerms
    entries: tuple[LedgerEntry, ...]
    open_items: tuple[OpenItem, ...]
    more: bool = False


class GetAccountStatement(Query[AccountStatement], frozen=True):
    """Read a customer's account from one business day to another."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"
    rejections = (CustomerNotFound,)

    customer_id: CustomerId
    from_day: Day
    to_day: Day
