"""What a completed sale does to balances: it spends what it reserved, pays accounts, sells vouchers, earns points.

Each effect has an id that follows from the sale, so that the same sale told again books nothing twice.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

from contracts.checkout import Redemption
from contracts.checkout.completed import CompletedLine, CompletedTender, SaleCompleted
from contracts.customers import GroupId
from contracts.customers.balances import Ledger
from contracts.customers.ledgers import NotOnTime
from contracts.ids import CustomerId, SaleId, TaxClassCode, TenderId
from contracts.money import allocate
from services.customers.handlers.booking import book, due_on, parts_of, up_to_date
from services.customers.handlers.transfers import give_back_rest
from services.customers.handlers.vouchers import issue
from services.customers.model.ledgers import booked_amount, spent_kind
from services.customers.model.loyalty import (
    EARNING_KINDS,
    NOT_EARNING_TENDERS,
    Base,
    minor_units_of,
    points_for,
    rate_of,
    taken_back,
)
from services.customers.store.ledgers import NewEntry
from services.customers.store.loyalty import EarnedBySale
from services.customers.store.reservations import Reservation
from services.customers.store.vouchers import IssuedVoucher
from services.customers.transactions import CustomersTx
from services.runtime.clock import read_stamp, stamp

_LEDGERS: dict[str, Ledger] = {
    "store_credit": "store_credit",
    "account": "account",
    "loyalty": "loyalty",
    "voucher": "voucher",
}
_VOUCHERS = {"voucher_issue_single": "single_purpose", "voucher_issue_multi": "multi_purpose"}


def on_sale_completed(event: SaleCompleted, tx: CustomersTx) -> None:
    """Book what the sale spent and earned; what else was kept for it is free again."""
    kept = {(each.ledger, each.holder_id) for each in tx.books.reservations.held_of_sale(event.sale_id)}
    for tender in event.tenders:
        if tender.kind in _LEDGERS:
            _spend(event, tender, tx.ids.derived(event.sale_id, f"tender/{tender.tender_id}"), tx)
    if event.redemption is not None:
        entry_id = tx.ids.derived(event.sale_id, f"redemption/{event.redemption.redemption_id}")
        _spend(event, _as_tender(event.redemption), entry_id, tx)
    for left in tx.books.reservations.held_of_sale(event.sale_id):
        tx.books.reservations.put(msgspec.structs.replace(left, state="released", ended_at=stamp(tx.now)))
    for ledger, holder_id in sorted(kept):
        give_back_rest(tx, ledger, holder_id)
    for line in event.lines:
        if line.kind == "account_payment":
            _pay_account(event, line, tx)
        elif line.kind in _VOUCHERS and line.amount > 0:
            _sell_vouchers(event, line, tx)
    _take_back_points(event, tx)
    _earn(event, tx)


# Spending


def _as_tender(redemption: Redemption) -> CompletedTender:
    """Points that came off the lines are spent as a tender's are, but paid for nothing of what the lines come to."""
    return CompletedTender(TenderId(redemption.redemption_id), "loyalty", redemption.amount, redemption.reserved)


def _spend(event: SaleCompleted, tender: CompletedTender, entry_id: str, tx: CustomersTx) -> None:
    if tx.books.ledgers.find(entry_id) is not None:
        return
    held = _reservation(event, tender, tx)
    spent = _spent(event, tender, held, tx)
    if spent is None:
        return
    ledger, holder_id, whose, units = spent
    late = _lateness(tender, held)
    kind = spent_kind(ledger, units)
    voucher = tx.books.vouchers.find(holder_id) if ledger == "voucher" else None
    entry = NewEntry(
        entry_id=entry_id,
        kind=kind,
        amount=booked_amount(ledger, units),
        at=_at(event),
        day=event.business_day,
        sale_id=event.sale_id,
        due_on=due_on(tx, holder_id, event.business_day) if kind == "charged" else None,
        expires_on=voucher.expires_on if voucher is not None and kind == "given_back" else None,
        not_on_time=late,
    )
    parts = _parts(ledger, holder_id, whose, entry.amount, held, tx)
    if held is None:
        _book_for_somebody(tx, ledger, holder_id, entry, parts)
        return
    book(tx, ledger, holder_id, entry, parts)
    # Fewer points may have come off than were kept: the goods came to less.
    captured = msgspec.structs.replace(
        held,
        holder_id=holder_id,
        owner_id=None if whose == holder_id else whose,
        state="captured",
        units=units,
        ended_at=stamp(tx.now),
    )
    tx.books.reservations.put(captured)


