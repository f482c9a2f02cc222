"""Balances are kept for what a sale is to spend, let go of, and given up when the sale did not come in time.

What a completed sale spends is booked in ``spending.py``.
"""

from datetime import timedelta

import msgspec

from contracts.checkout.paying import TenderRemoved
from contracts.checkout.redeeming import RedemptionRemoved
from contracts.checkout.selling import SaleVoided
from contracts.customers import CustomerNotFound
from contracts.customers.balances import HolderId, ReservationId, Reserved
from contracts.customers.ledgers import BalanceTooLow, LoyaltyNotJoined
from contracts.customers.ledgers.reserving import (
    BalanceReleased,
    BalanceReserved,
    PointsNotDiscount,
    PointsNotTender,
    ReleaseBalance,
    ReserveBalance,
)
from contracts.customers.vouchers import VoucherBlocked, VoucherExpired, VoucherNotForThis, VoucherNotFound
from contracts.ids import CustomerId
from services.customers.handlers.booking import parts_of, up_to_date
from services.customers.handlers.transfers import give_back_rest
from services.customers.model.ledgers import spendable
from services.customers.model.loyalty import points_worth
from services.customers.model.vouchers import code_hash
from services.customers.store.reservations import Reservation
from services.customers.transactions import CustomersTx
from services.runtime.clock import stamp

KEPT_FOR = timedelta(minutes=15)


def reserve_balance(command: ReserveBalance, tx: CustomersTx) -> BalanceReserved:
    """Keep a part of a balance for a tender or for points that come off, or keep it longer.

    What is kept already is kept on without another look; anything else must be there now. What a sale has agreed on
    (``units``) stays so, whatever the programme has come to since.

    Rejections:
        CustomerNotFound: there is no such customer, or none is named.
        VoucherNotFound: no voucher has that code.
        VoucherExpired: the voucher's last day is over.
        VoucherBlocked: it is blocked.
        VoucherNotForThis: it is for what has its tax class, of which the sale has less.
        LoyaltyNotJoined: the customer has no points to redeem.
        PointsNotTender, PointsNotDiscount: points are redeemed in the other way.
        PointsWorthless: the amount is no whole number of points.
        BalanceTooLow: less is there, is not reserved for others, or may still be owed; ``available`` says how much.
    """
    before = tx.books.reservations.find(command.reservation_id)
    if before is not None and before.state == "captured":
        return _answer(before, 0, tx)
    holder_id, owner_id = _whose(command, before, tx)
    units = _units(command, holder_id, tx)
    kept = up_to_date(tx, command.ledger, holder_id)
    own = 0
    if (
        before is not None
        and before.state == "held"
        and (before.ledger, before.holder_id)
        == (
            command.ledger,
            holder_id,
        )
    ):
        own = before.units
    limit = tx.books.accounts.terms(CustomerId(holder_id)).credit_limit if command.ledger == "account" else None
    available = spendable(command.ledger, kept.balance, kept.reserved - own, limit)
    if units > own and command.ledger == "voucher":
        _prove_voucher(command, holder_id, tx)
    if units > own and available is not None and units > available:
        _refuse(command, available, holder_id, tx)
    after = Reservation(
        reservation_id=command.reservation_id,
        sale_id=command.sale_id,
        tender_id=command.tender_id,
        register=command.register,
        ledger=command.ledger,
        holder_id=holder_id,
        units=units,
        state="held",
        made_at=before.made_at if before is not None else stamp(tx.now),
        expires_at=stamp(tx.now + KEPT_FOR),
        owner_id=owner_id,
    )
    _put(before, after, tx)
    return _answer(after, units if available is None else max(0, available - units), tx)


def release_balance(command: ReleaseBalance, tx: CustomersTx) -> BalanceReleased:
    """Let go of what was reserved; one that nobody made counts as released."""
    before = tx.books.reservations.find(command.reservation_id)
    if before is None:
        return BalanceReleased(command.reservation_id, "released")
    return BalanceReleased(command.reservation_id, _end(before, "released", tx).state)


def on_sale_voided(event: SaleVoided, tx: CustomersTx) -> None:
    """A sale that ended without selling anything spends nothing."""
    for held in tx.books.reservations.held_of_sale(event.sale_id):
        _end(held, "released", tx)


def on_tender_removed(event: TenderRemoved, tx: CustomersTx) -> None:
    """A tender that was given back spends nothing."""
    held = tx.books.reservations.find(event.reserved.reservation_id)
    if held is not None:
        _end(held, "released", tx)


def on_redemption_removed(event: RedemptionRemoved, tx: CustomersTx) -> None:
    """Points that come off a sale no more are not spent on it."""
    held = tx.books.reservations.find(event.reserved.reservation_id)
    if held is not None:
        _end(held, "released", tx)


