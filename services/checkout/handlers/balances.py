"""What a tender spends of a balance, and points that come off the lines, are reserved at the customers service.

A reservation's id follows from sale and tender or redemption, so that asking again is harmless. What becomes of it the
customers service hears from checkout's journal: ``sale-completed`` names it; ``tender-removed``, ``redemption-removed``
and ``sale-voided`` let it go.
"""

from datetime import timedelta
from typing import NamedTuple

import msgspec

from contracts.base import Unavailable
from contracts.checkout import Tender
from contracts.checkout.paying import AddTender, TenderRemoved
from contracts.checkout.redeeming import RedeemPoints
from contracts.customers import CustomerNotFound
from contracts.customers.balances import Ledger, ReservationId
from contracts.customers.ledgers import BalanceTooLow
from contracts.customers.ledgers.reserving import BalanceReserved, ReserveBalance
from contracts.customers.vouchers import VoucherNotFound
from contracts.ids import RedemptionId, TenderId
from contracts.policy import TenderKind
from services.checkout.model.sale import OpenedSale
from services.checkout.model.tenders import BALANCES
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.asking import Ask
from services.runtime.clock import stamp

LEFT_AT_THE_END = timedelta(seconds=60)
"""A sale is completed only with so much time left on what it has reserved, or it is reserved anew."""
LEFT_TO_PAY = timedelta(minutes=10)
"""The first tender is taken only with so much time left on points that come off: by then the price is settled."""
_LEDGERS: dict[TenderKind, Ledger] = {
    "store_credit": "store_credit",
    "account": "account",
    "loyalty": "loyalty",
    "voucher": "voucher",
}


class Renewed(NamedTuple):
    """A tender whose balance is kept longer."""

    tender_id: TenderId
    kept: BalanceReserved


async def reserve(command: AddTender, sale: OpenedSale, view: CheckoutView, ask: Ask) -> BalanceReserved | None:
    """Reserve what a tender spends; None for money.

    Rejections:
        CustomerNotFound, BalanceTooLow, LoyaltyNotJoined, PointsNotTender, PointsWorthless, VoucherNotFound,
        VoucherExpired, VoucherBlocked, VoucherNotForThis.
    """
    if command.kind not in BALANCES:
        return None
    if command.kind == "voucher" and command.voucher_code is None:
        raise VoucherNotFound(field="voucher_code")
    wanted = _for_tender(sale, command.tender_id, command.kind, command.amount, view)
    if command.kind == "voucher":
        payable = sale.payable_by_vouchers()
        wanted = msgspec.structs.replace(wanted, voucher_code=command.voucher_code, payable=payable)
    return await _ask(wanted, sale, view, ask)


async def renew(sale: OpenedSale, view: CheckoutView, ask: Ask) -> tuple[Renewed, ...]:
    """Reserve anew what would run out soon.

    Rejections:
        Those of ``reserve``: it had run out already and was spent elsewhere.
    """
    renewed = []
    for tender in running_out(sale, view):
        wanted = _for_tender(sale, tender.tender_id, tender.kind, tender.amount, view)
        agreed = msgspec.structs.replace(wanted, units=tender.reserved and tender.reserved.units)
        renewed.append(Renewed(tender.tender_id, await _ask(agreed, sale, view, ask)))
    return tuple(renewed)


def running_out(sale: OpenedSale, at: CheckoutView | CheckoutTx) -> list[Tender]:
    """The tenders whose balance is not reserved for long enough to complete the sale."""
    return sale.running_out(stamp(at.now + LEFT_AT_THE_END)) if sale.kept_until else []


def let_go(sale: OpenedSale, tender: Tender, tx: CheckoutTx) -> None:
    """Tell that a tender which spends a balance was given back."""
    if tender.reserved is not None:
        tx.record(
            TenderRemoved(
                sale_id=sale.sale_id,
                register=sale.register,
                tender_id=tender.tender_id,
                kind=tender.kind,
                amount=tender.amount,
                removed_at=stamp(tx.now),
                staff_id=tx.staff_id,
                reserved=tender.reserved,
            )
        )


async def reserve_points(command: RedeemPoints, sale: OpenedSale, view: CheckoutView, ask: Ask) -> BalanceReserved:
    """Reserve points that are to come off the sale's lines.

    Rejections:
        CustomerNotFound, BalanceTooLow, LoyaltyNotJoined, PointsNotDiscount, PointsWorthless.
    """
    return await _ask(_for_points(sale, command.redemption_id, command.amount, view), sale, view, ask)


async def renew_points(sale: OpenedSale, left: timedelta, view: CheckoutView, ask: Ask) -> BalanceReserved | None:
    """Reserve points that come off anew if they would run out before so much time; None if they would not.

    Rejections:
        CustomerNotFound, BalanceTooLow: they had run out already and were spent elsewhere.
    """
    agreed = sale.redemption
    if agreed is None or not points_run_out(sale, left, view):
        return None
    wanted = _for_points(sale, agreed.redemption_id, agreed.amount, view)
    return await _ask(msgspec.structs.replace(wanted, units=agreed.reserved.units), sale, view, ask)


async def renew_points_if_they_can_be(sale: OpenedSale, view: CheckoutView, ask: Ask) -> BalanceReserved | None:
    """The same at the end of a sale that is being paid: the price is agreed, and money that has moved is not refused.

    Points that were spent elsewhere meanwhile are booked as a late capture, which a person looks at.
    """
    try:  # a refusal has no reader here: whoever paid the price that they were told goes home with it
        return await renew_points(sale, LEFT_AT_THE_END, view, ask)
    except (BalanceTooLow, CustomerNotFound, Unavailable):
        return None


def points_run_out(sale: OpenedSale, left: timedelta, at: CheckoutView | CheckoutTx) -> bool:
    """Whether points that come off are not reserved for so much time."""
    return sale.redemption is not None and sale.points_run_out(stamp(at.now + left))


def _for_tender(
    sale: OpenedSale, tender_id: TenderId, kind: TenderKind, amount: int, view: CheckoutView
) -> ReserveBalance:
    return ReserveBalance(
        reservation_id=ReservationId(view.ids.derived(sale.sale_id, f"reservation/{tender_id}")),
        sale_id=sale.sale_id,
        tender_id=tender_id,
        register=sale.register,
        ledger=_LEDGERS[kind],
        amount=amount,
        customer_id=None if kind == "voucher" else sale.customer_id,
    )


def _for_points(sale: OpenedSale, redemption_id: RedemptionId, amount: int, view: CheckoutView) -> ReserveBalance:
    return ReserveBalance(
        reservation_id=ReservationId(view.ids.derived(sale.sale_id, f"redemption/{redemption_id}")),
        sale_id=sale.sale_id,
        tender_id=TenderId(redemption_id),
        register=sale.register,
        ledger="loyalty",
        amount=amount,
        customer_id=sale.customer_id,
        redeem_as="discount",
    )


async def _ask(wanted: ReserveBalance, sale: OpenedSale, view: CheckoutView, ask: Ask) -> BalanceReserved:
    # Sixteen tills at once are more than customers let wait for one caller; who waits is told 'busy' and asks again.
    # The minute makes a command that is repeated for long reserve anew instead of reading an old answer, the revision
    # one that is prepared again because the sale moved: it has another customer, or more that a voucher may pay.
    purpose = f"{wanted.tender_id}/{sale.revision}/{stamp(view.now)[:16]}"
    return await ask(wanted, purpose=purpose, patience_s=0.5, attempts=4)