def _reservation(event: SaleCompleted, tender: CompletedTender, tx: CustomersTx) -> Reservation | None:
    reservation_id = (
        tx.ids.derived(event.sale_id, f"reservation/{tender.tender_id}")
        if tender.reserved is None
        else tender.reserved.reservation_id
    )
    return tx.books.reservations.find(reservation_id)


class _Spent(NamedTuple):
    """Which balance, who has it by now, in whose name it is spent, and how much."""

    ledger: Ledger
    holder_id: str
    whose: str
    units: int


def _spent(event: SaleCompleted, tender: CompletedTender, held: Reservation | None, tx: CustomersTx) -> _Spent | None:
    """Whose balance it is and how much of it; None where nothing says whose."""
    ledger, named = _LEDGERS[tender.kind], tender.reserved
    if held is not None:
        whose = _owing(event, held.ledger, held.whose)
        stays = held.ledger == "voucher" or (held.state == "held" and whose == held.whose)
        holder_id = held.holder_id if stays else tx.books.meant_by(whose)
        return _Spent(held.ledger, holder_id, whose, held.units if named is None else named.units)
    if named is not None:
        if named.ledger == "voucher":
            return _Spent(named.ledger, named.holder_id, named.holder_id, named.units)
        whose = _owing(event, named.ledger, named.holder_id)
        if event.customer_id is not None and tx.books.meant_by(event.customer_id) == tx.books.meant_by(whose):
            whose = event.customer_id
        return _Spent(named.ledger, tx.books.meant_by(whose), whose, named.units)
    if event.customer_id is None or ledger == "voucher":
        return None
    units = tender.amount
    if ledger == "loyalty":
        programme = tx.books.loyalty.programme(_at(event))
        if programme is None:
            return None
        units = int(Decimal(tender.amount) / programme.point_value)
    return _Spent(ledger, tx.books.meant_by(event.customer_id), event.customer_id, units) if units else None


def _owing(event: SaleCompleted, ledger: Ledger, whose: str) -> str:
    """Who buys on account is whose sale it is; of anything else it is spent of whom it was reserved."""
    return whose if ledger != "account" or event.customer_id is None else event.customer_id


def _parts(  # noqa: PLR0913, PLR0917 - what decides whose it is
    ledger: Ledger, holder_id: str, whose: str, amount: int, held: Reservation | None, tx: CustomersTx
) -> dict[str, int] | None:
    """Whose what of a spending is: what was kept for it, in their name first; what is given back is theirs."""
    if ledger in ("account", "voucher") or held is None or held.state != "held" or amount >= 0:
        return parts_of(tx, ledger, holder_id, amount, whose)
    kept, left, parts = tx.books.reservations.parts(held), -amount, dict[str, int]()
    for owner_id in sorted(kept, key=lambda each: each != whose):
        taken = min(kept[owner_id], left)
        left -= taken
        parts[owner_id] = -taken
    parts[whose] = parts.get(whose, 0) - left
    return {owner_id: taken for owner_id, taken in parts.items() if taken} or None


def _lateness(tender: CompletedTender, held: Reservation | None) -> NotOnTime | None:
    if tender.amount < 0:
        return None
    if held is None:
        return "unknown"
    return held.state if held.state in ("expired", "released") else None


def _pay_account(event: SaleCompleted, line: CompletedLine, tx: CustomersTx) -> None:
    entry_id = tx.ids.derived(event.sale_id, f"account-payment/{line.line_item_id}")
    if line.amount == 0 or tx.books.ledgers.find(entry_id) is not None:
        return
    holder_id = None if event.customer_id is None else tx.books.meant_by(event.customer_id)
    _book_for_somebody(
        tx,
        "account",
        holder_id,
        NewEntry(
            entry_id=entry_id,
            kind="paid" if line.amount > 0 else "adjusted",
            amount=-line.amount,
            at=_at(event),
            day=event.business_day,
            sale_id=event.sale_id,
        ),
        None if holder_id is None else parts_of(tx, "account", holder_id, -line.amount, event.customer_id),
    )


def _book_for_somebody(
    tx: CustomersTx, ledger: Ledger, holder_id: str | None, new: NewEntry, parts: Mapping[str, int] | None
) -> None:
    """Book it, unless it would be nobody's: then nothing is opened, and a person is to see to it."""
    if holder_id is None or tx.books.is_nobody(CustomerId(holder_id)):
        tx.books.ledgers.keep_unbooked(ledger, holder_id, new)
    else:
        book(tx, ledger, holder_id, new, parts)


