"""What whoever watches the books sees: each booking told, what came too late for its reservation, and the audit.

Never here: what changes a ledger.
"""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.base import Event, Message, Query, Reply
from contracts.customers.balances import HolderId, Ledger, Units
from contracts.customers.ledgers import EntryKind, NotOnTime
from contracts.ids import Day, SaleId, Timestamp, Uuid
from contracts.money import Amount


class LateCapture(Message, frozen=True):
    """A completed sale spent what was not reserved for it any more; it is booked, and a person should look.

    What a sale would have booked for nobody (no customer, or a placeholder) is not ``booked``: the person finds out
    whose it is and books it by hand, or pays it back. ``amount`` is then what would have been booked.
    """

    ledger: Ledger
    holder_id: HolderId | None
    entry_id: Uuid
    sale_id: SaleId
    amount: Units
    balance: Units
    not_on_time: NotOnTime
    at: Timestamp
    booked: bool = True


class LateCaptures(Reply, frozen=True):
    """What was booked although its reservation did not hold any more, and what was of nobody, newest first."""

    captures: tuple[LateCapture, ...]


class ListLateCaptures(Query[LateCaptures], frozen=True):
    """Which sales spent what was not reserved for them any more, and which paid or gave back something for nobody."""

    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"

    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class LedgerDifference(Message, frozen=True):
    """Something kept that is not what the entries come to.

    ``part``: whose what of a balance is, since a merge. ``transfer``: what a merge, or its undoing, took away from the
    holder (``kept``) is not what came in elsewhere. ``astray``: what belongs to somebody else and no sale keeps there.
    """

    ledger: Ledger
    holder_id: HolderId
    what: Literal["balance", "entries", "running_balance", "reserved", "capture", "lot", "part", "transfer", "astray"]
    kept: int
    computed: int


class LedgersAudited(Reply, frozen=True):
    """All ledgers recomputed from their entries; ``differences`` should be empty. At most 1000 are named."""

    holders: int
    entries: int
    store_credit: Amount
    owed: Amount
    points: Units
    vouchers: Amount
    differences: tuple[LedgerDifference, ...]


class AuditLedgers(Query[LedgersAudited], frozen=True):
    """Recompute every balance from its entries and report each difference."""

    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"


class BalanceBooked(Event, frozen=True):
    """Something was booked in a ledger. ``holder_id`` is a customer's or a voucher's id."""

    ledger: Ledger
    holder_id: HolderId
    entry_id: Uuid
    number: int
    kind: EntryKind
    amount: Units
    balance: Units
    day: Day
    booked_at: Timestamp
    sale_id: SaleId | None = None
    not_on_time: NotOnTime | None = None
