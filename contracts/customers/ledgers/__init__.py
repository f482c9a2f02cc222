"""Store credit, account, loyalty and vouchers: what is there, what was booked, and what is booked by hand.

An entry is never changed; a mistake is put right by another entry. Amounts are minor units, of loyalty points. In
``account`` a positive amount is owed to the shop; everywhere else it is the holder's to spend.

Never here: an account's terms (``accounts``), what is kept for a sale (``reserving``), the audit (``watching``).
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Message, Query, Rejection, Reply
from contracts.customers import CustomerNotFound, PlaceholderHoldsNothing
from contracts.customers.balances import CustomerLedger, HolderId, Ledger, Units, VoucherId
from contracts.customers.profile import Balances
from contracts.customers.vouchers import VoucherExpired, VoucherNotFound
from contracts.ids import CustomerId, Day, SaleId, StaffId, Timestamp, Uuid, Version
from contracts.money import Amount

EntryKind = Literal[
    "opening",
    "issued",
    "charged",
    "paid",
    "earned",
    "taken_back",
    "bonus",
    "redeemed",
    "given_back",
    "expired",
    "adjusted",
    "transferred_out",
    "transferred_in",
]
AdjustReason = Literal["goodwill", "refund", "payment", "correction", "write_off", "promotion", "other"]
NotOnTime = Literal["expired", "released", "unknown"]


class BalanceTooLow(Rejection):
    """The balance, or what is left of the account's limit, is less than that; ``available`` is what there is."""


class EntryExists(Rejection):
    """An entry with that id says something else; make a new id for a new entry."""


class AmountZero(Rejection):
    """An entry of nothing changes nothing; say how much."""


class AmountWrongWay(Rejection):
    """A payment lessens what an account owes, and adds to anything else; change the sign or the reason."""


class BalanceTooLarge(Rejection):
    """The balance would come to more than can be booked."""


class LoyaltyNotJoined(Rejection):
    """The customer has not joined the loyalty programme, or the store has none."""


class BalancesRead(Reply, frozen=True):
    """What a customer has with the shop, and what of it can be spent now.

    What is reserved for a sale that is not completed yet is still in the balance and not available.
    ``account_available`` None means that the account has no limit. ``account_grace_days`` None says that there are no
    terms of an account; ``account_revision`` is that of the terms, which ``set-account-terms`` asks for.
    """

    customer_id: CustomerId
    balances: Balances
    store_credit_available: Amount
    account_available: Amount | None
    points_available: Units
    points_worth: Amount
    overdue: Amount
    loyalty_terms: Version | None = None
    account_revision: int = 0
    account_grace_days: int | None = None


class GetBalances(Query[BalancesRead], frozen=True):
    """Read a customer's three balances."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"
    rejections = (CustomerNotFound,)

    customer_id: CustomerId


class LedgerEntry(Message, frozen=True):
    """One booking. ``number`` counts the holder's entries from 1, ``balance`` is what they came to with this one.

    ``day`` is the business day of the sale, or the shop's day. ``expires_on`` is the last day on which it can be
    spent, ``due_on`` the last day on which it is paid in time. ``not_on_time`` says why a sale's reservation did
    not hold any more when the sale came: the sale is the truth, and is booked.
    """

    entry_id: Uuid
    number: int
    kind: EntryKind
    amount: Units
    balance: Units
    at: Timestamp
    day: Day
    sale_id: SaleId | None = None
    staff_id: StaffId | None = None
    reason: AdjustReason | None = None
    expires_on: Day | None = None
    due_on: Day | None = None
    not_on_time: NotOnTime | None = None


class EntryBooked(Reply, frozen=True):
    """The entry, as it was booked."""

    ledger: Ledger
    holder_id: HolderId
    entry: LedgerEntry


class AdjustBalance(Command[EntryBooked], frozen=True):
    """Book by hand: give store credit or points, take some away, take a payment to an account, put a mistake right.

    ``amount`` is what changes: positive is more to spend, on an account more that is owed. Nothing that is reserved
    for a sale, and nothing that is not there, is taken away.
    """

    lane: ClassVar = "customer_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"
    rejections = (
        CustomerNotFound,
        EntryExists,
        AmountZero,
        AmountWrongWay,
        BalanceTooLow,
        BalanceTooLarge,
        LoyaltyNotJoined,
        PlaceholderHoldsNothing,
    )

    entry_id: Uuid
    customer_id: CustomerId
    ledger: CustomerLedger
    amount: Units
    reason: AdjustReason
    expires_on: Day | None = None


class AdjustVoucher(Command[EntryBooked], frozen=True):
    """Put right what is on a voucher, by hand; to cancel it take away all that is left.

    Nothing that is reserved for a sale, and nothing that is not there, is taken away. What is added is good through
    the voucher's own last day.
    """

    lane: ClassVar = "voucher_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"
    rejections = (
        VoucherNotFound,
        VoucherExpired,
        EntryExists,
        AmountZero,
        AmountWrongWay,
        BalanceTooLow,
        BalanceTooLarge,
    )

    entry_id: Uuid
    voucher_id: VoucherId
    amount: Units
    reason: AdjustReason


class LedgerRead(Reply, frozen=True):
    """A page of a ledger, newest first; ``next`` asks for the following page."""

    ledger: Ledger
    holder_id: HolderId
    entries: tuple[LedgerEntry, ...]
    next: int | None = None


class GetLedger(Query[LedgerRead], frozen=True):
    """Read what was booked for a customer in one ledger."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"
    rejections = (CustomerNotFound,)

    customer_id: CustomerId
    ledger: CustomerLedger
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    next: int | None = None


class GetVoucherLedger(Query[LedgerRead], frozen=True):
    """Read what was booked on a voucher: issued, spent, given back, put right, expired."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"
    rejections = (VoucherNotFound,)

    voucher_id: VoucherId
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    next: int | None = None
