"""Points as a discount: kept for a sale, spent by it once, free again without it, and no part of what earns."""

from decimal import Decimal
from typing import Any

import pytest

from contracts.checkout import Redemption
from contracts.checkout.redeeming import RedemptionRemoved
from contracts.customers.balances import HolderId, ReservationId, Reserved
from contracts.customers.ledgers.reserving import ReserveBalance
from contracts.customers.ledgers.watching import ListLateCaptures
from contracts.ids import CustomerId, RedemptionId, TenderId
from services.runtime.clock import stamp
from services.runtime.ids import derived
from tests.services.customers.ledgers.shop import (
    ANNA,
    BERT,
    TILL,
    LedgerShop,
    a_line,
    a_tender,
    refusal,
    sale_id,
)
from tests.services.customers.ledgers.test_reserving import QUARTER_S, states, until_states

REDEMPTION = RedemptionId("0190e000-0000-7000-8000-000000000001")


def points_of(sale: int) -> ReservationId:
    return ReservationId(derived(sale_id(sale), f"redemption/{REDEMPTION}"))


async def reserve(shop: LedgerShop, amount: int, sale: int = 1, **changes: Any) -> Any:
    fields: dict[str, Any] = {"customer_id": ANNA, "redeem_as": "discount", **changes}
    command = ReserveBalance(points_of(sale), sale_id(sale), TenderId(REDEMPTION), TILL, "loyalty", amount, **fields)
    return await shop.store.send(command, caller="checkout-2")


def redemption(amount: int, points: int, sale: int = 1, customer_id: CustomerId = ANNA) -> Redemption:
    return Redemption(REDEMPTION, amount, Reserved(points_of(sale), "loyalty", HolderId(customer_id), points))


async def member(shop: LedgerShop, points: int = 100, **changes: Any) -> None:
    """Anna is in a programme in which a point is worth ten cents."""
    await shop.programme(**{"point_value": 10, "redeem_as": "discount", "sign_up_bonus": points, **changes})
    await shop.join(ANNA)


async def test_points_that_came_off_a_sale_are_captured_once(shop: LedgerShop) -> None:
    await member(shop)
    await reserve(shop, 300)

    await shop.sell(1, a_tender(1, "cash", 200), redemption=redemption(300, 30))

    assert await shop.entries("loyalty") == [("bonus", 100, 100), ("redeemed", -30, 70), ("earned", 2, 72)]
    assert await states(shop) == ["captured"]
    assert (await shop.balances()).points_available == 72
    assert (await shop.ask(ListLateCaptures())).captures == ()
    assert (await shop.audit()).differences == ()


async def test_what_points_took_off_earns_nothing_and_is_not_taken_off_twice(shop: LedgerShop) -> None:
    await member(shop, points_per_unit=Decimal(10))
    await reserve(shop, 400)

    await shop.sell(
        1,
        a_tender(1, "cash", 700),
        lines=(a_line(1, 600), a_line(2, 100, "deposit")),  # 10.00 of goods, less 4.00
        redemption=redemption(400, 40),
    )

    assert (await shop.entries("loyalty"))[-1][:2] == ("earned", 60)


async def test_fewer_points_than_were_kept_are_spent_where_the_goods_came_to_less(shop: LedgerShop) -> None:
    await member(shop)
    await reserve(shop, 300)

    await shop.sell(1, lines=(a_line(1, 0),), redemption=redemption(120, 12))

    assert (await shop.entries("loyalty"))[1] == ("redeemed", -12, 88)
    assert (await shop.balances()).points_available == 88
    assert (await shop.audit()).differences == ()


async def test_a_tender_and_a_redemption_of_one_id_are_both_booked(shop: LedgerShop) -> None:
    await member(shop)
    await shop.give(ANNA, "store_credit", 500)
    await reserve(shop, 300)
    credit = a_tender(1, "store_credit", 200)

    await shop.sell(1, credit, redemption=Redemption(RedemptionId(credit.tender_id), 300, redemption(300, 30).reserved))

    assert (await shop.entries("store_credit"))[-1] == ("redeemed", -200, 300)
    assert (await shop.entries("loyalty"))[1] == ("redeemed", -30, 70)


async def test_points_that_come_off_no_more_are_free(shop: LedgerShop) -> None:
    await member(shop)
    await reserve(shop, 300)
    kept = (await shop.balances()).points_available
    removed = RedemptionRemoved(
        sale_id(1), TILL, REDEMPTION, 300, stamp(shop.clock.now()), None, redemption(300, 30).reserved
    )

    await shop.tell(removed)

    assert (kept, (await shop.balances()).points_available) == (70, 100)
    assert await states(shop) == ["released"]


async def test_a_voided_sale_and_one_without_the_points_free_them(shop: LedgerShop) -> None:
    await member(shop)
    await reserve(shop, 300, sale=1)
    await reserve(shop, 300, sale=2)

    await shop.void(1)
    await shop.sell(2, a_tender(2, "cash", 500), customer_id=BERT)

    assert await states(shop) == ["released", "released"]
    assert (await shop.balances()).points_available == 100


async def test_points_of_a_sale_that_comes_late_are_booked_and_listed(shop: LedgerShop) -> None:
    await member(shop)
    await reserve(shop, 1000)
    shop.clock.move(QUARTER_S)
    await until_states(shop, "expired")

    await shop.sell(1, lines=(a_line(1, 0),), redemption=redemption(1000, 100))

    (late,) = (await shop.ask(ListLateCaptures())).captures
    assert (late.ledger, late.sale_id, late.amount, late.not_on_time) == ("loyalty", sale_id(1), -100, "expired")
    assert (await shop.audit()).differences == ()


@pytest.mark.parametrize(
    ("programme", "asked", "code"),
    [("tender", "discount", "points-not-discount"), ("discount", "tender", "points-not-tender")],
)
async def test_points_are_redeemed_in_the_way_of_the_programme_alone(
    shop: LedgerShop, programme: str, asked: str, code: str
) -> None:
    await member(shop, redeem_as=programme)

    assert refusal(await reserve(shop, 100, redeem_as=asked)) == (code, "ledger")
    assert await states(shop) == []


async def test_what_a_sale_has_agreed_on_is_kept_longer_whatever_the_programme_says_by_now(shop: LedgerShop) -> None:
    await member(shop)
    first = await reserve(shop, 300)
    changed = await shop.programme(expected_revision=1, terms_version="2", point_value=1, redeem_as="tender")
    shop.clock.move(QUARTER_S - 1)

    longer = await reserve(shop, 300, units=30)

    assert changed.point_value == 1
    assert longer.reserved == first.reserved
    assert longer.expires_at > first.expires_at
    assert (await shop.balances()).points_available == 70


async def test_what_a_sale_has_agreed_on_is_refused_once_it_ran_out_and_was_spent(shop: LedgerShop) -> None:
    await member(shop)
    await reserve(shop, 1000)
    shop.clock.move(QUARTER_S)
    await until_states(shop, "expired")
    await reserve(shop, 1000, sale=2)

    assert refusal(await reserve(shop, 1000, units=100)) == ("balance-too-low", "amount")
