"""Points: what earns, how many, and what returns take back. Pure."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.customers.ledgers import PointsWorthless
from services.customers.model.loyalty import Base, minor_units_of, points_for, points_worth, taken_back
from tests.services.customers.ledgers.shop import a_line


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
    base = Base.of([a_line(1, goods), a_line(2, tip, "tip")], paid).amount

    assert 0 <= base <= goods
    assert paid < goods + tip or base == 0


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
