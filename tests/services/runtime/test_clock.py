"""Clocks and the way a time is written."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.clock import SetClock, SystemClock, read_stamp, stamp

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIMES = st.datetimes(
    datetime(1, 1, 3),  # noqa: DTZ001 - Hypothesis puts the zone on
    datetime(9999, 12, 29),  # noqa: DTZ001 - the same
    timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23))),
)


@given(TIMES)
def test_a_time_is_read_as_it_was_written(at: datetime) -> None:
    assert read_stamp(stamp(at)) == at


@given(TIMES, TIMES)
def test_times_sort_as_they_are_written(one: datetime, other: datetime) -> None:
    """So that a database can compare them as text, whatever zone they came from."""
    assert (stamp(one) < stamp(other)) == (one < other)


def test_a_time_is_written_in_utc_with_microseconds() -> None:
    assert stamp(NOON) == "2026-11-22T12:00:00.000000Z"
    assert stamp(datetime(2026, 11, 22, 13, tzinfo=timezone(timedelta(hours=1)))) == stamp(NOON)


def test_a_set_clock_stands_until_it_is_moved() -> None:
    clock = SetClock(NOON)
    assert (clock.now(), clock.monotonic()) == (NOON, 0)

    clock.move(90)

    assert (clock.now(), clock.monotonic()) == (NOON + timedelta(seconds=90), 90)


def test_setting_the_time_of_day_leaves_patience_alone() -> None:
    clock = SetClock(NOON)

    clock.set(NOON - timedelta(days=365))

    assert (clock.now(), clock.monotonic()) == (NOON - timedelta(days=365), 0)


def test_the_machines_clock_knows_its_zone_and_only_rises() -> None:
    clock = SystemClock()

    assert clock.now().tzinfo == UTC
    assert clock.monotonic() <= clock.monotonic()
