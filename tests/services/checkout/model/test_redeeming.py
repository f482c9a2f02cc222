"""Points come off a sale's lines: how much, from which, and that everything still adds up."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout import LineKind, Sale, SaleBeingPaid
from contracts.checkout.paying import CustomerMissing
from contracts.checkout.redeeming import RedemptionExists, RedemptionNotFound, RedemptionTooLarge
from contracts.checkout.selling import AmountTooLarge
from contracts.customers.balances import HolderId, ReservationId, Reserved
from contracts.customers.ledgers.reserving import BalanceReserved
from contracts.ids import RedemptionId
from contracts.money import LARGEST
from services.checkout.model.items import PricedItem
from services.checkout.model.sale import OpenedSale
from tests.services.checkout.sales import (
    DAY,
    customer,
    decide,
    deposit,
    ending,
    item,
    line_id,
    opened,
    pay,
    tax,
    uuid,
    verdict,
)

REDEMPTION = RedemptionId(uuid(70))
KEPT_UNTIL = "2026-03-02T09:20:00.000000Z"
ITEMS = st.builds(
    lambda price, rate, kind: msgspec.structs.replace(item(f"i{price}", price, tax(rate)), kind=kind),
    st.integers(0, 100_000),
    st.sampled_from(["19", "7"]),
    st.sampled_from(["goods", "goods", "service", "surcharge", "voucher_issue_multi"]),
)
LINES = st.lists(st.tuples(ITEMS, st.decimals("0.001", "99", places=3), st.booleans()), max_size=8)


def kept(amount: int, point_value: int = 1, until: str = KEPT_UNTIL) -> BalanceReserved:
    """What the customers service answers where a point is worth so much."""
    reserved = Reserved(ReservationId(uuid(71)), "loyalty", HolderId(uuid(50)), amount // point_value)
    return BalanceReserved(reserved, "held", until, 0)


def redeem(sale: OpenedSale, amount: int, point_value: int = 1) -> None:
    sale.redeem(REDEMPTION, amount, kept(amount, point_value))


def to_somebody(*lines: tuple[PricedItem, Decimal, bool]) -> OpenedSale:
    """A sale to a customer; a line may bring a deposit."""
    sale = opened()
    sale.attach_customer(customer())
    for each, quantity, has_deposit in lines:
        sale.add_line_item(line_id(), each, quantity, DAY, [(line_id(), deposit())] if has_deposit else ())
    return sale


def priced_at(*prices: int) -> OpenedSale:
    return to_somebody(*((item(f"item-{price}", price), Decimal(1), False) for price in prices))


def most(sale: OpenedSale) -> int:
    return sum(line.price for line in sale.lines if line.kind in ("goods", "service"))


def adds_up(sale: Sale) -> None:
    """Lines make up rates, taxes and the total; none goes below nothing; what is redeemed is what came off."""
    off = 0 if sale.redemption is None else sale.redemption.amount
    assert all(line.amount >= 0 for line in sale.lines)
    assert all(line.amount == line.taxes[0].gross for line in sale.lines)
    assert sum(line.redeemed for line in sale.lines) == off
    assert sum(line.amount + line.discount for line in sale.lines) == sale.totals.total + off
    assert sum(rate.gross for rate in sale.totals.rates) == sale.totals.total
    assert sum(rate.tax for rate in sale.totals.rates) == sale.totals.tax
    assert sum(each.tax for line in sale.lines for each in line.taxes) == sale.totals.tax
    assert sale.totals.net + sale.totals.tax == sale.totals.total
    assert {line.kind for line in sale.lines if line.redeemed} <= {"goods", "service"}
    assert all(line.redeemed == 0 for line in sale.lines if line.follows is not None)


@given(LINES, st.integers(1, 100), st.data())
def test_whatever_is_redeemed_lines_taxes_rates_and_total_add_up(
    lines: list[tuple[PricedItem, Decimal, bool]], point_value: int, data: st.DataObject
) -> None:
    sale = to_somebody(*lines)
    points = data.draw(st.integers(0, most(sale) // point_value))
    before = sale.total
    if points:
        redeem(sale, points * point_value, point_value)

    adds_up(sale.state())
    assert sale.total == before - points * point_value


@given(LINES, LINES, st.integers(1, 100), st.data())
def test_whatever_comes_and_goes_after_it_no_more_comes_off_than_there_is_or_was_agreed(
    lines: list[tuple[PricedItem, Decimal, bool]],
    more: list[tuple[PricedItem, Decimal, bool]],
    point_value: int,
    data: st.DataObject,
) -> None:
    sale = to_somebody(*lines)
    if most(sale) < point_value:
        return
    agreed = data.draw(st.integers(1, most(sale) // point_value)) * point_value
    redeem(sale, agreed, point_value)
    for each, quantity, _ in more:
        sale.add_line_item(line_id(), each, quantity, DAY)
    for line in data.draw(st.lists(st.sampled_from([*sale.lines]), unique_by=id)):
        if line.follows is None:
            sale.remove_line_item(line.line_item_id)

    state = sale.state()

    adds_up(state)
    assert state.redemption is not None
    assert state.redemption.amount == min(agreed, most(sale) // point_value * point_value)
    assert state.redemption.reserved.units * point_value == state.redemption.amount


@given(LINES, st.data())
def test_points_that_are_given_back_leave_every_line_as_it_was(
    lines: list[tuple[PricedItem, Decimal, bool]], data: st.DataObject
) -> None:
    sale = to_somebody(*lines)
    before = sale.state()
    if not most(sale):
        return
    redeem(sale, data.draw(st.integers(1, most(sale))))

    sale.remove_redemption(REDEMPTION)

    assert sale.state() == before
    assert [agreed.redemption_id for agreed in sale.take_let_go()] == [REDEMPTION]
    assert sale.take_let_go() == []


def test_a_line_gives_its_part_of_the_discount_and_is_taxed_for_the_rest() -> None:
    sale = to_somebody(
        (item("tea", 250, tax("7")), Decimal(2), False),
        (item("cup", 1000), Decimal(1), True),
    )

    redeem(sale, 500)

    state = sale.state()
    assert [(line.discount, line.amount) for line in state.lines] == [(167, 333), (333, 667), (0, 25)]
    assert [(rate.tax_class, rate.rate, rate.gross, rate.tax) for rate in state.totals.rates] == [
        ("standard", Decimal(7), 333, 22),
        ("deposit_drinks", Decimal(19), 25, 4),
        ("standard", Decimal(19), 667, 106),
    ]


def test_a_removed_line_takes_its_discount_along_and_another_one_gets_it_back() -> None:
    sale = priced_at(300, 200)
    redeem(sale, 400, 100)

    sale.remove_line_item(sale.lines[0].line_item_id)
    less = sale.state()
    sale.add_line_item(line_id(), item("more", 1000), Decimal(1), DAY)

    assert less.redemption is not None
    assert (less.redemption.amount, less.redemption.reserved.units, less.totals.total) == (200, 2, 0)
    assert (sale.redeemed, sale.total) == (400, 800)


def test_no_part_of_a_point_comes_off() -> None:
    sale = priced_at(300)
    redeem(sale, 300, 100)
    sale.remove_line_item(sale.lines[0].line_item_id)

    sale.add_line_item(line_id(), item("tea", 250), Decimal(1), DAY)

    assert (sale.redeemed, sale.total) == (200, 50)


@pytest.mark.parametrize("kind", ["deposit", "surcharge", "voucher_issue_multi", "voucher_issue_single"])
def test_nothing_comes_off_what_may_not_be_discounted(kind: LineKind) -> None:
    sale = to_somebody((msgspec.structs.replace(item(price=1000), kind=kind), Decimal(1), False))

    with pytest.raises(RedemptionTooLarge) as refused:
        sale.prove_redeems(REDEMPTION, 1)

    assert refused.value.details == {"field": "amount", "most": 0}


def test_what_cannot_be_redeemed_is_refused_and_changes_nothing() -> None:
    nobodys = opened()
    nobodys.add_line_item(line_id(), item(price=1000), Decimal(1), DAY)
    sale = priced_at(1000)

    with pytest.raises(CustomerMissing):
        redeem(nobodys, 1)
    with pytest.raises(RedemptionTooLarge):
        redeem(sale, 1001)
    with pytest.raises(RedemptionNotFound):
        sale.remove_redemption(REDEMPTION)
    redeem(sale, 1000)
    with pytest.raises(RedemptionExists):
        sale.redeem(RedemptionId(uuid(72)), 1, kept(1))
    with pytest.raises(RedemptionNotFound):
        sale.remove_redemption(RedemptionId(uuid(72)))

    assert (nobodys.total, sale.total) == (1000, 0)


def test_an_id_is_not_used_again_for_its_release_may_still_be_on_its_way() -> None:
    sale = priced_at(1000)
    redeem(sale, 100)
    sale.remove_redemption(REDEMPTION)

    with pytest.raises(RedemptionExists):
        redeem(sale, 100)
    sale.redeem(RedemptionId(uuid(72)), 200, kept(200))

    assert sale.total == 800


def test_while_the_sale_is_being_paid_points_neither_come_nor_go() -> None:
    sale = priced_at(1000)
    redeem(sale, 100)
    tender = pay(sale, 100)

    with pytest.raises(SaleBeingPaid):
        sale.remove_redemption(REDEMPTION)
    with pytest.raises(SaleBeingPaid):
        sale.prove_redeems(RedemptionId(uuid(72)), 1)
    sale.remove_tender(tender)
    sale.remove_redemption(REDEMPTION)

    assert sale.total == 1000


def test_points_are_a_part_of_what_a_decision_is_about() -> None:
    sale = priced_at(1000)
    decide(sale, verdict())
    before = sale.content()

    redeem(sale, 100)

    assert sale.decision is None
    assert sale.content() != before
    assert sale.checkout_facts("cash", signed_on=True).total == 900


def test_another_customer_lets_the_points_go_and_the_same_one_keeps_them() -> None:
    sale = priced_at(1000)
    redeem(sale, 100)

    sale.attach_customer(customer(revision=2))
    kept_on = sale.total
    sale.attach_customer(customer(51))

    assert (kept_on, sale.total) == (900, 1000)
    assert [agreed.amount for agreed in sale.take_let_go()] == [100]


def test_what_comes_off_makes_no_room_for_more_than_can_be_booked() -> None:
    sale = priced_at(LARGEST)
    redeem(sale, 100)

    with pytest.raises(AmountTooLarge):
        sale.add_line_item(line_id(), item(price=100), Decimal(1), DAY)


def test_a_sale_that_points_pay_for_asks_policy_and_completes_with_nothing_to_pay() -> None:
    sale = priced_at(1000)
    redeem(sale, 1000)
    decide(sale, verdict(), None)

    assert sale.must_ask_to_complete()
    sale.complete("till-1-000001", ending())

    state = sale.state()
    assert (state.status, state.totals.total, state.tenders, state.flags) == ("completed", 0, (), ())
    assert state.redemption is not None


def test_points_of_which_nothing_came_off_are_not_told_with_a_completed_sale() -> None:
    sale = to_somebody((item(price=100), Decimal(1), False), (deposit(), Decimal(1), False))
    redeem(sale, 100)
    sale.remove_line_item(sale.lines[0].line_item_id)
    open_still = sale.state().redemption
    pay(sale, 25)

    sale.complete("till-1-000001", ending())

    assert open_still is not None
    assert open_still.amount == 0
    assert sale.state().redemption is None


@given(LINES, st.data())
def test_a_sale_with_points_is_the_same_after_being_stored(
    lines: list[tuple[PricedItem, Decimal, bool]], data: st.DataObject
) -> None:
    sale = to_somebody(*lines)
    if most(sale):
        redeem(sale, data.draw(st.integers(1, most(sale))))

    assert msgspec.json.decode(msgspec.json.encode(sale), type=OpenedSale) == sale
