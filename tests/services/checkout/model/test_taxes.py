"""Taxes add up: lines to rates, rates to the sale, whatever the order."""

from decimal import Decimal
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from contracts.money import tax_in
from services.checkout.model.taxes import DatedRate, TaxRule, TaxTable, rate_totals, tax_prices
from tests.services.checkout.sales import tax

RULES = st.sampled_from(
    [
        tax("19"),
        tax("19", "deposit_drinks"),
        tax("7", "reduced"),
        tax("7", "books"),
        tax("0", "zero", "zero"),
        tax("0", "exempt", "exempt"),
        tax("0", "outside_scope", "outside_scope"),
    ]
)
PRICES = st.lists(st.tuples(RULES, st.integers(-10_000_000, 10_000_000)), max_size=30)


@given(PRICES)
def test_lines_add_up_to_rates_and_net_and_tax_to_gross(prices: list[tuple[TaxRule, int]]) -> None:
    taxed = tax_prices(prices)

    assert [line.gross for line in taxed.taxes] == [price for _, price in prices]
    assert all(line.net + line.tax == line.gross for line in taxed.taxes)
    assert all(rate.net + rate.tax == rate.gross for rate in taxed.rates)
    assert rate_totals(taxed.taxes) == sorted(taxed.rates, key=lambda rate: (rate.treatment, rate.rate, rate.tax_class))
    for rate in taxed.rates:
        lines = [line for line in taxed.taxes if (line.tax_class, line.rate) == (rate.tax_class, rate.rate)]
        assert sum(line.tax for line in lines) == rate.tax
        assert sum(line.gross for line in lines) == rate.gross
    assert sum(rate.gross for rate in taxed.rates) == sum(price for _, price in prices)


@given(PRICES)
def test_tax_is_rounded_once_per_rate(prices: list[tuple[TaxRule, int]]) -> None:
    rates = sorted(tax_prices(prices).rates, key=lambda rate: (rate.treatment, rate.rate))
    for (_, rate), of_rate in groupby(rates, key=lambda each: (each.treatment, each.rate)):
        totals = list(of_rate)
        assert sum(total.tax for total in totals) == tax_in(sum(total.gross for total in totals), rate)


@given(PRICES.flatmap(lambda prices: st.tuples(st.just(prices), st.permutations(prices))))
def test_what_a_sale_comes_to_does_not_depend_on_the_order(
    both: tuple[list[tuple[TaxRule, int]], list[tuple[TaxRule, int]]],
) -> None:
    prices, shuffled = both
    assert tax_prices(prices).rates == tax_prices(shuffled).rates


def test_three_lines_share_the_cent_that_rounding_each_would_lose() -> None:
    taxed = tax_prices([(tax(), 10)] * 3)

    assert [rate.tax for rate in taxed.rates] == [5]
    assert sorted(line.tax for line in taxed.taxes) == [1, 2, 2]


def test_zero_exempt_and_outside_scope_stay_three_different_things() -> None:
    taxed = tax_prices(
        [
            (tax("0", "zero", "zero"), 100),
            (tax("0", "exempt", "exempt"), 200),
            (tax("0", "outside_scope", "outside_scope"), 300),
        ]
    )

    assert {(rate.treatment, rate.net, rate.tax) for rate in taxed.rates} == {
        ("zero", 100, 0),
        ("exempt", 200, 0),
        ("outside_scope", 300, 0),
    }


def test_a_rate_holds_from_its_day_until_the_next_one() -> None:
    table = TaxTable(
        [
            DatedRate("2026-01-01", tax("7", "restaurant_food")),
            DatedRate("2024-01-01", tax("19", "restaurant_food")),
        ]
    )

    def rate(day: str) -> Decimal | None:
        rule = table.on("DE", "restaurant_food", day)
        return None if rule is None else rule.rate

    assert rate("2023-12-31") is None
    assert rate("2024-01-01") == 19
    assert rate("2025-12-31") == 19
    assert rate("2026-01-01") == 7
    assert table.knows("DE", "restaurant_food")
    assert not table.knows("NL", "restaurant_food")
    assert table.on("NL", "restaurant_food", "2026-01-01") is None
