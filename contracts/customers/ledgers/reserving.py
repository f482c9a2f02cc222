"""What of a balance is kept for a sale that is not completed yet, and let go of.

Never here: entries. A completed sale books what was kept for it, and nothing is asked for that.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Rejection, Reply
from contracts.customers import CustomerNotFound
from contracts.customers.balances import Ledger, ReservationId, Reserved, Units
from contracts.customers.ledgers import BalanceTooLow, LoyaltyNotJoined
from contracts.customers.loyalty import RedeemAs
from contracts.customers.vouchers import VoucherBlocked, VoucherCode, VoucherExpired, VoucherNotForThis, VoucherNotFound
from contracts.ids import CustomerId, RegisterId, SaleId, TaxClassCode, TenderId, Timestamp
from contracts.money import LARGEST, Amount, PositiveAmount

ReservationState = Literal["held", "captured", "released", "expired"]


class PointsWorthless(Rejection):
    """That amount is no whole number of points; ``point_value`` is what one is worth."""


class PointsNotTender(Rejection):
    """The store redeems points as a discount, not as a tender."""


class PointsNotDiscount(Rejection):
    """The store redeems points as a tender, not as a discount."""


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
