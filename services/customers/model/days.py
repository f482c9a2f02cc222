"""Days as the shop has them. Pure."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from contracts.base import Malformed


class ShopDays(NamedTuple):
    """Which day it is on the shop's wall, and how long a voucher is good."""

    zone: tzinfo = UTC
    voucher_years: int = 0

    def day_of(self, at: datetime) -> str:
        """The day on the shop's wall."""
        return at.astimezone(self.zone).date().isoformat()

    def voucher_expiry(self, day: str) -> str | None:
        """The last day of a voucher sold on a day; None where it is good for ever.

        Germany: BGB, sections 195 and 199: three years from the end of the year.
        """
        return f"{int(day[:4]) + self.voucher_years:04d}-12-31" if self.voucher_years else None


def days_after(day: str, days: int) -> str:
    """The day so many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def read_day(text: str, field: str) -> str:
    """A day that there is.

    Rejections:
        Malformed: there is none like it (30 February).
    """
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Malformed(field=f"$.{field}", rule="a day that there is, ISO 8601") from None


def prove_days(from_day: str, to_day: str) -> None:
    """Check that there are both days, the first one not after the last.

    Rejections:
        Malformed: they are none, or the wrong way round.
    """
    if read_day(from_day, "from_day") > read_day(to_day, "to_day"):
        raise Malformed(field="$.to_day", rule="not before from_day")


def read_day_past(text: str, field: str, today: str) -> str:
    """A day that has begun.

    Rejections:
        Malformed: it is still to come, or there is none like it.
    """
    day = read_day(text, field)
    if day > today:
        raise Malformed(field=f"$.{field}", rule="not after today")
    return day


def read_day_to_come(text: str, field: str, today: str) -> str:
    """A day that is not over.

    Rejections:
        Malformed: it is over, or there is none like it.
    """
    day = read_day(text, field)
    if day < today:
        raise Malformed(field=f"$.{field}", rule="not before today")
    return day
