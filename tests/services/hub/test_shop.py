"""Which days a report is about when nobody says it."""

import pytest

from services.hub.shop import period
from services.hub.terminal import CommandRefused


def test_days_that_are_named_are_kept_as_they_are() -> None:
    assert period("2026-01-01", "2026-03-01") == ("2026-01-01", "2026-03-01")


def test_without_a_first_day_a_report_is_of_28_days_both_included() -> None:
    assert period(None, "2026-03-01") == ("2026-02-02", "2026-03-01")


def test_without_a_last_day_a_report_ends_today() -> None:
    first, today = period(None, None)

    assert period("2026-01-01", None) == ("2026-01-01", today)
    assert period(None, today) == (first, today)


@pytest.mark.parametrize("last", ["soon", "2026-02-30", "0001-01-05"])
def test_a_last_day_that_nothing_can_be_counted_from_is_refused(last: str) -> None:
    with pytest.raises(CommandRefused, match="is no business day"):
        period(None, last)
