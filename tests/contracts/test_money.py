"""Money adds up: shares, taxes inside prices and cash rounding."""

from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import (
    LARGEST,
    allocate,
    credit,
    credit_returned,
    round_half_away,
    round_to_five_cents,
    split_tax,
    tax_in,
)

AMOUNTS = st.integers(-LARGEST, LARGEST)
WEIGHTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=20)
SHARES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10_000), min_size=1)
"""Who gets what part of the credit; what the parts come to together makes no difference to the split."""
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


@given(AMOUNTS, SHARES)
def test_the_credit_for_a_line_adds_up_to_it(amount: int, shares: dict[str, int]) -> None:
    assert sum(credit(amount, shares).values()) == amount


@given(AMOUNTS, SHARES, st.randoms())
def test_the_order_of_shares_makes_no_difference(amount: int, shares: dict[str, int], random: Random) -> None:
    shuffled = list(shares.items())
    random.shuffle(shuffled)

    assert credit(amount, dict(shuffled)) == credit(amount, shares)


@given(AMOUNTS, SHARES)
def test_nobodys_credit_is_a_whole_unit_away_from_its_exact_part(amount: int, shares: dict[str, int]) -> None:
    whole = sum(shares.values())

    assert all(abs(part * whole - amount * shares[who]) < whole for who, part in credit(amount, shares).items())


def test_a_line_that_is_nobodys_gives_no_credit() -> None:
    assert credit(100, {}) == {}


@given(st.integers(0, LARGEST), SHARES, st.lists(st.integers(0, LARGEST), max_size=6), st.sampled_from([1, -1]))
def test_returns_take_back_what_they_give_back_and_in_the_end_all_that_was_given(
    amount: int, shares: dict[str, int], cuts: list[int], sign: int
) -> None:
    """However a line is returned, in parts or at once: the last part takes the remainder."""
    left = credit(sign * amount, shares)
    steps = [0, *sorted(cut for cut in cuts if cut <= amount), amount]

    for before, after in pairwise(steps):
        back = credit_returned(
            sign * amount, shares, returned_before=sign * before, returned_now=sign * (after - before)
        )
        assert sum(back.values()) == -sign * (after - before)
        left = {who: part + back[who] for who, part in left.items()}

    assert set(left.values()) == {0}


@given(st.integers(0, LARGEST), st.integers(0, LARGEST), SHARES, st.randoms())
def test_the_order_of_shares_makes_no_difference_to_a_return(
    before: int, now: int, shares: dict[str, int], random: Random
) -> None:
    shuffled = list(shares.items())
    random.shuffle(shuffled)

    one, other = (
        credit_returned(before + now, each, returned_before=before, returned_now=now)
        for each in (shares, dict(shuffled))
    )
    assert one == other


@pytest.mark.parametrize(("before", "now"), [(0, 101), (60, 41), (-1, 101)])
def test_no_more_credit_is_taken_back_than_was_sold(before: int, now: int) -> None:
    with pytest.raises(ValueError, match="no more is returned than was sold"):
        credit_returned(100, {"a": 10_000}, returned_before=before, returned_now=now)


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
