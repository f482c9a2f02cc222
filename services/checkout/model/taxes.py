"""Taxes inside prices: which rate a class has on a day, and what a sale holds of each rate.

Rounding is per rate: the tax of all lines of one rate is worked out once and then split over
its classes and lines by largest remainder, so that lines add up to rates and rates to the sale.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from contracts.checkout import LineTax, RateTotal, TaxTreatment
from contracts.ids import CountryCode, TaxClassCode
from contracts.money import split_tax, tax_in


class TaxRule(msgspec.Struct, frozen=True, order=True):
    """How a line is taxed. ``rate`` is a percentage and 0 unless the treatment is ``taxed``."""

    country: CountryCode
    treatment: TaxTreatment
    rate: Decimal
    tax_class: TaxClassCode


class DatedRate(NamedTuple):
    """The rule of a tax class from a day on (ISO 8601)."""

    from_day: str
    rule: TaxRule


class TaxTable:
    """The dated rates of every country and tax class."""

    def __init__(self, rates: Iterable[DatedRate]) -> None:
        self._rates: dict[tuple[str, str], list[DatedRate]] = {}
        for dated in sorted(rates):
            self._rates.setdefault((dated.rule.country, dated.rule.tax_class), []).append(dated)

    def knows(self, country: str, tax_class: str) -> bool:
        """Whether the class has any rate in that country."""
        return (country, tax_class) in self._rates

    def treatments(self, country: str, tax_class: str) -> set[TaxTreatment]:
        """How the class was and will be treated in that country."""
        return {dated.rule.treatment for dated in self._rates.get((country, tax_class), ())}

    def on(self, country: str, tax_class: str, day: str) -> TaxRule | None:
        """The rule in force on a day, or None when the class has no rate by then."""
        in_force = None
        for dated in self._rates.get((country, tax_class), ()):
            if dated.from_day > day:
                break
            in_force = dated.rule
        return in_force


class TaxedPrices(NamedTuple):
    """The taxes of prices in the order given, and what they come to per rate and class."""

    taxes: list[LineTax]
    rates: list[RateTotal]


def tax_prices(prices: Sequence[tuple[TaxRule, int]]) -> TaxedPrices:
    """Work out the tax inside prices that include it, rounded half away from zero once per rate."""
    places: dict[TaxRule, list[int]] = {}
    for place, (rule, _) in enumerate(prices):
        places.setdefault(rule, []).append(place)
    by_rate: dict[tuple[str, str, Decimal], list[TaxRule]] = {}
    for rule in sorted(places):
        by_rate.setdefault((rule.country, rule.treatment, rule.rate), []).append(rule)

    taxes: dict[int, LineTax] = {}
    rates: list[RateTotal] = []
    for (_, _, rate), rules in by_rate.items():
        grosses = [sum(prices[place][1] for place in places[rule]) for rule in rules]
        for rule, gross, tax in zip(rules, grosses, split_tax(tax_in(sum(grosses), rate), grosses, rate), strict=True):
            rates.append(_total(rule, gross, tax))
            lines = [prices[place][1] for place in places[rule]]
            for place, line, line_tax in zip(places[rule], lines, split_tax(tax, lines, rate), strict=True):
                taxes[place] = _line(rule, line, line_tax)
    return TaxedPrices([taxes[place] for place in range(len(prices))], rates)


def rate_totals(taxes: Iterable[LineTax]) -> list[RateTotal]:
    """What the taxes of stored lines come to per rate and class, in the order of ``tax_prices``."""
    sums: dict[TaxRule, tuple[int, int]] = {}
    for line in taxes:
        rule = TaxRule(line.country, line.treatment, line.rate, line.tax_class)
        gross, tax = sums.get(rule, (0, 0))
        sums[rule] = (gross + line.gross, tax + line.tax)
    return [_total(rule, gross, tax) for rule, (gross, tax) in sorted(sums.items())]


def _total(rule: TaxRule, gross: int, tax: int) -> RateTotal:
    return RateTotal(
        tax_class=rule.tax_class,
        treatment=rule.treatment,
        rate=rule.rate,
        country=rule.country,
        net=gross - tax,
        tax=tax,
        gross=gross,
    )


def _line(rule: TaxRule, gross: int, tax: int) -> LineTax:
    return LineTax(
        tax_class=rule.tax_class,
        treatment=rule.treatment,
        rate=rule.rate,
        country=rule.country,
        net=gross - tax,
        tax=tax,
        gross=gross,
    )
