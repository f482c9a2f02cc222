"""Store credit, account, loyalty and vouchers: what is booked, reserved for a sale, read and audited.

An entry is never changed; a mistake is put right by another entry. Amounts are minor units, of loyalty points. In
``account`` a positive amount is owed to the shop; everywhere else it is the holder's to spend.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, Message, Query, Rejection, Reply
from contracts.customers import CustomerNotFound, PlaceholderHoldsNothing, RevisionConflict
from contracts.customers.balances import (
    CustomerLedger,
    HolderId,
    Ledger,
    ReservationId,
    Reserved,
    Units,
    VoucherId,
)
from contracts.customers.loyalty import RedeemAs
from contracts.customers.profile import Balances
from contracts.customers.vouchers import (
    VoucherBlocked,
    VoucherCode,
    VoucherExpired,
    VoucherNotForThis,
    VoucherNotFound,
)
from contracts.ids import (
    CustomerId,
    Day,
    RegisterId,
    SaleId,
    StaffId,
    TaxClassCode,
    TenderId,
    Timestamp,
    Uuid,
    Version,
)
from contracts.money import LARGEST, Amount, PositiveAmount

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
ReservationState = Literal["held", "captured", "released", "expired"]
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


class PointsWorthless(Rejection):
    """That amount is no whole number of points; ``point_value`` is what one is worth."""


class PointsNotTender(Rejection):
    """The store redeems points as a discount, not as a tender."""


class PointsNotDiscount(Rejection):
    """The store redeems points as a tender, not as a discount."""


class BalancesRead(Reply, frozen=True):
    """What a customer has with the shop, and what of it can be spent now.

    What is reserved for a sale that is not completed yet is still in the balance and not available.
    ``account_available`` None means that the account has no limit.
    """

    customer_id: CustomerId
    balances: Balances
    store_credit_available: Amount
    account_available: Amount | None
    points_available: Units
    points_worth: Amount
    overdue: Amount
    loyalty_terms: Version | None = None


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


class BalanceReserved(Reply, frozen=True):
    """The balance is kept for the sale until ``expires_at``, unless it is reserved again before."""

    reserved: Reserved
    state: ReservationState
    expires_at: Timestamp
    available: Units


class ReserveBalance(Command[BalanceReserved], frozen=True):
    """Keep a part of a balance for a tender of a sale or for points that come off its lines, or keep it longer.

    ``reservation_id`` follows from the sale and from ``tender_id``, which is the tender's or the redemption's, so that
    repeating is harmless; another amount takes the place of the one before. ``customer_id`` is needed but for a
    voucher, which is named by its code or, once it is reserved, by nothing. ``units`` is what a sale has agreed on
    already: it is kept so, whatever the programme makes of the amount by now. ``payable`` is what a single-purpose
    voucher of each tax class may pay on this sale; one whose class is not named pays nothing, and without it all is
    agreed already.
    """

    lane: ClassVar = "reservation_id"
    asked_by = ("checkout",)
    rejections = (
        CustomerNotFound,
        BalanceTooLow,
        LoyaltyNotJoined,
        PointsNotTender,
        PointsNotDiscount,
        PointsWorthless,
        VoucherNotFound,
        VoucherExpired,
        VoucherBlocked,
        VoucherNotForThis,
    )

    reservation_id: ReservationId
    sale_id: SaleId
    tender_id: TenderId
    register: RegisterId
    ledger: Ledger
    amount: PositiveAmount
    customer_id: CustomerId | None = None
    voucher_code: VoucherCode | None = None
    redeem_as: RedeemAs = "tender"
    units: Annotated[int, Meta(ge=1, le=LARGEST)] | None = None
    payable: dict[TaxClassCode, Amount] | None = None


class BalanceReleased(Reply, frozen=True):
    """Nothing is kept under that id any more, or it was captured by a completed sale."""

    reservation_id: ReservationId
    state: ReservationState


class ReleaseBalance(Command[BalanceReleased], frozen=True):
    """Let go of what was reserved; one that nobody made counts as released."""

    lane: ClassVar = "reservation_id"
    asked_by = ("checkout",)

    reservation_id: ReservationId


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
    """Something kept that is not what the entries come to."""

    ledger: Ledger
    holder_id: HolderId
    what: Literal["balance", "entries", "running_balance", "reserved", "capture", "lot"]
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
