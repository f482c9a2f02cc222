"""Sales by attributed staff, followed from checkout's journal."""

from typing import Any

import pytest
from sqlalchemy import select

from contracts.base import Rejected
from contracts.staff import AttributedTotal, AttributedTotals, GetAttributedTotals
from services.staff.store import attributed_sale, cashier_sale
from tests.services.policy.teller import Teller
from tests.services.staff.examples import JONAS, MIA, NORA, a_line, a_sale
from tests.under_test import StoreUnderTest

SALES = (
    a_sale(1, a_line(900, (JONAS, 10_000)), a_line(2490, (NORA, 6_000), (JONAS, 4_000))),
    a_sale(2, a_line(101, (NORA, 5_000), (JONAS, 5_000)), a_line(25)),
    a_sale(3, a_line(-900, (JONAS, 10_000)), kind="return", cashier=NORA),
    a_sale(4, a_line(500), cashier=NORA),
    a_sale(5, a_line(700, (MIA, 10_000)), a_line(300, (NORA, 10_000)), day="2026-03-15"),
)
"""By day: two sales, a return, one without attribution; the next day one that somebody unknown has part of."""


@pytest.fixture
async def selling(shop: StoreUnderTest) -> StoreUnderTest:
    """A shop in which checkout has told its sales."""
    teller = await Teller("checkout").start(shop)
    await teller.tell(*SALES)
    await shop.followed("checkout", "staff")
    return shop


async def totals(shop: StoreUnderTest, query: GetAttributedTotals) -> Any:
    return await shop.send(query, token=shop.token("staff.report"))


async def rows(shop: StoreUnderTest) -> list[Any]:
    def read(connection: Any) -> list[Any]:
        return [tuple(row) for table in (attributed_sale, cashier_sale) for row in connection.execute(select(table))]

    return await shop.read("staff", read)


async def test_totals_are_by_day_and_then_by_staff_id_with_returns_taken_off(selling: StoreUnderTest) -> None:
    assert await totals(selling, GetAttributedTotals("2026-03-14", "2026-03-15")) == AttributedTotals(
        (
            AttributedTotal(NORA, "2026-03-14", 2, 1494 + 51),
            AttributedTotal(JONAS, "2026-03-14", 2, 900 + 996 + 50 - 900),
            AttributedTotal(NORA, "2026-03-15", 1, 300),
            AttributedTotal(MIA, "2026-03-15", 1, 700),
        )
    )


async def test_totals_are_of_one_person_or_of_days_where_asked(selling: StoreUnderTest) -> None:
    one = await totals(selling, GetAttributedTotals("2026-03-01", "2026-03-31", NORA))
    day = await totals(selling, GetAttributedTotals("2026-03-15", "2026-03-15"))
    none = await totals(selling, GetAttributedTotals("2026-03-16", "2026-03-31"))

    assert [(each.staff_id, each.amount) for each in one.totals] == [(NORA, 1545), (NORA, 300)]
    assert [(each.staff_id, each.amount) for each in day.totals] == [(NORA, 300), (MIA, 700)]
    assert none == AttributedTotals(())


async def test_attributed_lines_add_up_to_what_is_told(selling: StoreUnderTest) -> None:
    reply = await totals(selling, GetAttributedTotals("2026-03-14", "2026-03-15"))

    attributed = sum(line.amount for sale in SALES for line in sale.lines if line.attribution)
    assert sum(each.amount for each in reply.totals) == attributed


async def test_every_sale_counts_for_its_cashier(selling: StoreUnderTest) -> None:
    def by_cashier(connection: Any) -> set[Any]:
        columns = cashier_sale.c
        return {tuple(row) for row in connection.execute(select(columns.staff_id, columns.sales, columns.amount))}

    assert await selling.read("staff", by_cashier) == {
        (JONAS, 1, 3390),
        (JONAS, 1, 126),
        (NORA, 0, -900),
        (NORA, 1, 500),
        (JONAS, 1, 1000),
    }


async def test_wiped_and_replayed_the_rows_are_the_same(selling: StoreUnderTest) -> None:
    live = await rows(selling)
    (follower,) = selling.services["staff"].followers

    await follower.rebuild()
    wiped = follower.place.number
    await selling.followed("checkout", "staff")

    assert wiped == 0
    assert await rows(selling) == live
    assert len(live) == 7 + 5


async def test_a_report_needs_the_permission(selling: StoreUnderTest) -> None:
    reply = await selling.send(GetAttributedTotals("2026-03-14", "2026-03-14"), token=selling.token("sale.sell"))

    assert isinstance(reply, Rejected)
    assert reply.code == "permission-denied"


async def test_a_period_that_is_none_is_refused_by_field(selling: StoreUnderTest) -> None:
    reply = await totals(selling, GetAttributedTotals("2026-03-14", "2026-02-30"))

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details["field"]) == ("malformed", "$.to_day")
