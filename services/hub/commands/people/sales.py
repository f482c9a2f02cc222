"""``staff report``: sales by attributed staff or by cashier."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from contracts.staff.credit import GetStaffSales
from services.hub.persons import ANYBODY, Who, acting, called, names
from services.hub.report_files import TO_TERMINAL, Column, Outputs, Report, hand_out
from services.hub.shop import FromDay, ToDay, amount_column, period
from services.hub.terminal import fitting

REPORT_PATIENCE_S = 30.0


def title(credit: Literal["attributed", "cashier"]) -> str:
    """What the amounts of a report are: what a single-purpose voucher paid is in the one and not in the other."""
    return "Turnover by cashier" if credit == "cashier" else "Line items sold, by attributed staff"


async def report_staff(  # noqa: PLR0913 - the arguments of one command
    *,
    from_day: FromDay = None,
    to_day: ToDay = None,
    credit: Annotated[
        Literal["attributed", "cashier"],
        Parameter(help="Lines by who was given the credit, however they were paid; turnover by who was signed on."),
    ] = "attributed",
    per: Annotated[Literal["day", "week", "month", "whole"], Parameter(help="How long a period is.")] = "day",
    by_person: Annotated[
        bool, Parameter(negative="", help="Tell persons apart; it needs staff.report_person.")
    ] = False,
    of: Annotated[str | None, Parameter(name="--of", help="One person alone, by staff id; needs the same.")] = None,
    outputs: Outputs = TO_TERMINAL,
    who: Who = ANYBODY,
) -> None:
    """Show sales by staff per period, returns taken off; of the last 28 days if nothing is said."""
    outputs.check()
    amount = amount_column()
    first, last = period(from_day, to_day)
    fields: dict[str, Any] = {"from_day": first, "to_day": last, "credit": credit, "per": per, "staff_id": of}
    query = fitting({**fields, "by_person": by_person}, GetStaffSales)
    async with acting(who) as person:
        sales = await person.ask(query, patience_s=REPORT_PATIENCE_S)
        named = await names(person.client)
    told_apart = by_person or of is not None
    persons = (Column("staff"), Column("staff_id", only="files")) if told_apart else ()
    report = Report(
        f"{title(credit)}, {first} to {last}",
        (Column("period"), *persons, Column("sales", 0), amount),
        [
            (
                row.period,
                *((called(row.staff_id, named), row.staff_id or "") if told_apart else ()),
                row.sales,
                row.amount,
            )
            for row in sales.rows
        ],
    )
    hand_out(report, sales, outputs)
