"""How long the law wants what kept: years from the end of the calendar year, by country and class of data. Pure."""

import typing
from collections.abc import Mapping
from datetime import date

from contracts.customers.privacy.keeping import DataClass, RetentionRule, SealReason
from contracts.ids import CountryCode

DATA_CLASSES: tuple[DataClass, ...] = typing.get_args(DataClass)
DEFAULT_YEARS: Mapping[str, int] = {"DE": 10, "NL": 7, "FI": 6}
"""Germany: AO, section 147; Netherlands: AWR, article 52; Finland: Kirjanpitolaki, chapter 2, section 10."""
OTHERWISE_YEARS = 10
"""For a country that the table does not name: the longest of those it knows."""

Retention = Mapping[tuple[str, DataClass], int]
"""What a store has settled, by country and class; what it leaves out is as the law's table has it."""


def years(settled: Retention, country: str, data_class: DataClass) -> int:
    """For how many years something is kept."""
    return settled.get((country, data_class), DEFAULT_YEARS.get(country, OTHERWISE_YEARS))


def keep_until(day: str, kept_years: int) -> str:
    """The last day of it: so many years from the end of the calendar year of a day."""
    return date(date.fromisoformat(day).year + kept_years, 12, 31).isoformat()


def class_of(reason: SealReason) -> DataClass:
    """The class of data that a sealed buyer belongs to."""
    return reason


def table(settled: Retention, country: str) -> tuple[RetentionRule, ...]:
    """The whole table: the countries of the law's, the store's own, and those that it settled."""
    countries = sorted({*DEFAULT_YEARS, *(each for each, _ in settled), country})
    return tuple(
        RetentionRule(CountryCode(each), data_class, years(settled, each, data_class))
        for each in countries
        for data_class in DATA_CLASSES
    )
