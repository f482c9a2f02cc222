"""What a tender spends of a balance is reserved at the customers service, and kept until the sale is completed.

A reservation's id follows from sale and tender, so that asking again is harmless. What becomes of it the customers
service hears from checkout's journal: ``sale-completed`` names it, ``tender-removed`` and ``sale-voided`` let it go.
"""

from datetime import timedelta
from typing import NamedTuple

from contracts.checkout import Tender
from contracts.checkout.paying import AddTender, TenderRemoved
from contracts.customers.balances import Ledger, ReservationId
from contracts.customers.ledgers import BalanceReserved, ReserveBalance
from contracts.customers.vouchers import VoucherCode, VoucherNotFound
from contracts.ids import TenderId
from contracts.policy import TenderKind
from services.checkout.model.sale import OpenedSale
from services.checkout.model.tenders import BALANCES
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.clock import stamp
from services.runtime.requester import Ask

LEFT_AT_THE_END = timedelta(seconds=60)
"""A sale is completed only with so much time left on what it has reserved, or it is reserved anew."""
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
        VoucherExpired.
    """
    if command.kind not in BALANCES:
        return None
    if command.kind == "voucher" and command.voucher_code is None:
        raise VoucherNotFound(field="voucher_code")
    return await _ask(command.tender_id, command.kind, command.amount, command.voucher_code, sale, view, ask)


async def renew(sale: OpenedSale, view: CheckoutView, ask: Ask) -> tuple[Renewed, ...]:
    """Reserve anew what would run out soon.

    Rejections:
        Those of ``reserve``: it had run out already and was spent elsewhere.
    """
    return tuple(
        [
            Renewed(tender.tender_id, await _ask(tender.tender_id, tender.kind, tender.amount, None, sale, view, ask))
            for tender in running_out(sale, view)
        ]
    )


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


async def _ask(  # noqa: PLR0913, PLR0917 - what a reservation consists of
    tender_id: TenderId,
    kind: TenderKind,
    amount: int,
    voucher_code: VoucherCode | None,
    sale: OpenedSale,
    view: CheckoutView,
    ask: Ask,
) -> BalanceReserved:
    request = ReserveBalance(
        reservation_id=ReservationId(view.ids.derived(sale.sale_id, f"reservation/{tender_id}")),
        sale_id=sale.sale_id,
        tender_id=tender_id,
        register=sale.register,
        ledger=_LEDGERS[kind],
        amount=amount,
        customer_id=None if kind == "voucher" else sale.customer_id,
        voucher_code=voucher_code,
    )
    # Sixteen tills at once are more than customers let wait for one caller; who waits is told 'busy' and asks again.
    # The minute makes a command that is repeated for long reserve anew instead of reading an old answer.
    return await ask(request, purpose=f"{tender_id}/{stamp(view.now)[:16]}", patience_s=0.5, attempts=4)
