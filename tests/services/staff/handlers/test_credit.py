"""Who gets the credit, followed from checkout's journal: reports, suggestions, labels."""

import asyncio
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from contracts.base import Event, Rejected
from contracts.checkout.completed import CompletedLine, CompletedTender, SaleCompleted
from contracts.checkout.crediting import AttributionChanged, CreditedLine
from contracts.ids import RegisterId, StaffId, TenderId
from contracts.money import credit
from contracts.policy import TransactionKind
from contracts.staff import CreateStaff, UpdateStaff
from contracts.staff.credit import GetStaffSales, StaffSales, StaffSalesRow, StaffSuggestions, SuggestStaff
from contracts.staff.privacy import EraseStaff
from contracts.staff.signing_on import GetStaffLabel, IdentifyBadge, StaffLabel, StaffNamed
from services.runtime.ids import derived
from services.staff.service import staff
from services.staff.store.credit import CreditStore
from services.staff.store.tables import attributed_sale, cashier_sale, lately_credited
from tests.services.policy.teller import Teller
from tests.services.staff.conftest import STANDS_STILL
from tests.services.staff.examples import (
    JONAS,
    JONAS_BADGE,
    MIA,
    NOBODY,
    NORA,
    a_line,
    a_sale,
    code,
    create,
)
from tests.under_test import StoreUnderTest, store_under_test

SALES = (
    a_sale(1, a_line(900, (JONAS, 10_000)), a_line(2490, (NORA, 6_000), (JONAS, 4_000))),
    a_sale(2, a_line(101, (NORA, 5_000), (JONAS, 5_000)), a_line(25)),
    a_sale(3, a_line(-900, (JONAS, 10_000)), kind="return", cashier=NORA),
    a_sale(4, a_line(500), cashier=NORA),
    a_sale(5, a_line(700, (MIA, 10_000)), a_line(300, (NORA, 10_000)), day="2026-03-15"),
)
"""By day: two sales, a return, one without attribution; the next day one that somebody unknown has part of."""
DAY, NEXT_DAY = "2026-03-14", "2026-03-15"
BOTH_DAYS = GetStaffSales(DAY, NEXT_DAY)


def attribution_changed(sale: SaleCompleted, *lines: CompletedLine, version: int = 2) -> AttributionChanged:
    """A sale's lines are credited like these from now on."""
    return AttributionChanged(
        sale_id=sale.sale_id,
        register=sale.register,
        transaction_kind=sale.transaction_kind,
        business_day=sale.business_day,
        version=version,
        staff_id=NORA,
        approved_by=None,
        changed_at="2026-03-16T09:00:00.000000Z",
        lines=tuple(CreditedLine(line.line_item_id, line.amount, line.attribution) for line in lines),
    )


@pytest.fixture
async def teller(shop: StoreUnderTest) -> Teller:
    """A checkout that tells what it is told to."""
    return await Teller("checkout").start(shop)


@pytest.fixture
async def selling(shop: StoreUnderTest, teller: Teller) -> StoreUnderTest:
    """A shop in which checkout has told its sales."""
    await tell(shop, teller, *SALES)
    return shop


async def tell(shop: StoreUnderTest, teller: Teller, *events: Event) -> None:
    await teller.tell(*events)
    await shop.followed("checkout", "staff")


async def report(shop: StoreUnderTest, query: GetStaffSales = BOTH_DAYS, **changes: Any) -> Any:
    """A report, read by somebody who may read those of persons."""
    token = shop.token("staff.report", "staff.report_person")
    return await shop.send(msgspec.structs.replace(query, **changes), token=token)


async def rows(shop: StoreUnderTest) -> list[Any]:
    tables = (attributed_sale, cashier_sale, lately_credited)

    def read(connection: Any) -> list[Any]:
        return [tuple(row) for table in tables for row in connection.execute(select(table))]

    return await shop.read("staff", read)


async def test_sales_of_persons_are_by_day_and_then_by_staff_id_with_returns_taken_off(selling: StoreUnderTest) -> None:
    assert await report(selling, by_person=True) == StaffSales(
        "attributed",
        (
            StaffSalesRow(DAY, NORA, 2, 1494 + 51),
            StaffSalesRow(DAY, JONAS, 2, 900 + 996 + 50 - 900),
            StaffSalesRow(NEXT_DAY, NORA, 1, 300),
            StaffSalesRow(NEXT_DAY, MIA, 1, 700),
        ),
    )


