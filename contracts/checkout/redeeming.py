"""Points that come off a sale's lines as a discount, where the store's loyalty programme has it so."""

from typing import ClassVar

from contracts.base import Command, Event, Rejection
from contracts.checkout import Sale, SaleBeingPaid, SaleNotFound, SaleNotOpen
from contracts.checkout.paying import CustomerMissing
from contracts.customers import CustomerNotFound
from contracts.customers.balances import Reserved
from contracts.customers.ledgers import BalanceTooLow, LoyaltyNotJoined
from contracts.customers.ledgers.reserving import PointsNotDiscount, PointsWorthless
from contracts.ids import RedemptionId, RegisterId, SaleId, StaffId, Timestamp
from contracts.money import Amount, PositiveAmount


class RedemptionExists(Rejection):
    """Points come off this sale already, or did under that id; remove them first and make a new id."""


class RedemptionTooLarge(Rejection):
    """Points take off no more than goods and services come to; ``most`` is that."""


class RedemptionNotFound(Rejection):
    """No points come off this sale under that id."""


class RedeemPoints(Command[Sale], frozen=True):
    """Take points of the sale's customer off its goods and services: any part of what they have, as a discount.

    ``amount`` is what comes off, a whole number of points; ``get-balances`` tells what they are worth. They are
    reserved for the sale for 15 minutes, and longer before it is paid and completed. A sale has one redemption.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (
        SaleNotFound,
        SaleNotOpen,
        SaleBeingPaid,
        CustomerMissing,
        RedemptionExists,
        RedemptionTooLarge,
        CustomerNotFound,
        BalanceTooLow,
        LoyaltyNotJoined,
        PointsNotDiscount,
        PointsWorthless,
    )

    sale_id: SaleId
    redemption_id: RedemptionId
    amount: PositiveAmount


class RemoveRedemption(Command[Sale], frozen=True):
    """Give the points back to the customer; the lines cost what they did."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid, RedemptionNotFound)

    sale_id: SaleId
    redemption_id: RedemptionId


class RedemptionRemoved(Event, frozen=True):
    """Points come off a sale no more, given back or because it has another customer; what they reserved is free again.

    ``staff_id`` is None where a scanner brought the other customer.
    """

    sale_id: SaleId
    register: RegisterId
    redemption_id: RedemptionId
    amount: Amount
    removed_at: Timestamp
    staff_id: StaffId | None
    reserved: Reserved
