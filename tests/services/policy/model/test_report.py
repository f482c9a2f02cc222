"""Periods that make sense, and counts put together by key."""

import pytest

from contracts.base import Malformed
from contracts.policy.reporting import PolicyReportRow, SkipCount
from services.policy.model.report import Counted, Period, a_period, report_rows


@pytest.mark.parametrize(
    ("from_day", "to_day", "field"),
    [
        ("2026-02-30", "2026-03-01", "$.from_day"),
        ("2026-03-01", "2026-13-01", "$.to_day"),
        ("2026-03-02", "2026-03-01", "$.to_day"),
        ("2026-01-01", "2027-01-02", "$.to_day"),
    ],
)
def test_a_period_is_days_of_the_calendar_in_order_and_at_most_366(from_day: str, to_day: str, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        a_period(from_day, to_day, None)

    assert refused.value.details["field"] == field
    assert a_period("2026-01-01", "2027-01-01", None) == Period("2026-01-01", "2027-01-01")


def test_counts_of_one_key_are_one_row_and_rules_stand_in_the_order_they_are_asked() -> None:
    rows = report_rows(
        "rule",
        [
            Counted("contact", "prompts", 3),
            Counted("first_name", "blocks", 1),
            Counted("contact", "skips", 1, "other"),
            Counted("contact", "skips", 2, "customer_declined"),
            Counted("", "unavailable", 4),
        ],
    )

    assert rows == (
        PolicyReportRow("first_name", blocks=1),
        PolicyReportRow(
            "contact", prompts=3, skips=3, skip_reasons=(SkipCount("customer_declined", 2), SkipCount("other", 1))
        ),
        PolicyReportRow("", unavailable=4),
    )


def test_reasons_stand_with_the_most_usual_first_and_days_by_date() -> None:
    reasons = report_rows("reason", [Counted(key, "skips", 1, key) for key in ("other", "customer_declined")])
    days = report_rows("day", [Counted(key, "blocks", 1) for key in ("2026-03-02", "2026-03-01")])

    assert [row.key for row in reasons] == ["customer_declined", "other"]
    assert [row.key for row in days] == ["2026-03-01", "2026-03-02"]
