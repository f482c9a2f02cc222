"""Which day a moment belongs to in the shop's books, and which date it has on the wall."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

EARLIEST_LIKELY_YEAR = 2025
"""A clock that shows an earlier year has not been set since the machine lost its power."""


def local_day(at: datetime, zone: ZoneInfo) -> str:
    """The calendar day in the shop (ISO 8601); rates and prices are those of this day."""
    return at.astimezone(zone).date().isoformat()


def business_day(at: datetime, zone: ZoneInfo, cut_off: time) -> str:
    """The business day (ISO 8601): before the cut-off, on the shop's wall clock, it is still the day before."""
    local = at.astimezone(zone)
    day = local.date()
    if local.time() < cut_off:
        day -= timedelta(days=1)
    return day.isoformat()


def is_clock_unsure(now: datetime, last_recorded: datetime | None) -> bool:
    """Whether the clock cannot be right: never set, or earlier than what was recorded last."""
    return now.year < EARLIEST_LIKELY_YEAR or (last_recorded is not None and now < last_recorded)
