"""Points: who joins, what a sale earns, what is redeemed, what a return takes back, and what falls asleep."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from contracts.checkout.completed import CompletedLine
from contracts.customers.asking import GetCustomerHistory
from contracts.customers.ledgers.watching import BalanceBooked
from contracts.customers.loyalty import (
    GetLoyaltyProgramme,
    GroupRate,
    JoinLoyalty,
    LoyaltyMembership,
    LoyaltyProgramme,
)
from services.customers.model.loyalty import NO_PROGRAMME
from services.runtime.clock import stamp
from tests.services.customers.ledgers.shop import (
    ANNA,
    BERT,
    NOBODY,
    TERMS,
    LedgerShop,
    a_line,
    a_tender,
    refusal,
    sale_id,
)
from tests.under_test import until

DAY_S = 86_400


async def test_without_a_programme_nobody_joins_and_nobody_earns(shop: LedgerShop) -> None:
    assert await shop.ask(GetLoyaltyProgramme()) == NO_PROGRAMME
    assert refusal(await shop.join(ANNA)) == ("loyalty-off", None)

    await shop.sell(1, a_tender(1, "cash", 1000))

    assert await shop.entries("loyalty") == []


async def test_joining_notes_the_terms_and_gives_the_bonus_once(shop: LedgerShop) -> None:
    await shop.programme(sign_up_bonus=50)

    joined = await shop.join(ANNA)
    again = await shop.join(ANNA)
    await shop.programme(expected_revision=1, terms_version="2027-01", sign_up_bonus=50)
    later = await shop.ask(JoinLoyalty(ANNA, "2027-01"))

    assert joined == again == LoyaltyMembership(ANNA, TERMS, stamp(shop.clock.now()), 50)
    assert later.terms_version == (await shop.balances()).loyalty_terms == "2027-01"
    assert await shop.entries("loyalty") == [("bonus", 50, 50)]


async def test_terms_that_are_not_in_force_are_not_accepted(shop: LedgerShop) -> None:
    await shop.programme()

    refused = await shop.ask(JoinLoyalty(ANNA, "2020-01"))

    assert refusal(refused) == ("loyalty-terms-changed", "terms_version")
    assert refusal(await shop.ask(JoinLoyalty(NOBODY, TERMS))) == ("customer-not-found", None)


async def test_a_sale_earns_by_group_or_usual_rate_whole_points_only(shop: LedgerShop) -> None:
    await shop.programme(points_per_unit=Decimal("1.5"), group_rates=(GroupRate("trade", Decimal("0.5")),))  # type: ignore[arg-type]
    await shop.join(ANNA)

    await shop.sell(1, a_tender(1, "cash", 1099))
    await shop.sell(2, a_tender(2, "cash", 1099), customer_group="trade")
    await shop.sell(3, a_tender(3, "cash", 1099), customer_id=BERT)

    assert await shop.entries("loyalty") == [("earned", 16, 16), ("earned", 5, 21)]
    assert await shop.entries("loyalty", BERT) == []


@pytest.mark.parametrize(
    ("lines", "tenders", "points"),
    [
        ((a_line(1, 1000), a_line(2, 200, "tip")), (a_tender(1, "cash", 1200),), 10),
        ((a_line(1, 1000), a_line(2, 500, "surcharge")), (a_tender(1, "card", 1500),), 10),
        (
            (a_line(1, 1000), a_line(2, 25, "deposit"), a_line(3, -50, "deposit_return")),
            (a_tender(1, "cash", 975),),
            10,
        ),
        ((a_line(1, 1000), a_line(2, -300, "discount")), (a_tender(1, "cash", 700),), 7),
        ((a_line(1, 1000), a_line(2, 5000, "voucher_issue_multi")), (a_tender(1, "cash", 6000),), 10),
        ((a_line(1, 1000), a_line(2, 1000, "account_payment")), (a_tender(1, "cash", 2000),), 10),
        ((a_line(1, 1000),), (a_tender(1, "store_credit", 400), a_tender(2, "cash", 600)), 10),
    ],
)
async def test_points_are_earned_on_goods_and_services_with_tax(
    shop: LedgerShop, lines: tuple[CompletedLine, ...], tenders: Any, points: int
) -> None:
    await shop.programme()
    await shop.join(ANNA)

    await shop.sell(1, *tenders, lines=lines)

    assert await shop.entries("loyalty") == [("earned", points, points)]


async def test_what_is_paid_with_points_or_vouchers_earns_none(shop: LedgerShop) -> None:
    await shop.programme(point_value=10)
    await shop.join(ANNA)
    await shop.give(ANNA, "loyalty", 100)
    reserved = (await shop.reserve("loyalty", 600)).reserved

    await shop.sell(1, a_tender(1, "loyalty", 600, reserved), a_tender(2, "cash", 400))

    assert reserved.units == 60
    assert await shop.entries("loyalty") == [("issued", 100, 100), ("redeemed", -60, 40), ("earned", 4, 44)]


async def test_what_a_single_purpose_voucher_pays_is_taken_off_what_it_may_pay_for(shop: LedgerShop) -> None:
    tea, sold = a_line(1, 1000), a_line(2, 5000, "voucher_issue_multi")
    by_voucher = msgspec.structs.replace(a_tender(1, "voucher", 1000), settled_tax=tea.taxes[0])
    await shop.programme()
    await shop.join(ANNA)

    await shop.sell(1, by_voucher, a_tender(2, "cash", 5000), lines=(tea, sold))
    await shop.sell(2, a_tender(3, "cash", 1000))

    assert await shop.entries("loyalty") == [("earned", 10, 10)]


async def test_any_part_of_the_points_is_redeemed_in_whole_points(shop: LedgerShop) -> None:
    await shop.programme(point_value=10)
    await shop.join(ANNA)
    await shop.give(ANNA, "loyalty", 7)

    assert refusal(await shop.reserve("loyalty", 15)) == ("points-worthless", "amount")
    assert (await shop.reserve("loyalty", 80)).details["available"] == 7
    assert (await shop.reserve("loyalty", 70)).reserved.units == 7
    assert (await shop.balances()).points_worth == 0


async def test_a_sale_told_again_earns_once(shop: LedgerShop) -> None:
    await shop.programme()
    await shop.join(ANNA)
    sold = await shop.sell(1, a_tender(1, "cash", 1000))

    await shop.tell(sold)

    assert await shop.entries("loyalty") == [("earned", 10, 10)]


async def test_a_past_sale_earns_by_the_terms_of_its_own_time(shop: LedgerShop) -> None:
    await shop.programme()
    await shop.join(ANNA)
    shop.clock.move(60)
    then = stamp(shop.clock.now())
    shop.clock.move(60)
    await shop.programme(expected_revision=1, terms_version="2027-01", points_per_unit=Decimal(9))

    sold = await shop.sell(1, a_tender(1, "cash", 1000))
    await shop.tell(msgspec.structs.replace(sold, sale_id=sale_id(2), completed_at=then))

    assert [points for _, points, _ in await shop.entries("loyalty")] == [90, 10]


async def test_a_return_takes_back_what_its_sale_earned_and_in_the_end_all_of_it(shop: LedgerShop) -> None:
    await shop.programme(points_per_unit=Decimal("0.1"))
    await shop.join(ANNA)
    await shop.sell(1, a_tender(1, "cash", 9000))
    await shop.programme(expected_revision=1, terms_version="2027-01", points_per_unit=Decimal(5))

    for number, amount in ((2, 2500), (3, 2500), (4, 4000)):
        await shop.sell(number, a_tender(number, "cash", -amount), lines=(a_line(number, -amount, returns=sale_id(1)),))

    assert await shop.entries("loyalty") == [
        ("earned", 9, 9),
        ("taken_back", -2, 7),
        ("taken_back", -3, 4),
        ("taken_back", -4, 0),
    ]


async def test_a_return_gives_back_the_points_and_the_credit_that_were_spent(shop: LedgerShop) -> None:
    await shop.programme(point_value=10)
    await shop.join(ANNA)
    await shop.give(ANNA, "loyalty", 100)
    reserved = (await shop.reserve("loyalty", 1000)).reserved
    await shop.sell(1, a_tender(1, "loyalty", 1000, reserved))

    await shop.sell(
        2,
        a_tender(2, "loyalty", -600),
        a_tender(3, "store_credit", -400),
        lines=(a_line(2, -1000, returns=sale_id(1)),),
    )

    assert await shop.entries("loyalty") == [("issued", 100, 100), ("redeemed", -100, 0), ("given_back", 60, 60)]
    assert await shop.entries("store_credit") == [("given_back", 400, 400)]


async def test_points_fall_asleep_when_nothing_happened_for_so_long(shop: LedgerShop) -> None:
    await shop.programme(dormant_days=30)
    await shop.join(ANNA)
    await shop.sell(1, a_tender(1, "cash", 1000))
    shop.clock.move(29 * DAY_S)
    await shop.sell(2, a_tender(2, "cash", 50))
    shop.clock.move(29 * DAY_S)
    awake = await shop.reserve("loyalty", 10)
    await shop.void(1)

    shop.clock.move(2 * DAY_S)

    assert awake.state == "held"
    await until(lambda: [each.kind for each in shop.store.told(BalanceBooked)][-1] == "expired")
    assert await shop.entries("loyalty") == [("earned", 10, 10), ("expired", -10, 0)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"points_per_unit": Decimal(-1)}, "points_per_unit"),
        ({"points_per_unit": Decimal("NaN")}, "points_per_unit"),
        ({"points_per_unit": Decimal("Infinity")}, "points_per_unit"),
        ({"points_per_unit": Decimal(10001)}, "points_per_unit"),
        ({"points_per_unit": Decimal("0.00001")}, "points_per_unit"),
        ({"group_rates": (GroupRate("a", Decimal(1)), GroupRate("a", Decimal(2)))}, "group_rates[1].group"),  # type: ignore[arg-type]
        ({"group_rates": (GroupRate("a", Decimal(-1)),)}, "group_rates[0].points_per_unit"),  # type: ignore[arg-type]
    ],
)
async def test_rates_that_are_none_are_refused_by_name(shop: LedgerShop, changes: dict[str, Any], field: str) -> None:
    assert refusal(await shop.programme(**changes)) == ("rate-invalid", field)


async def test_other_terms_need_the_revision_that_was_read(shop: LedgerShop) -> None:
    assert isinstance(await shop.programme(), LoyaltyProgramme)

    assert refusal(await shop.programme()) == ("revision-conflict", "expected_revision")


@pytest.mark.parametrize(
    "changes",
    [
        {"points_per_unit": Decimal(2)},
        {"group_rates": (GroupRate("trade", Decimal(1)),)},  # type: ignore[arg-type]
        {"point_value": 2},
        {"redeem_as": "discount"},
        {"sign_up_bonus": 10},
        {"dormant_days": 365},
    ],
)
async def test_a_version_of_terms_never_stands_for_other_ones(shop: LedgerShop, changes: dict[str, Any]) -> None:
    await shop.programme()
    await shop.programme(expected_revision=1, terms_version="2027-01", **changes)

    refused = await shop.programme(expected_revision=2, **changes)
    off = await shop.programme(expected_revision=2, on=False)

    assert refusal(refused) == ("terms-version-used", "terms_version")
    assert (off.on, off.terms_version) == (False, TERMS)


async def test_a_return_takes_back_the_part_of_the_points_that_it_is_of_the_goods(shop: LedgerShop) -> None:
    """100.00 of goods, 90.00 of it by voucher, earned 10 points: what one item of 10.00 earned is one of them."""
    await shop.programme()
    await shop.join(ANNA)
    await shop.sell(1, a_tender(1, "voucher", 9000), a_tender(2, "cash", 1000), lines=(a_line(1, 10_000),))

    for number, amount in ((2, 1000), (3, 9000)):
        await shop.sell(number, a_tender(number, "cash", -amount), lines=(a_line(number, -amount, returns=sale_id(1)),))

    assert await shop.entries("loyalty") == [("earned", 10, 10), ("taken_back", -1, 9), ("taken_back", -9, 0)]


async def test_who_let_a_customer_join_and_on_which_terms_stands_in_the_history(shop: LedgerShop) -> None:
    await shop.programme()
    await shop.join(ANNA)
    await shop.programme(expected_revision=1, terms_version="2027-01")
    await shop.ask(JoinLoyalty(ANNA, "2027-01"))
    await shop.ask(JoinLoyalty(ANNA, "2027-01"))

    page = await shop.ask(GetCustomerHistory(ANNA))

    noted = [(each.kind, each.reference, each.staff_id is None) for each in page.entries if "loyalty" in each.kind]
    assert noted == [("loyalty_terms", "2027-01", False), ("loyalty_joined", TERMS, False)]