async def test_sales_are_of_one_person_or_of_days_where_asked(selling: StoreUnderTest) -> None:
    one = await report(selling, GetStaffSales("2026-03-01", "2026-03-31", staff_id=NORA))
    day = await report(selling, from_day=NEXT_DAY, by_person=True)
    none = await report(selling, GetStaffSales("2026-03-16", "2026-03-31"))

    assert one.rows == (StaffSalesRow(DAY, NORA, 2, 1545), StaffSalesRow(NEXT_DAY, NORA, 1, 300))
    assert [(each.staff_id, each.amount) for each in day.rows] == [(NORA, 300), (MIA, 700)]
    assert none == StaffSales("attributed", ())


async def test_without_persons_nobody_is_named_and_a_shared_sale_counts_once(selling: StoreUnderTest) -> None:
    attributed = await selling.send(BOTH_DAYS, token=selling.token("staff.report"))
    cashier = await selling.send(
        msgspec.structs.replace(BOTH_DAYS, credit="cashier"), token=selling.token("staff.report")
    )

    assert attributed == StaffSales(
        "attributed",
        (StaffSalesRow(DAY, None, 2, 900 + 2490 + 101 - 900), StaffSalesRow(NEXT_DAY, None, 1, 1000)),
    )
    assert cashier == StaffSales(
        "cashier",
        (StaffSalesRow(DAY, None, 3, 3390 + 126 - 900 + 500), StaffSalesRow(NEXT_DAY, None, 1, 1000)),
    )


async def test_attributed_lines_add_up_to_what_is_told(selling: StoreUnderTest) -> None:
    attributed = sum(line.amount for sale in SALES for line in sale.lines if line.attribution)

    for by_person in (False, True):
        reply = await report(selling, by_person=by_person)
        assert sum(each.amount for each in reply.rows) == attributed


async def test_a_voucher_for_anything_counts_for_nobody(shop: StoreUnderTest, teller: Teller) -> None:
    voucher = msgspec.structs.replace(a_line(5000), kind="voucher_issue_multi")
    await tell(shop, teller, a_sale(1, a_line(900, (JONAS, 10_000)), voucher))

    by_cashier = await report(shop, credit="cashier")
    by_credit = await report(shop)

    assert [row.amount for row in by_cashier.rows] == [row.amount for row in by_credit.rows] == [900]


async def test_goods_that_a_single_purpose_voucher_paid_count_for_who_sold_them_and_are_no_turnover_again(
    shop: StoreUnderTest, teller: Teller
) -> None:
    sale = a_sale(1, a_line(498, (JONAS, 10_000)))
    paid = CompletedTender(TenderId(derived(JONAS, "voucher")), "voucher", 200, settled_tax=sale.lines[0].taxes[0])
    await tell(shop, teller, msgspec.structs.replace(sale, tenders=(paid,)))

    by_cashier = await report(shop, credit="cashier")
    by_credit = await report(shop)

    assert ([row.amount for row in by_cashier.rows], [row.amount for row in by_credit.rows]) == ([298], [498])


async def test_every_sale_counts_for_its_cashier(selling: StoreUnderTest) -> None:
    reply = await report(selling, credit="cashier", by_person=True)

    assert reply == StaffSales(
        "cashier",
        (
            StaffSalesRow(DAY, NORA, 1, 500 - 900),
            StaffSalesRow(DAY, JONAS, 2, 3390 + 126),
            StaffSalesRow(NEXT_DAY, JONAS, 1, 1000),
        ),
    )


@pytest.mark.parametrize(
    ("per", "periods"), [("day", [DAY, NEXT_DAY]), ("week", ["2026-W11"]), ("month", ["2026-03"]), ("whole", ["whole"])]
)
async def test_sales_are_added_up_to_the_periods_asked_for(
    selling: StoreUnderTest, per: Any, periods: list[str]
) -> None:
    """2026-03-15 is the Sunday of week 11."""
    reply = await report(selling, per=per)

    assert [each.period for each in reply.rows] == periods
    assert (sum(each.sales for each in reply.rows), sum(each.amount for each in reply.rows)) == (3, 3591)


async def test_changed_attribution_moves_the_credit_and_leaves_the_cashier(
    selling: StoreUnderTest, teller: Teller
) -> None:
    before = await report(selling, credit="cashier", by_person=True)

    first, second = SALES[0].lines
    await tell(
        selling,
        teller,
        attribution_changed(SALES[0], a_line(first.amount, (MIA, 10_000)), second),
        attribution_changed(SALES[4], a_line(700), a_line(300)),
    )

    assert (await report(selling, by_person=True)).rows == (
        StaffSalesRow(DAY, NORA, 2, 1494 + 51),
        StaffSalesRow(DAY, JONAS, 2, 996 + 50 - 900),
        StaffSalesRow(DAY, MIA, 1, 900),
    )
    assert await report(selling, credit="cashier", by_person=True) == before


