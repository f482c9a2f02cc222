"""Who gets which part of what was sold, and in which period."""

from collections import Counter
from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Malformed
from contracts.checkout import LineKind, Share
from contracts.checkout.completed import CompletedLine, CompletedTender
from contracts.checkout.crediting import CreditedLine
from contracts.ids import LineItemId, StaffId, TenderId
from contracts.policy import TransactionKind
from contracts.staff.credit import StaffSalesRow
from services.runtime.ids import derived
from services.staff.model.credit import DaySales, by_period, check_period, credited, sales_in, taken_back, turnover
from tests.services.staff.examples import JONAS, NORA, a_line, a_sale

AMOUNTS = st.integers(-(10**9), 10**9)


@st.composite
def attributions(draw: st.DrawFn) -> tuple[Share, ...]:
    """One to six staff members whose basis points add up to 10000."""
    count = draw(st.integers(1, 6))
    cuts = sorted(draw(st.sets(st.integers(1, 9_999), min_size=count - 1, max_size=count - 1)))
    bounds = [0, *cuts, 10_000]
    return tuple(
        Share(StaffId(f"0190a000-0000-7000-8000-{place:012d}"), high - low)
        for place, (low, high) in enumerate(pairwise(bounds))
    )


def credited_line(amount: int, attribution: tuple[Share, ...]) -> CreditedLine:
    return CreditedLine(LineItemId(derived(JONAS, "line")), amount, attribution)


@given(st.lists(st.tuples(AMOUNTS, attributions()), max_size=6), st.randoms())
def test_the_credit_of_a_sale_is_its_attributed_lines_in_any_order(
    lines: list[tuple[int, tuple[Share, ...]]], random: Random
) -> None:
    sale = [credited_line(amount, parts) for amount, parts in lines]
    shuffled: list[CompletedLine | CreditedLine] = [*sale, a_line(999)]
    random.shuffle(shuffled)

    assert credited(shuffled) == credited(sale)
    assert sum(credited(sale).values()) == sum(amount for amount, _ in lines)


@given(AMOUNTS, attributions())
def test_a_return_takes_off_what_the_sale_gave(amount: int, attribution: tuple[Share, ...]) -> None:
    sold, returned = (credited([credited_line(each, attribution)]) for each in (amount, -amount))

    assert returned == {staff_id: -part for staff_id, part in sold.items()}


@given(st.integers(0, 10**6), attributions(), st.lists(st.integers(0, 10**6), max_size=5), st.sampled_from([1, -1]))
def test_returns_of_a_line_take_back_its_own_shares_and_leave_nothing_in_the_end(
    amount: int, attribution: tuple[Share, ...], cuts: list[int], sign: int
) -> None:
    line = credited_line(sign * amount, attribution)
    left = Counter(credited([line]))
    steps = [0, *sorted(cut for cut in cuts if cut <= amount), amount]

    for before, after in pairwise(steps):
        back = taken_back(line, returned_before=sign * before, returned_now=sign * (after - before))
        assert sum(back.values()) == -sign * (after - before)
        left.update(back)

    assert set(left.values()) <= {0}


def test_a_cent_that_cannot_be_split_goes_to_the_lower_staff_id() -> None:
    assert credited([a_line(5, (JONAS, 5_000), (NORA, 5_000))]) == {NORA: 3, JONAS: 2}


@pytest.mark.parametrize(
    ("kind", "counted"), [("voucher_issue_multi", 900), ("account_payment", 900), ("voucher_issue_single", 5900)]
)
def test_money_for_what_is_sold_another_time_is_no_turnover(kind: LineKind, counted: int) -> None:
    voucher = msgspec.structs.replace(a_line(5000), kind=kind)

    assert turnover(a_sale(1, a_line(900, (JONAS, 10_000)), voucher)) == counted


def test_what_a_single_purpose_voucher_pays_was_turnover_when_it_was_sold() -> None:
    sale = a_sale(1, a_line(900))
    settled = sale.lines[0].taxes[0]
    paid = [
        CompletedTender(TenderId(derived(JONAS, kind)), "voucher", 300, settled_tax=tax)
        for kind, tax in (("a", settled), ("b", None))
    ]

    assert turnover(msgspec.structs.replace(sale, tenders=tuple(paid))) == 600


def test_a_return_is_no_sale() -> None:
    kinds: tuple[TransactionKind, ...] = ("sale", "exchange", "return", "deposit_return", "account_payment")
    assert [sales_in(kind) for kind in kinds] == [1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("from_day", "to_day", "field"),
    [
        ("2026-02-30", "2026-03-14", "$.from_day"),
        ("2026-03-01", "2026-13-01", "$.to_day"),
        ("0000-01-01", "2026-03-14", "$.from_day"),
        ("2026-03-14", "2026-03-13", "$.to_day"),
        ("2026-01-01", "2027-01-02", "$.to_day"),
    ],
)
def test_a_period_that_is_none_is_refused(from_day: str, to_day: str, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_period(from_day, to_day)

    assert refused.value.details["field"] == field


@pytest.mark.parametrize(("from_day", "to_day"), [("2026-03-14", "2026-03-14"), ("2024-01-01", "2024-12-31")])
def test_a_day_or_a_leap_year_is_a_period(from_day: str, to_day: str) -> None:
    check_period(from_day, to_day)


DAYS = [
    DaySales("2026-01-04", NORA, 1, 100),
    DaySales("2025-12-29", JONAS, 2, 50),
    DaySales("2026-01-05", NORA, 1, -30),
    DaySales("2026-01-01", NORA, 3, 7),
]


def test_days_are_in_order_of_day_and_person() -> None:
    assert by_period(DAYS, "day") == (
        StaffSalesRow("2025-12-29", JONAS, 2, 50),
        StaffSalesRow("2026-01-01", NORA, 3, 7),
        StaffSalesRow("2026-01-04", NORA, 1, 100),
        StaffSalesRow("2026-01-05", NORA, 1, -30),
    )


def test_weeks_are_those_of_iso_8601() -> None:
    """The first week of 2026 begins on Monday, 2025-12-29."""
    assert by_period(DAYS, "week") == (
        StaffSalesRow("2026-W01", NORA, 4, 107),
        StaffSalesRow("2026-W01", JONAS, 2, 50),
        StaffSalesRow("2026-W02", NORA, 1, -30),
    )


def test_months_and_the_whole_add_up_to_the_same() -> None:
    assert by_period(DAYS, "month") == (
        StaffSalesRow("2025-12", JONAS, 2, 50),
        StaffSalesRow("2026-01", NORA, 5, 77),
    )
    assert by_period(DAYS, "whole") == (
        StaffSalesRow("whole", NORA, 5, 77),
        StaffSalesRow("whole", JONAS, 2, 50),
    )


def test_nothing_sold_is_no_row() -> None:
    assert by_period([], "whole") == ()
