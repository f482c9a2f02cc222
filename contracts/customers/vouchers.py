"""Vouchers: whoever holds the code may spend what is on it. Nothing says whose it is."""

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from contracts.base import Command, Query, Rejection, Reply
from contracts.customers.balances import VoucherId
from contracts.ids import Day, SaleId, TaxClassCode
from contracts.money import Amount, PositiveAmount

VoucherPurpose = Literal["single_purpose", "multi_purpose"]
"""Directive (EU) 2016/1065: the tax of a single-purpose voucher is due when it is sold, of others when it is spent."""
VoucherState = Literal["valid", "spent", "expired"]
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


class VoucherExists(Rejection):
    """A voucher with that id was issued with another value or purpose; make a new id for a new voucher."""


class VoucherPurposeInvalid(Rejection):
    """A single-purpose voucher names its tax class, a multi-purpose one names none."""


class VoucherCodeLost(Rejection):
    """The code cannot be told again, for the key it was made with is gone; the voucher itself is still good."""


class Voucher(Reply, frozen=True):
    """A voucher. ``available`` is what can be spent of ``balance`` now: none of it is reserved or expired."""

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


class VoucherPrinted(Reply, frozen=True):
    """A voucher with its code, which is kept nowhere: whoever sees it may spend it."""

    personal: ClassVar = True

    voucher: Voucher
    code: VoucherCode


class IssueVoucher(Command[VoucherPrinted], frozen=True):
    """Make a voucher that nobody paid for at a till: a present, goodwill, one in the place of another."""

    lane: ClassVar = "voucher_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "ledger.adjust"
    rejections = (VoucherExists, VoucherPurposeInvalid, VoucherCodeLost)

    voucher_id: VoucherId
    value: PositiveAmount
    purpose: VoucherPurpose = "multi_purpose"
    tax_class: TaxClassCode | None = None
    expires_on: Day | None = None


class Vouchers(Reply, frozen=True):
    """Vouchers with their codes."""

    personal: ClassVar = True

    vouchers: tuple[VoucherPrinted, ...]


class ListSaleVouchers(Query[Vouchers], frozen=True):
    """Read the vouchers that a completed sale of the asking register sold, with their codes, to print them."""

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
