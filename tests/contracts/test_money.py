"""Money adds up: shares, taxes inside prices and cash rounding."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import LARGEST, allocate, round_half_away, round_to_five_cents, split_tax, tax_in

AMOUNTS = st.integers(-LARGEST, LARGEST)
WEIGHTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=20)
RATES = st.sampled_from([Decimal(rate) for rate in ("0", "7", "9", "10", "13.5", "14", "19", "21", "25.5")])


@pytest.mark.parametrize(
    ("value", "rounded"), [("2.5", 3), ("-2.5", -3), ("2.4999", 2), ("-2.4999", -2), ("0.5", 1), ("3", 3)]
)
def test_halves_round_away_from_zero(value: str, rounded: int) -> None:
    assert round_half_away(Decimal(value)) == rounded


@given(AMOUNTS, WEIGHTS)
def test_shares_add_up_to_the_amount(amount: int, weights: list[int]) -> None:
    assert sum(allocate(amount, weights)) == amount


@given(AMOUNTS, WEIGHTS.filter(any))
def test_no_share_is_a_whole_unit_away_from_its_exact_part(amount: int, weights: list[int]) -> None:
    for share, weight in zip(allocate(amount, weights), weights, strict=True):
        assert abs(share * sum(weights) - amount * weight) < sum(weights)


@given(st.integers(0, LARGEST), WEIGHTS)
def test_shares_of_a_negative_amount_mirror_those_of_the_positive_one(amount: int, weights: list[int]) -> None:
    assert allocate(-amount, weights) == [-share for share in allocate(amount, weights)]


def test_a_remainders_tie_goes_to_the_earlier_weight() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]


def test_all_goes_to_the_first_when_no_weight_counts() -> None:
    assert allocate(7, [0, 0]) == [7, 0]


def test_nothing_is_shared_among_nobody() -> None:
    assert allocate(0, []) == []
    with pytest.raises(ValueError, match="among nobody"):
        allocate(1, [])


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        allocate(10, [2, -1])


@pytest.mark.parametrize(
    ("gross", "rate", "tax"),
    [(11900, "19", 1900), (100, "19", 16), (-100, "19", -16), (1255, "25.5", 255), (999, "0", 0), (1, "7", 0)],
)
def test_the_tax_inside_a_price(gross: int, rate: str, tax: int) -> None:
    assert tax_in(gross, Decimal(rate)) == tax


@given(AMOUNTS, RATES)
def test_the_tax_inside_a_price_is_exact_to_half_a_unit(gross: int, rate: Decimal) -> None:
    numerator, denominator = rate.as_integer_ratio()
    divisor = 100 * denominator + numerator
    assert 2 * abs(tax_in(gross, rate) * divisor - gross * numerator) <= divisor


@given(st.lists(st.integers(-LARGEST // 100, LARGEST // 100), max_size=30), RATES)
def test_split_taxes_add_up_and_each_is_its_own_tax_rounded_down_or_up(grosses: list[int], rate: Decimal) -> None:
    tax = tax_in(sum(grosses), rate)
    parts = split_tax(tax, grosses, rate)
    numerator, denominator = rate.as_integer_ratio()
    divisor = 100 * denominator + numerator
    assert sum(parts) == tax
    assert all(abs(part * divisor - gross * numerator) < divisor for part, gross in zip(parts, grosses, strict=True))


def test_a_tax_that_is_not_in_the_prices_is_refused() -> None:
    with pytest.raises(ValueError, match="are not the tax in 238"):
        split_tax(50, [119, 119], Decimal(19))


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [(0, 0), (1, 1), (2, 2), (3, 5), (4, 5), (5, 5), (6, 5), (7, 5), (8, 10), (9, 10), (11, 10), (12, 10), (13, 15)],
)
def test_cash_is_rounded_to_five_cents_but_one_and_two_stay(amount: int, rounded: int) -> None:
    assert round_to_five_cents(amount) == rounded
    assert round_to_five_cents(-amount) == -rounded


@given(AMOUNTS)
def test_cash_rounding_moves_at_most_two_cents_and_once(amount: int) -> None:
    rounded = round_to_five_cents(amount)
    assert abs(rounded - amount) <= 2
    assert round_to_five_cents(rounded) == rounded