async def test_a_sale_that_was_credited_to_nobody_can_be_credited_later(
    selling: StoreUnderTest, teller: Teller
) -> None:
    await tell(selling, teller, attribution_changed(SALES[3], a_line(500, (MIA, 10_000))))

    assert (await report(selling, staff_id=MIA)).rows[0] == StaffSalesRow(DAY, MIA, 1, 500)


async def test_the_credit_for_a_return_can_be_changed_and_is_no_sale_then_either(
    selling: StoreUnderTest, teller: Teller
) -> None:
    await tell(selling, teller, attribution_changed(SALES[2], a_line(-900, (MIA, 10_000))))

    assert (await report(selling, staff_id=MIA)).rows[0] == StaffSalesRow(DAY, MIA, 0, -900)


async def test_wiped_and_replayed_the_rows_are_the_same(selling: StoreUnderTest, teller: Teller) -> None:
    await tell(selling, teller, attribution_changed(SALES[0], a_line(900, (MIA, 10_000)), a_line(2490)))
    live = await rows(selling)
    (follower,) = selling.services["staff"].followers

    await follower.rebuild()
    wiped = follower.place.number
    await selling.followed("checkout", "staff")

    assert wiped == 0
    assert await rows(selling) == live
    assert len(live) == 6 + 5 + 3


async def test_wiped_nothing_is_left(selling: StoreUnderTest) -> None:
    await selling.services["staff"].writer.run(lambda scope: CreditStore(scope.connection).wipe())

    assert await rows(selling) == []


PEOPLE = st.sampled_from([NORA, JONAS, MIA])
KINDS: list[tuple[TransactionKind, int]] = [("sale", 1), ("return", -1), ("exchange", 1), ("exchange", -1)]
"""Kinds of transactions with the sign of their lines."""


@st.composite
def journals(draw: st.DrawFn) -> list[Event]:
    """Sales and returns, and now and then a change of attribution of an earlier one."""
    told: list[Event] = []
    sold: list[SaleCompleted] = []
    for number in range(draw(st.integers(1, 12))):
        change: bool = draw(st.booleans())
        if sold and change:
            sale = draw(st.sampled_from(sold))
            told.append(attribution_changed(sale, *(draw(lines(line.amount)) for line in sale.lines)))
        else:
            kind, sign = draw(st.sampled_from(KINDS))
            amounts = draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=3))
            sold.append(
                a_sale(
                    number,
                    *(draw(lines(sign * amount)) for amount in amounts),
                    day=draw(st.sampled_from([DAY, NEXT_DAY])),
                    cashier=draw(PEOPLE),
                    kind=kind,
                )
            )
            told.append(sold[-1])
    return told


@st.composite
def lines(draw: st.DrawFn, amount: int) -> CompletedLine:
    """A line of that amount, credited to up to three people."""
    people = draw(st.lists(PEOPLE, unique=True))
    if not people:
        return a_line(amount)
    cuts = sorted(
        draw(st.lists(st.integers(1, 9_999), unique=True, min_size=len(people) - 1, max_size=len(people) - 1))
    )
    return a_line(
        amount, *((who, high - low) for who, low, high in zip(people, [0, *cuts], [*cuts, 10_000], strict=True))
    )


@settings(max_examples=15, deadline=None)
@given(journals())
def test_whatever_was_told_the_credit_is_that_of_the_newest_attribution_also_when_replayed(told: list[Event]) -> None:
    asyncio.run(_credit_is_that_of_the_newest_attribution(told))


async def _credit_is_that_of_the_newest_attribution(told: list[Event]) -> None:
    newest: dict[str, Any] = {}
    for each in told:
        newest[each.sale_id] = each  # type: ignore[attr-defined] # both kinds of event have one
    wanted: dict[StaffId, int] = defaultdict(int)
    for each in newest.values():
        for line in each.lines:
            for who, part in credit(
                line.amount, {share.staff_id: share.basis_points for share in line.attribution}
            ).items():
                wanted[StaffId(who)] += part

    with TemporaryDirectory() as folder:
        async with store_under_test(Path(folder)) as shop:
            await shop.start(staff(STANDS_STILL))
            await tell(shop, await Teller("checkout").start(shop), *told)
            live, found = await rows(shop), await report(shop, per="whole", by_person=True)
            await shop.services["staff"].followers[0].rebuild()
            await shop.followed("checkout", "staff")
            replayed = await rows(shop)

    assert {row.staff_id: row.amount for row in found.rows} == wanted
    assert replayed == live


async def test_a_report_needs_the_permission(selling: StoreUnderTest) -> None:
    reply = await selling.send(BOTH_DAYS, token=selling.token("sale.sell"))

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details) == ("permission-denied", {"permission": "staff.report"})


