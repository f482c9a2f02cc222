"""Points of the sale's customer come off its lines as a discount, and are given back before it is paid."""

from typing import NamedTuple

from contracts.checkout import Sale
from contracts.checkout.redeeming import RedeemPoints, RemoveRedemption
from contracts.customers.ledgers.reserving import BalanceReserved
from services.checkout.handlers.balances import reserve_points
from services.checkout.handlers.checks import as_read
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.asking import Ask


class Redeeming(NamedTuple):
    """The revision a sale was read at, and the points that are reserved for it."""

    revision: int
    kept: BalanceReserved


async def prepare_redeem_points(command: RedeemPoints, view: CheckoutView, ask: Ask) -> Redeeming:
    """Reserve the points.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, CustomerMissing, RedemptionExists, RedemptionTooLarge.
        CustomerNotFound, BalanceTooLow, LoyaltyNotJoined, PointsNotDiscount, PointsWorthless: they cannot be
            redeemed so.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_redeems(command.redemption_id, command.amount)
    return Redeeming(sale.revision, await reserve_points(command, sale, view, ask))


def redeem_points(command: RedeemPoints, redeeming: Redeeming, tx: CheckoutTx) -> Sale:
    """Let them come off goods and services; policy is asked about the sale afresh as it is paid.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, CustomerMissing, RedemptionExists, RedemptionTooLarge.
    """
    opened = as_read(command.sale_id, redeeming.revision, tx)
    opened.sale.redeem(command.redemption_id, command.amount, redeeming.kept)
    return tx.keep(opened)


def remove_redemption(command: RemoveRedemption, tx: CheckoutTx) -> Sale:
    """Give the points back.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, RedemptionNotFound.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    opened.sale.remove_redemption(command.redemption_id)
    return tx.keep(opened)
