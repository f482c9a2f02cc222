"""What the command line knows of the shop by its settings alone: its clock and its money.

Reports that are asked for by hand begin and end by them. Never here: what must be right to the minute or
the cent, which is checkout's.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cyclopts import Parameter

from services.hub.report_files import Column, places_of
from services.hub.terminal import CommandRefused
from services.runtime.settings import HubSettings, SettingsRefused, load

LAST_DAYS: Final = 28
FromDay = Annotated[
    str | None,
    Parameter(name="--from", help=f"The first business day, such as 2026-03-01; {LAST_DAYS} days in all if left out."),
]
ToDay = Annotated[str | None, Parameter(name="--to", help="The last business day; today if left out.")]


def period(from_day: str | None, to_day: str | None) -> tuple[str, str]:
    """The business days that are meant, both included; what is left out makes it the last four weeks.

    Raises:
        CommandRefused: the last day is none, so that there is nothing to count from.
        SettingsRefused: the shop's time zone is none.
    """
    last = to_day or _today().isoformat()
    if from_day is not None:
        return from_day, last
    try:
        return (date.fromisoformat(last) - timedelta(LAST_DAYS - 1)).isoformat(), last
    except (ValueError, OverflowError) as error:
        raise CommandRefused(f"--to {last[:40]!r} is no business day, such as 2026-03-01") from error


def amount_column() -> Column:
    """The column of amounts, in the store's currency.

    Raises:
        CommandRefused: there is no such currency.
        SettingsRefused: the settings name none that could be one.
    """
    currency = load(HubSettings, None).currency
    return Column(f"amount_{currency}", places_of(currency))


def _today() -> date:
    """The day by the shop's clock."""
    zone = load(HubSettings, None).time_zone
    try:
        return datetime.now(ZoneInfo(zone)).date()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsRefused(f"setting 'time_zone' of the hub: {zone!r} is no IANA name") from error
