"""Vouchers: whoever holds the code may spend what is on it. Nothing says whose it is."""

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from contracts.base import Command, Message, Query, Rejection, Reply
from contracts.checkout.catalogue import TaxClassUnknown
from contracts.customers.balances import VoucherId, VoucherPurpose
from contracts.ids import Day, SaleId, Segment, StaffId, TaxClassCode, Timestamp
from contracts.money import Amount, PositiveAmount

VoucherState = Literal["valid", "blocked", "spent", "expired"]
BlockReason = Literal["lost", "stolen", "misprinted", "other"]
VoucherCode = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Za-z -]{8,64}$(?!\n)",
        description="As printed; case, blanks and hyphens do not matter.",
        extra={"secret": True},
    ),
]


class VoucherNotFound(Rejection):
    """No voucher has that code or id."""


class VoucherExpired(Rejection):
    """The voucher's last day is over."""


class VoucherBlocked(Rejection):
    """The voucher is blocked, ``reason`` says why; look at who holds it."""


class VoucherNotForThis(Rejection):
    """The voucher is for what has its tax class; ``most`` is what it may still pay of this sale."""


class VoucherExists(Rejection):
    """A voucher with that id was issued with another value or purpose; make a new id for a new voucher."""


class VoucherPurposeInvalid(Rejection):
    """A single-purpose voucher names its tax class, a multi-purpose one names none."""


class VoucherCodeLost(Rejection):
    """The code cannot be told again, for the key it was made with is gone; the voucher itself is still good."""


class Voucher(Reply, frozen=True):
    """A voucher. ``available`` is what can be spent of ``balance`` now: none of it is reserved, blocked or expired.

    One of which nothing is left is ``spent``, however it went. ``blocked`` is why it is, None while it is not.
    """

    voucher_id: VoucherId
    purpose: VoucherPurpose
    value: Amount
    balance: Amount
    available: Amount
    state: VoucherState
    issued_on: Day
    tax_class: TaxClassCode | None = None
    expires_on: Day | None = None
    sale_id: SaleId | None = None
    blocked: BlockReason | None = None


class VoucherPrinted(Reply, frozen=True):
    """A voucher with its code, which is kept nowhere: whoever sees it may spend it."""

    personal: ClassVar = True

    voucher: Voucher
    code: VoucherCode


class IssueVoucher(Command[VoucherPrinted], frozen=True):
    """Make a voucher that nobody paid for at a till: a present, goodwill, one in the place of another.

    The tax class of a single-purpose one has a rate today; checkout is asked for that. Sent again it gives the code
    again, which is noted.
    """

    lane: ClassVar = "voucher_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"
    rejections = (VoucherExists, VoucherPurposeInvalid, TaxClassUnknown, VoucherCodeLost)

    voucher_id: VoucherId
    value: PositiveAmount
    purpose: VoucherPurpose = "multi_purpose"
    tax_class: TaxClassCode | None = None
    expires_on: Day | None = None


class Vouchers(Reply, frozen=True):
    """Vouchers with their codes."""

    personal: ClassVar = True

    vouchers: tuple[VoucherPrinted, ...]


class PrintSaleVouchers(Command[Vouchers], frozen=True):
    """Give the codes of the vouchers that a completed sale of the asking register sold, to print them. It is noted.

    Once they were given, whoever has them given again needs ``ledger.adjust``, their own or by approval; the same
    command sent again needs what it needed first.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register", "hub")
    permission = "sale.sell"
    rejections = (VoucherCodeLost,)

    sale_id: SaleId


class CheckVoucher(Query[Voucher], frozen=True):
    """Look what is on a voucher, by its code or its id."""

    asked_by = ("register", "backoffice", "hub")
    permission = "sale.sell"
    rejections = (VoucherNotFound,)

    code: VoucherCode | UnsetType = UNSET
    voucher_id: VoucherId | UnsetType = UNSET


class BlockVoucher(Command[Voucher], frozen=True):
    """Let nobody spend a voucher from now on; what a sale has reserved of it already is still that sale's."""

    lane: ClassVar = "voucher_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"
    rejections = (VoucherNotFound,)

    voucher_id: VoucherId
    reason: BlockReason


class UnblockVoucher(Command[Voucher], frozen=True):
    """Let a voucher be spent again; one that is not blocked stays as it is."""

    lane: ClassVar = "voucher_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"
    rejections = (VoucherNotFound,)

    voucher_id: VoucherId


class VouchersIssued(Reply, frozen=True):
    """Vouchers without their codes, oldest first; ``next`` asks for the following page."""

    vouchers: tuple[Voucher, ...]
    next: str | None = None


class ListVouchers(Query[VouchersIssued], frozen=True):
    """Which vouchers were issued from one day to another, sold and by hand, and what is left on each."""

    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"

    from_day: Day
    to_day: Day
    limit: Annotated[int, Meta(ge=1, le=200)] = 100
    next: str | None = None


class VoucherNote(Message, frozen=True):
    """Something that befell a voucher and changed nothing on it; ``given`` is its code, to ``caller``."""

    kind: Literal["given", "blocked", "unblocked"]
    at: Timestamp
    staff_id: StaffId | None
    caller: Segment
    reason: BlockReason | None = None


class VoucherNotes(Reply, frozen=True):
    """The newest 200 notes about a voucher, newest first."""

    voucher_id: VoucherId
    notes: tuple[VoucherNote, ...]


class GetVoucherNotes(Query[VoucherNotes], frozen=True):
    """Who was given a voucher's code, and who blocked it; what was booked is in its ledger (``get-voucher-ledger``)."""

    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"
    rejections = (VoucherNotFound,)

    voucher_id: VoucherId
