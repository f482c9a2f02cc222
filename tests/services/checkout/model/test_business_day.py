"""A moment belongs to the shop's day, not to UTC's."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from services.checkout.model.business_day import business_day, is_clock_unsure, local_day

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2026-03-01T23:30:00", "2026-03-01"),
        ("2026-03-02T02:59:59", "2026-03-01"),
        ("2026-03-02T03:00:00", "2026-03-02"),
        ("2026-03-29T01:59:59", "2026-03-28"),
        ("2026-03-29T02:00:00", "2026-03-29"),
        ("2026-10-25T02:59:59", "2026-10-24"),
        ("2026-10-25T03:00:00", "2026-10-25"),
    ],
)
def test_before_the_cut_off_it_is_still_the_day_before_also_when_clocks_change(utc: str, day: str) -> None:
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)

    assert business_day(at, BERLIN, time(4)) == day


def test_without_a_cut_off_the_day_begins_at_midnight_on_the_wall() -> None:
    at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

    assert business_day(at, BERLIN, time(0)) == "2026-03-02" == local_day(at, BERLIN)


def test_a_clock_earlier_than_the_last_record_is_unsure() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)

    assert is_clock_unsure(now, datetime(2026, 3, 2, 12, 0, 1, tzinfo=UTC))
    assert not is_clock_unsure(now, now)
    assert not is_clock_unsure(now, None)


def test_a_clock_that_was_never_set_is_unsure() -> None:
    assert is_clock_unsure(datetime(1970, 1, 1, tzinfo=UTC), None)
