"""What a report says: a period that makes sense, and counts put together by key. Pure."""

import typing
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from contracts.base import Malformed
from contracts.ids import RegisterId
from contracts.policy.checking import RuleKind, SkipReason
from contracts.policy.reporting import PolicyReportRow, ReportBy, SkipCount

LONGEST = timedelta(days=366)
_REASONS: tuple[SkipReason, ...] = typing.get_args(SkipReason)
_ORDER: dict[ReportBy, tuple[str, ...]] = {"rule": typing.get_args(RuleKind), "reason": _REASONS}
"""The keys of these reports stand as the contract has them, those of the others by themselves."""


class Period(NamedTuple):
    """Business days, both included, and the register if it is about one."""

    from_day: str
    to_day: str
    register: RegisterId | None = None


class Counted(NamedTuple):
    """How often something happened in one part of a report; ``reason`` is that of a skip."""

    key: str
    what: str
    times: int
    reason: str = ""


def a_period(from_day: str, to_day: str, register: RegisterId | None) -> Period:
    """The period that a report is asked for.

    Rejections:
        Malformed: a day is not in the calendar, the last one lies before the first, or they are more than 366 days.
    """
    first, last = _day(from_day, "from_day"), _day(to_day, "to_day")
    if last < first:
        raise Malformed(field="$.to_day", rule="the last day is not before the first")
    if last - first >= LONGEST:
        raise Malformed(field="$.to_day", rule=f"a report is about at most {LONGEST.days} days")
    return Period(from_day, to_day, register)


def report_rows(by: ReportBy, counted: Iterable[Counted]) -> tuple[PolicyReportRow, ...]:
    """One row for each key that anything was counted for."""
    counts: dict[str, dict[str, int]] = {}
    reasons: dict[str, dict[str, int]] = {}
    for each in counted:
        row = counts.setdefault(each.key, {})
        row[each.what] = row.get(each.what, 0) + each.times
        if each.reason:
            row_reasons = reasons.setdefault(each.key, {})
            row_reasons[each.reason] = row_reasons.get(each.reason, 0) + each.times
    order = _ORDER.get(by, ())
    keys = sorted(counts, key=lambda key: (order.index(key) if key in order else len(order), key))
    return tuple(
        PolicyReportRow(
            key=key,
            skip_reasons=tuple(
                SkipCount(reason, reasons[key][reason]) for reason in _REASONS if reason in reasons.get(key, ())
            ),
            **counts[key],
        )
        for key in keys
    )


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(field=f"$.{field}", rule="the day is one of the calendar, ISO 8601") from None
