"""Points: what earns, how many, and what returns take back. Pure."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout import LineKind
from contracts.checkout.completed import CompletedLine
from contracts.customers.ledgers.reserving import PointsWorthless
from contracts.ids import TaxClassCode
from services.customers.model.loyalty import Base, minor_units_of, points_for, points_worth, taken_back
from tests.services.customers.ledgers.shop import a_line

STANDARD = TaxClassCode("standard")


def in_class(line: CompletedLine, tax_class: str) -> CompletedLine:
    (tax,) = line.taxes
    return msgspec.structs.replace(line, taxes=(msgspec.structs.replace(tax, tax_class=TaxClassCode(tax_class)),))


@given(st.integers(0, 10**6), st.integers(1, 10**7), st.lists(st.integers(0, 10**6), max_size=12))
def test_returns_take_back_all_that_a_sale_earned_once_all_is_returned_and_never_more(
    earned: int, base: int, parts: list[int]
) -> None:
    before, taken = 0, 0
    for part in [*parts, base]:
        taken += taken_back(earned, base, before, part)
        before += part
        assert 0 <= taken <= earned

    assert taken == earned


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 2 * 10**6))
def test_the_base_is_never_more_than_the_goods_and_never_less_than_nothing(goods: int, tip: int, paid: int) -> None:
    base = Base.of([a_line(1, goods), a_line(2, tip, "tip")], paid, {}).amount

    assert 0 <= base <= goods
    assert paid < goods + tip or base == 0


def test_what_a_single_purpose_voucher_paid_comes_off_the_goods_of_its_class_alone() -> None:
    tea, sold = a_line(1, 1000), a_line(2, 5000, "voucher_issue_multi")
    another, delivery = a_line(3, 5000, "voucher_issue_single"), a_line(4, 1000, "surcharge")
    book = in_class(a_line(5, 300), "books")

    assert Base.of([tea, sold], 0, {STANDARD: 1000}) == Base(0, 1000)
    assert Base.of([tea, another], 0, {STANDARD: 400}) == Base(600, 1000)
    assert Base.of([tea, delivery], 0, {STANDARD: 1000}) == Base(500, 1000)
    assert Base.of([tea, book], 0, {STANDARD: 1000}) == Base(300, 1300)


def test_what_other_vouchers_and_points_paid_is_spread_over_what_is_left() -> None:
    tea, sold = a_line(1, 1000), a_line(2, 600, "voucher_issue_multi")

    assert Base.of([tea, sold], 600, {STANDARD: 400}) == Base(300, 1000)  # half of the 1200 that are left is tea


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from(["goods", "surcharge"])), min_size=1, max_size=6),
    st.integers(0, 10**6),
    st.floats(0, 1),
)
def test_a_sale_that_vouchers_and_points_pay_whole_earns_nothing(
    parts: list[tuple[int, LineKind]], tip: int, by_voucher: float
) -> None:
    lines = [a_line(place, amount, kind) for place, (amount, kind) in enumerate(parts)]
    whole = sum(amount for amount, _ in parts)
    settled = int(whole * by_voucher)

    base = Base.of([*lines, a_line(9, tip, "tip")], whole + tip - settled, {STANDARD: settled})

    assert base.amount == 0


@pytest.mark.parametrize(
    ("base", "rate", "minor_units", "points"),
    [
        (199, "1", 100, 1),
        (-199, "1", 100, -1),
        (1000, "0.1", 100, 1),
        (999, "0.1", 100, 0),
        (500, "0.01", 1, 5),
        (10**12, "10000", 100, 10**14),
    ],
)
def test_a_started_point_is_neither_given_nor_taken(base: int, rate: str, minor_units: int, points: int) -> None:
    assert points_for(base, Decimal(rate), minor_units) == points


@pytest.mark.parametrize(("currency", "minor_units"), [("EUR", 100), ("JPY", 1), ("KWD", 1000)])
def test_a_currency_unit_has_its_own_number_of_minor_units(currency: str, minor_units: int) -> None:
    assert minor_units_of(currency) == minor_units


def test_an_amount_is_a_whole_number_of_points_or_none() -> None:
    assert points_worth(150, 10) == 15
    with pytest.raises(PointsWorthless) as refused:
        points_worth(155, 10)
    assert refused.value.details["point_value"] == 10