def _sell_vouchers(event: SaleCompleted, line: CompletedLine, tx: CustomersTx) -> None:
    single = line.kind == "voucher_issue_single"
    pieces = max(1, int(line.quantity))
    for place, value in enumerate(allocate(line.amount, [1] * pieces)):
        voucher_id = tx.ids.derived(line.line_item_id, f"voucher/{place}")
        if value <= 0 or tx.books.vouchers.find(voucher_id) is not None:
            continue
        issue(
            tx,
            IssuedVoucher(
                voucher_id=voucher_id,  # type: ignore[arg-type] # a UUID, as ids.derived makes it
                code_hash=tx.voucher_codes.hash_of(voucher_id),
                purpose="single_purpose" if single else "multi_purpose",
                tax_class=line.taxes[0].tax_class if single else None,
                value=value,
                issued_on=event.business_day,
                expires_on=tx.shop_days.voucher_expiry(event.business_day),
                sale_id=event.sale_id,
                register=event.register,
            ),
            _at(event),
        )


# Points


def _earn(event: SaleCompleted, tx: CustomersTx) -> None:
    if event.customer_id is None or tx.books.loyalty.earned_by(event.sale_id) is not None:
        return
    customer_id = tx.books.meant_by(event.customer_id)
    at = _at(event)
    programme, membership = tx.books.loyalty.programme(at), tx.books.loyalty.membership(customer_id)
    if programme is None or not programme.on or membership is None or membership.joined_at > at:
        return
    sold = [line for line in event.lines if line.returns is None]
    otherwise = [tender for tender in event.tenders if tender.kind in NOT_EARNING_TENDERS]
    settled: defaultdict[TaxClassCode, int] = defaultdict(int)
    for tender in otherwise:
        if tender.settled_tax is not None:
            settled[tender.settled_tax.tax_class] += tender.amount
    paid_otherwise = sum(tender.amount for tender in otherwise if tender.settled_tax is None)
    base = Base.of(sold, paid_otherwise, settled)
    group = event.customer_group or _group_of(customer_id, tx)
    points = points_for(base.amount, rate_of(programme, group), minor_units_of(event.currency))
    up_to_date(tx, "loyalty", customer_id, read_stamp(at))
    whose = event.customer_id
    if points:
        parts = parts_of(tx, "loyalty", customer_id, points, whose)
        book(tx, "loyalty", customer_id, _points(event, tx.ids.derived(event.sale_id, "points"), points), parts)
    if whose == customer_id:
        tx.books.ledgers.keep_activity("loyalty", customer_id, at)
    else:
        tx.books.owners.keep_activity("loyalty", customer_id, whose, at)
    tx.books.loyalty.put_earned(EarnedBySale(event.sale_id, whose, base.amount, points, 0, base.earning))


def _group_of(customer_id: CustomerId, tx: CustomersTx) -> GroupId:
    """Of a sale that did not say it: the group of now, which is kept with what was earned."""
    customer = tx.customers.find(customer_id)
    return GroupId("all") if customer is None else customer.group


def _take_back_points(event: SaleCompleted, tx: CustomersTx) -> None:
    """Take back what returned lines had earned, from whoever had earned it."""
    for sale_id in sorted({line.returns for line in event.lines if line.returns is not None}):
        earned = tx.books.loyalty.earned_by(sale_id)
        entry_id = tx.ids.derived(event.sale_id, f"points-of/{sale_id}")
        if earned is None or tx.books.ledgers.find(entry_id) is not None:
            continue
        returned = -sum(line.amount for line in event.lines if line.returns == sale_id and line.kind in EARNING_KINDS)
        earning = earned.base if earned.earning is None else earned.earning
        points = taken_back(earned.points, earning, earned.returned, returned)
        tx.books.loyalty.note_returned(SaleId(sale_id), earned.returned + max(0, returned))
        if points:
            holder_id = tx.books.meant_by(CustomerId(earned.customer_id))
            book(tx, "loyalty", holder_id, _points(event, entry_id, -points), {earned.customer_id: -points})


def _points(event: SaleCompleted, entry_id: str, points: int) -> NewEntry:
    return NewEntry(
        entry_id=entry_id,
        kind="earned" if points > 0 else "taken_back",
        amount=points,
        at=_at(event),
        day=event.business_day,
        sale_id=event.sale_id,
    )


def _at(event: SaleCompleted) -> str:
    return stamp(read_stamp(event.completed_at))