def expire(tx: CustomersTx, overdue: list[Reservation]) -> int:
    """Give up what was to be kept until some time ago and is still as it was then; says how many.

    Only once checkout's journal is applied to a head read after that time: no sale that was completed in time
    is still to come then.
    """
    given_up = 0
    for each in overdue:
        now = tx.books.reservations.find(each.reservation_id)
        if now is not None and now.state == "held" and now.expires_at == each.expires_at:
            _end(now, "expired", tx)
            given_up += 1
    return given_up


def _put(before: Reservation | None, after: Reservation, tx: CustomersTx) -> None:
    """Keep it, and of whose part how much; that stays as it was agreed on, and what is free again goes back."""
    is_held = before is not None and before.state == "held"
    if before is not None and is_held and _same(before, after):
        tx.books.reservations.put(after)
        return
    taken = None
    if after.ledger != "account":
        taken = parts_of(tx, after.ledger, after.holder_id, -after.units, after.owner_id, but=after.reservation_id)
    tx.books.reservations.put(after)
    kept = {} if taken is None else {each: -amount for each, amount in taken.items()}
    tx.books.reservations.put_parts(after.reservation_id, kept)
    if before is not None and is_held:
        give_back_rest(tx, before.ledger, before.holder_id)


def _same(one: Reservation, other: Reservation) -> bool:
    return (one.ledger, one.holder_id, one.owner_id, one.units) == (
        other.ledger,
        other.holder_id,
        other.owner_id,
        other.units,
    )


def _end(before: Reservation, state: str, tx: CustomersTx) -> Reservation:
    if before.state != "held":
        return before
    after: Reservation = msgspec.structs.replace(before, state=state, ended_at=stamp(tx.now))
    tx.books.reservations.put(after)
    give_back_rest(tx, after.ledger, after.holder_id)
    return after


def _whose(command: ReserveBalance, before: Reservation | None, tx: CustomersTx) -> tuple[str, str | None]:
    """Whose balance it is by now, and whose sale, where that is somebody whom they stand for since a merge."""
    if command.ledger != "voucher":
        if command.customer_id is None:
            raise CustomerNotFound(field="customer_id")
        customer_id = tx.books.known_customer(command.customer_id)
        # What a sale has agreed on stays where it is kept: with whose it was when it was agreed on.
        is_kept = before is not None and before.state == "held" and before.ledger == command.ledger
        if before is not None and is_kept and command.units is not None:
            return before.holder_id, before.owner_id
        return customer_id, None if command.customer_id == customer_id else command.customer_id
    if command.voucher_code is None:
        if before is None or before.ledger != "voucher":
            raise VoucherNotFound(field="voucher_code")
        return before.holder_id, None
    voucher = tx.books.vouchers.with_code(code_hash(command.voucher_code))
    if voucher is None:
        raise VoucherNotFound(field="voucher_code")
    return voucher.voucher_id, None


def _units(command: ReserveBalance, holder_id: str, tx: CustomersTx) -> int:
    if command.units is not None:
        return command.units
    if command.ledger != "loyalty":
        return command.amount
    programme = tx.books.loyalty.programme()
    if programme is None or tx.books.loyalty.membership(CustomerId(holder_id)) is None:
        raise LoyaltyNotJoined(field="customer_id")
    if programme.redeem_as != command.redeem_as:
        refusal = PointsNotTender if command.redeem_as == "tender" else PointsNotDiscount
        raise refusal(field="ledger")
    return points_worth(command.amount, programme.point_value)


def _refuse(command: ReserveBalance, available: int, holder_id: str, tx: CustomersTx) -> None:
    if command.ledger == "voucher":
        voucher = tx.books.vouchers.find(holder_id)
        if voucher is not None and voucher.expires_on is not None and voucher.expires_on < tx.today:
            raise VoucherExpired(field="voucher_code", expires_on=voucher.expires_on)
    raise BalanceTooLow(field="amount", available=available)


def _prove_voucher(command: ReserveBalance, holder_id: str, tx: CustomersTx) -> None:
    """A blocked voucher pays nothing, a single-purpose one no more than what has its tax class comes to."""
    blocked = tx.books.vouchers.blocked(holder_id)
    if blocked is not None:
        raise VoucherBlocked(field="voucher_code", reason=blocked)
    voucher = tx.books.vouchers.find(holder_id)
    if voucher is None or voucher.tax_class is None or command.payable is None:
        return
    most = max(0, command.payable.get(voucher.tax_class, 0))
    if command.amount > most:
        raise VoucherNotForThis(field="amount", most=most, tax_class=voucher.tax_class)


def _answer(of: Reservation, available: int, tx: CustomersTx) -> BalanceReserved:
    voucher = tx.books.vouchers.find(of.holder_id) if of.ledger == "voucher" else None
    return BalanceReserved(
        reserved=Reserved(
            ReservationId(of.reservation_id),
            of.ledger,
            HolderId(of.holder_id),
            of.units,
            None if voucher is None else voucher.purpose,
            None if voucher is None else voucher.tax_class,
        ),
        state=of.state,
        expires_at=of.expires_at,
        available=available,
    )