@pytest.mark.parametrize("asked", [{"by_person": True}, {"staff_id": NORA}, {"staff_id": NORA, "credit": "cashier"}])
async def test_a_report_of_persons_needs_a_permission_of_its_own(
    selling: StoreUnderTest, asked: dict[str, Any]
) -> None:
    query = msgspec.structs.replace(BOTH_DAYS, **asked)

    denied = await selling.send(query, token=selling.token("staff.report"))
    asking = await selling.send(query, token=selling.token("staff.report", needs_approval=("staff.report_person",)))

    assert isinstance(denied, Rejected)
    assert isinstance(asking, Rejected)
    assert (denied.code, denied.details) == ("permission-denied", {"permission": "staff.report_person"})
    assert (asking.code, asking.details) == ("approval-needed", {"permission": "staff.report_person"})


async def test_a_period_that_is_none_is_refused_by_field(selling: StoreUnderTest) -> None:
    reply = await report(selling, to_day="2026-02-30")

    assert (code(reply), reply.details["field"]) == ("malformed", "$.to_day")


async def test_what_an_erased_person_sold_keeps_adding_up(staffed: StoreUnderTest) -> None:
    await tell(staffed, await Teller("checkout").start(staffed), *SALES)
    before = await report(staffed, by_person=True)

    await staffed.send(EraseStaff(JONAS), token=staffed.token("staff.edit"))

    assert await report(staffed, by_person=True) == before


async def suggested(shop: StoreUnderTest, text: str = "", caller: str = "till-1") -> list[tuple[str, bool]]:
    reply = await shop.send(SuggestStaff(text), caller=caller)
    assert isinstance(reply, StaffSuggestions)
    return [(each.name, each.lately) for each in reply.staff]


async def test_a_register_suggests_first_whom_it_credited_lately(staffed: StoreUnderTest) -> None:
    await create(staffed, CreateStaff(MIA, "Ada Mäkinen", "1234"))
    teller = await Teller("checkout").start(staffed)
    on_till_2 = msgspec.structs.replace(SALES[4], register=RegisterId("till-2"))
    await tell(staffed, teller, SALES[0], on_till_2)

    assert await suggested(staffed) == [("Nora Weiss", True), ("Jonas Lehmann", True), ("Ada Mäkinen", False)]
    assert await suggested(staffed, caller="till-2") == [
        ("Nora Weiss", True),
        ("Ada Mäkinen", True),
        ("Jonas Lehmann", False),
    ]
    assert await suggested(staffed, caller="till-3") == [
        ("Ada Mäkinen", False),
        ("Jonas Lehmann", False),
        ("Nora Weiss", False),
    ]
    assert await suggested(staffed, "MAK") == [("Ada Mäkinen", False)]


async def test_who_left_is_not_suggested_and_has_no_badge(staffed: StoreUnderTest) -> None:
    await staffed.send(UpdateStaff(JONAS, 1, active=False), token=staffed.token("staff.edit"))

    assert await suggested(staffed) == [("Nora Weiss", False)]
    assert code(await staffed.send(IdentifyBadge(JONAS_BADGE))) == "staff-not-found"


async def test_from_twelve_active_on_a_search_is_wanted(shop: StoreUnderTest) -> None:
    for number in range(12):
        assert await shop.send(SuggestStaff()) == msgspec.structs.replace(
            await all_suggested(shop), search_wanted=False
        )
        await create(
            shop, CreateStaff(StaffId(f"0190a000-0000-7000-8000-{number:012d}"), f"Person {number:02}", "1234")
        )

    assert (await all_suggested(shop)).search_wanted


async def all_suggested(shop: StoreUnderTest) -> StaffSuggestions:
    reply = await shop.send(SuggestStaff())
    assert isinstance(reply, StaffSuggestions)
    return reply


async def test_a_badge_names_a_person_and_signs_nobody_on(staffed: StoreUnderTest) -> None:
    assert await staffed.send(IdentifyBadge(JONAS_BADGE)) == StaffNamed(JONAS, "Jonas Lehmann", "Jonas")
    assert code(await staffed.send(IdentifyBadge("B-9999"))) == "staff-not-found"
    assert [each for each in staffed.broker.retained() if "registers" in each] == []


async def test_receipts_call_people_by_their_short_name_also_after_they_left(staffed: StoreUnderTest) -> None:
    await staffed.send(UpdateStaff(JONAS, 1, active=False), token=staffed.token("staff.edit"))
    left = await staffed.send(GetStaffLabel(JONAS), caller="devices")
    await staffed.send(EraseStaff(JONAS), token=staffed.token("staff.edit"))
    erased = await staffed.send(GetStaffLabel(JONAS), caller="devices")

    assert (left, erased) == (StaffLabel("Jonas"), StaffLabel(""))
    assert code(await staffed.send(GetStaffLabel(NOBODY), caller="devices")) == "staff-not-found"
