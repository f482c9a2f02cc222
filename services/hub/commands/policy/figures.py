"""What other settings would have done, and what those in force did: counts and exceptions."""

from typing import Annotated, Final, get_args

from cyclopts import Parameter

from contracts.ids import StaffId
from contracts.policy import (
    ExceptionKind,
    GetPolicyReport,
    ListExceptions,
    PolicyException,
    PolicyExceptions,
    PolicyReport,
    PolicyReportRow,
    ReportBy,
    SkipReason,
    WhatIf,
    WhatIfReport,
)
from services.hub.commands.policy.in_force import SettingsFile, read_settings, tell_warnings
from services.hub.persons import ANYBODY, Acting, Who, acting, names
from services.hub.report_files import TO_TERMINAL, Column, Outputs, Report, hand_out
from services.hub.terminal import fitting, print_plain

PATIENCE_S: Final = 30.0
A_PAGE: Final = 200
FADED: Final = "(faded)"
"""Stands for a staff or sale id that was let go when its days were over."""
FromDay = Annotated[str, Parameter(name="--from", help="The first business day, such as 2026-03-01.")]
ToDay = Annotated[str, Parameter(name="--to", help="The last business day.")]
OfRegister = Annotated[str | None, Parameter(help="One register alone.")]


async def what_if_policy(
    file: SettingsFile,
    /,
    *,
    days: Annotated[int, Parameter(help="How many days back.")] = 28,
    outputs: Outputs = TO_TERMINAL,
    who: Who = ANYBODY,
) -> None:
    """Try settings on the decisions of the last days, by register and hour; nothing is changed."""
    outputs.check()
    settings = read_settings(file, who)
    query = fitting({"settings": settings, "days": days}, WhatIf)
    async with acting(who) as person:
        found = await person.ask(query, patience_s=PATIENCE_S)
    if hand_out(_what_if(found), found, outputs):
        print_plain(
            f"{found.decisions} decisions of {found.days} days: {found.prompted} would have been prompted "
            f"({found.was_prompted} were), {found.blocked} blocked ({found.was_blocked} were)"
        )
        tell_warnings(found.warnings)


async def report_policy(  # noqa: PLR0913 - the arguments of one command
    *,
    from_day: FromDay,
    to_day: ToDay,
    by: Annotated[ReportBy, Parameter(help="What is told apart; staff needs staff.report_person.")] = "rule",
    register: OfRegister = None,
    outputs: Outputs = TO_TERMINAL,
    who: Who = ANYBODY,
) -> None:
    """Count prompts, skips, blocks and waivers between two business days, both included."""
    outputs.check()
    query = fitting({"from_day": from_day, "to_day": to_day, "by": by, "register": register}, GetPolicyReport)
    async with acting(who) as person:
        found = await person.ask(query, patience_s=PATIENCE_S)
        named = await names(person.client) if by == "staff" else {}
    hand_out(_counts(found, named, f"Policy by {by}, {from_day} to {to_day}"), found, outputs)


async def exceptions_policy(  # noqa: PLR0913 - the arguments of one command
    *,
    from_day: FromDay,
    to_day: ToDay,
    register: OfRegister = None,
    kind: Annotated[ExceptionKind | None, Parameter(help="One kind alone.")] = None,
    outputs: Outputs = TO_TERMINAL,
    who: Who = ANYBODY,
) -> None:
    """List waivers, sales without policy, flagged and offline sales, newest first."""
    outputs.check()
    fields = {"from_day": from_day, "to_day": to_day, "register": register, "kind": kind, "limit": A_PAGE}
    query = fitting(fields, ListExceptions)
    async with acting(who) as person:
        found = await _every_page(person, query)
        named = await names(person.client)
    hand_out(_exceptions(found, named, f"Exceptions, {from_day} to {to_day}"), found, outputs)


async def _every_page(person: Acting, query: ListExceptions) -> PolicyExceptions:
    page = await person.ask(query, patience_s=PATIENCE_S)
    exceptions: list[PolicyException] = list(page.exceptions)
    while page.next is not None:
        following = ListExceptions(
            query.from_day, query.to_day, query.register, query.kind, limit=query.limit, next=page.next
        )
        page = await person.ask(following, patience_s=PATIENCE_S)
        exceptions += page.exceptions
    return PolicyExceptions(tuple(exceptions))


def _what_if(found: WhatIfReport) -> Report:
    counted = ("decisions", "prompted", "was_prompted", "blocked", "was_blocked")
    return Report(
        f"What if: the last {found.days} days",
        (
            Column("register"),
            Column("hour", 0),
            *(Column(name, 0) for name in counted),
            Column("example sale", only="screen"),
            Column("example_sale_ids", only="files"),
        ),
        [
            (
                cell.register,
                cell.hour,
                *(getattr(cell, name) for name in counted),
                cell.examples[0] if cell.examples else "",
                " ".join(cell.examples),
            )
            for cell in found.cells
        ],
    )


def _counts(found: PolicyReport, named: dict[StaffId, str], title: str) -> Report:
    reasons = get_args(SkipReason)
    by_staff = found.by == "staff"
    keys = (Column("staff"), Column("staff_id", only="files")) if by_staff else (Column(found.by),)
    return Report(
        title,
        (
            *keys,
            Column("prompts", 0),
            Column("skips", 0),
            Column("why skipped", only="screen"),
            *(Column(f"skipped_{reason}", 0, only="files") for reason in reasons),
            Column("blocks", 0),
            Column("waivers", 0),
            Column("unavailable", 0),
        ),
        [
            (
                *((_who(StaffId(row.key), named), row.key) if by_staff else (row.key,)),
                row.prompts,
                row.skips,
                ", ".join(f"{each.reason} {each.count}" for each in row.skip_reasons),
                *(_skipped(row, reason) for reason in reasons),
                row.blocks,
                row.waivers,
                row.unavailable,
            )
            for row in found.rows
        ],
    )


def _skipped(row: PolicyReportRow, reason: SkipReason) -> int:
    return sum(each.count for each in row.skip_reasons if each.reason == reason)


def _exceptions(found: PolicyExceptions, named: dict[StaffId, str], title: str) -> Report:
    return Report(
        title,
        (
            Column("at"),
            Column("kind"),
            Column("business_day", only="files"),
            Column("register", only="files"),
            Column("receipt_number", only="files"),
            Column("sale_id", only="files"),
            Column("receipt or sale", only="screen"),
            Column("cashier"),
            Column("cashier_id", only="files"),
            Column("approved by"),
            Column("approved_by_id", only="files"),
            Column("rules"),
            Column("rechecked"),
        ),
        [
            (
                each.at,
                each.kind,
                each.business_day,
                each.register,
                each.receipt_number,
                each.sale_id,
                each.receipt_number or f"{each.register} {each.sale_id or FADED}",
                _who(each.staff_id, named),
                each.staff_id,
                "" if each.approved_by is None else _who(each.approved_by, named),
                each.approved_by,
                " ".join(each.fields),
                each.rechecked or "",
            )
            for each in found.exceptions
        ],
    )


def _who(staff_id: StaffId | None, named: dict[StaffId, str]) -> str:
    return named.get(staff_id) or staff_id if staff_id else FADED
