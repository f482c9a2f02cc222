"""Who gets the credit for what was sold, and in which period it is reported.

Pure: nothing here waits, stores or reads a clock.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal, NamedTuple

from contracts.base import Malformed
from contracts.checkout import NO_TURNOVER
from contracts.checkout.completed import CompletedLine, SaleCompleted
from contracts.checkout.crediting import CreditedLine
from contracts.ids import StaffId
from contracts.money import credit, credit_returned
from contracts.policy import TransactionKind
from contracts.staff.credit import StaffSalesRow

Per = Literal["day", "week", "month", "whole"]

MOST_DAYS_IN_A_REPORT = 366
_NOTHING_SOLD = frozenset({"return", "deposit_return", "account_payment"})


class DaySales(NamedTuple):
    """What was sold on one business day, of one person or of all; ``amount`` in minor units, returns taken off."""

    business_day: str
    staff_id: StaffId | None
    sales: int
    amount: int


def credited(lines: Iterable[CompletedLine | CreditedLine]) -> dict[StaffId, int]:
    """What each staff member is credited with from a sale's lines, in minor units; returns are negative."""
    sums: defaultdict[StaffId, int] = defaultdict(int)
    for line in lines:
        for staff_id, part in credit(line.amount, _shares(line)).items():
            sums[StaffId(staff_id)] += part
    return dict(sums)


def turnover(sale: SaleCompleted) -> int:
    """What of a sale is turnover, in minor units.

    Money for a voucher that buys anything is none until it is spent; a single-purpose one was when it was sold.
    """
    sold_otherwise = sum(line.amount for line in sale.lines if line.kind in NO_TURNOVER)
    return sale.total - sold_otherwise - sum(tender.amount for tender in sale.tenders if tender.settled_tax is not None)


def taken_back(line: CompletedLine | CreditedLine, *, returned_before: int, returned_now: int) -> dict[StaffId, int]:
    """What a return of part of a line takes from those whom the line was credited to, in the line's own shares.

    Once all of the line is returned, nobody has anything left of it.
    """
    parts = credit_returned(
        line.amount, _shares(line), returned_before=returned_before, returned_now=returned_now
    ).items()
    return {StaffId(staff_id): part for staff_id, part in parts}


def sales_in(kind: TransactionKind) -> int:
    """How many sales a transaction counts as: a return takes money back but is no sale, nor is paying what is owed."""
    return 0 if kind in _NOTHING_SOLD else 1


def check_period(from_day: str, to_day: str) -> None:
    """Refuse a report's period that is none or too long.

    Rejections:
        Malformed: a day is not in the calendar, the last is before the first, or there are more than 366.
    """
    first, last = _day(from_day, "from_day"), _day(to_day, "to_day")
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS_IN_A_REPORT):
        raise Malformed(
            field="$.to_day", rule=f"a period ends after it begins and has at most {MOST_DAYS_IN_A_REPORT} days"
        )


def by_period(days: Iterable[DaySales], per: Per) -> tuple[StaffSalesRow, ...]:
    """Days added up to periods, in order of period and then of staff id."""
    sums: defaultdict[tuple[str, StaffId | None], list[int]] = defaultdict(lambda: [0, 0])
    for day in days:
        both = sums[_period(day.business_day, per), day.staff_id]
        both[0] += day.sales
        both[1] += day.amount
    in_order = sorted(sums.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    return tuple(StaffSalesRow(period, staff_id, *both) for (period, staff_id), both in in_order)


def _period(day: str, per: Per) -> str:
    if per == "week":
        year, week, _ = date.fromisoformat(day).isocalendar()
        return f"{year:04}-W{week:02}"
    return {"day": day, "month": day[:7], "whole": "whole"}[per]


def _shares(line: CompletedLine | CreditedLine) -> dict[str, int]:
    return {share.staff_id: share.basis_points for share in line.attribution}


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed(field=f"$.{field}", rule="a day is in the calendar") from error
