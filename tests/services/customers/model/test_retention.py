"""How long the law wants what kept."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.customers.privacy.keeping import DataClass
from services.customers.model.retention import keep_until, table, years


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(0, 100))
def test_it_is_kept_for_whole_calendar_years(day: date, kept_years: int) -> None:
    until = date.fromisoformat(keep_until(day.isoformat(), kept_years))

    assert (until.year - day.year, until.month, until.day) == (kept_years, 12, 31)


@pytest.mark.parametrize(("country", "kept"), [("DE", 10), ("NL", 7), ("FI", 6), ("SE", 10)])
def test_each_country_has_its_law_and_any_other_the_longest(country: str, kept: int) -> None:
    assert years({}, country, "till_record") == kept


def test_what_a_store_settled_holds_for_that_class_alone() -> None:
    settled: dict[tuple[str, DataClass], int] = {("FI", "account"): 9}

    classes: tuple[DataClass, ...] = ("account", "invoice")

    assert [years(settled, "FI", each) for each in classes] == [9, 6]


def test_the_table_names_the_stores_own_country() -> None:
    assert {each.country for each in table({}, "SE")} == {"DE", "NL", "FI", "SE"}
