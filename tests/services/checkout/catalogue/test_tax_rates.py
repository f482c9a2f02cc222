"""Tax rates are those of the law on the day, each with its source."""

from decimal import Decimal

import pytest

from services.checkout.catalogue.rows import CsvRefused
from services.checkout.catalogue.tax_rates import rates_from_csv, shipped_rates
from services.checkout.model.taxes import TaxTable

HEADER = "country,class,treatment,rate,from_day,source\n"


@pytest.mark.parametrize(
    ("country", "tax_class", "day", "rate"),
    [
        ("DE", "standard", "2026-11-01", "19"),
        ("DE", "reduced", "2026-11-01", "7"),
        ("DE", "restaurant_food", "2025-12-31", "19"),
        ("DE", "restaurant_food", "2026-01-01", "7"),
        ("NL", "standard", "2026-11-01", "21"),
        ("NL", "reduced", "2026-11-01", "9"),
        ("NL", "lodging", "2025-12-31", "9"),
        ("NL", "lodging", "2026-01-01", "21"),
        ("FI", "standard", "2024-08-31", "24"),
        ("FI", "standard", "2024-09-01", "25.5"),
        ("FI", "reduced", "2025-12-31", "14"),
        ("FI", "reduced", "2026-01-01", "13.5"),
        ("FI", "books", "2024-12-31", "10"),
        ("FI", "books", "2026-01-01", "13.5"),
        ("FI", "newspapers", "2026-11-01", "10"),
    ],
)
def test_a_class_has_the_rate_of_its_day(country: str, tax_class: str, day: str, rate: str) -> None:
    rule = TaxTable(each.dated for each in shipped_rates()).on(country, tax_class, day)

    assert rule is not None
    assert (rule.treatment, rule.rate) == ("taxed", Decimal(rate))


@pytest.mark.parametrize("country", ["DE", "NL", "FI"])
def test_zero_exempt_and_outside_scope_are_kept_apart_and_deposits_follow_what_they_pack(country: str) -> None:
    taxes = TaxTable(each.dated for each in shipped_rates())

    def of(tax_class: str) -> tuple[str, Decimal]:
        rule = taxes.on(country, tax_class, "2026-11-01")
        assert rule is not None
        return rule.treatment, rule.rate

    assert [of(each)[0] for each in ("zero", "exempt", "outside_scope")] == ["zero", "exempt", "outside_scope"]
    for packed in ("standard", "drinks", "reduced"):
        assert of(f"deposit_{packed}") == of(packed)


def test_every_rate_names_its_law() -> None:
    assert all(rate.source for rate in shipped_rates())


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("de,standard,taxed,19,2026-01-01,law\n", "country"),
        ("DE,Standard,taxed,19,2026-01-01,law\n", "class"),
        ("DE,standard,free,19,2026-01-01,law\n", "treatment"),
        ("DE,standard,taxed,19 %,2026-01-01,law\n", "rate"),
        ("DE,standard,taxed,0,2026-01-01,law\n", "rate"),
        ("DE,standard,exempt,19,2026-01-01,law\n", "rate"),
        ("DE,standard,taxed,19,2026-13-01,law\n", "from_day"),
        ("DE,standard,taxed,19,2026-01-01,\n", "source"),
    ],
)
def test_a_faulty_value_is_named_by_row_and_field(line: str, field: str) -> None:
    with pytest.raises(CsvRefused) as refused:
        rates_from_csv([HEADER, line])

    assert (refused.value.row, refused.value.field) == (2, field)


def test_a_class_has_one_rate_a_day() -> None:
    line = "DE,standard,taxed,19,2026-01-01,law\n"

    with pytest.raises(CsvRefused, match="one rate a day"):
        rates_from_csv([HEADER, line, line])
