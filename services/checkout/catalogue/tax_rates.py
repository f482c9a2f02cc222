"""Reads dated tax rates from CSV: country, class, treatment, rate (percent), from_day, source (the law)."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from re import compile as pattern
from typing import NamedTuple, get_args

import msgspec

from contracts.checkout import TaxTreatment
from services.checkout.catalogue.rows import CsvRefused, Row, read_rows
from services.checkout.model.items import is_day
from services.checkout.model.taxes import DatedRate, TaxRule

SHIPPED_RATES = Path(__file__).parent / "tax_rates.csv"
COLUMNS = ("country", "class", "treatment", "rate", "from_day", "source")

_RATE = pattern(r"[0-9]{1,2}(\.[0-9]{1,2})?")


class SourcedRate(NamedTuple):
    """A dated rate and the law that sets it."""

    dated: DatedRate
    source: str


def rates_from_csv(lines: Iterable[str]) -> list[SourcedRate]:
    """Read dated tax rates, in the order of the file.

    Raises:
        CsvRefused: a value breaks a rule; it names row, field and rule.
    """
    rates: list[SourcedRate] = []
    seen: set[tuple[str, str, str]] = set()
    for row in read_rows(lines, needed=COLUMNS):
        sourced = _rate(row)
        key = (sourced.dated.rule.country, sourced.dated.rule.tax_class, sourced.dated.from_day)
        if key in seen:
            raise CsvRefused(row.number, "from_day", "a class has one rate a day")
        seen.add(key)
        rates.append(sourced)
    return rates


def shipped_rates() -> list[SourcedRate]:
    """The rates of the countries that Tillwire knows."""
    with SHIPPED_RATES.open(encoding="utf-8", newline="") as lines:
        return rates_from_csv(lines)


def _rate(row: Row) -> SourcedRate:
    values = row.values
    if values["treatment"] not in get_args(TaxTreatment):
        raise CsvRefused(row.number, "treatment", f"is one of {', '.join(get_args(TaxTreatment))}")
    if not _RATE.fullmatch(values["rate"]):
        raise CsvRefused(row.number, "rate", "is a percentage below 100 with at most two places")
    if (values["treatment"] == "taxed") != (Decimal(values["rate"]) > 0):
        raise CsvRefused(row.number, "rate", "is more than 0 where the treatment is taxed, and 0 elsewhere")
    if not is_day(values["from_day"]):
        raise CsvRefused(row.number, "from_day", "is a day of the calendar, YYYY-MM-DD")
    if not values["source"]:
        raise CsvRefused(row.number, "source", "names the law")
    try:
        rule = msgspec.convert(
            {
                "country": values["country"],
                "tax_class": values["class"],
                "treatment": values["treatment"],
                "rate": values["rate"],
            },
            TaxRule,
        )
    except msgspec.ValidationError as error:
        field = "country" if "country" in str(error) else "class"
        raise CsvRefused(row.number, field, str(error).partition(" - at ")[0]) from error
    return SourcedRate(DatedRate(values["from_day"], rule), values["source"])
