"""What other settings would have done, and what those in force did: counts and exceptions."""

from typing import Annotated, Final, get_args

from cyclopts import Parameter

from contracts.ids import StaffId
from contracts.policy.checking import SkipReason
from contracts.policy.reporting import (
    ExceptionKind,
    GetPolicyReport,
    ListExceptions,
    PolicyException,
    PolicyExceptions,
    PolicyReport,
    PolicyReportRow,
    ReportBy,
    WhatIf,
    WhatIfReport,
)
from services.hub.commands.policy.in_force import SettingsFile, read_settings, tell_warnings
from services.hub.persons import ANYBODY, Acting, Who, acting, called, names
from services.hub.report_files import TO_TERMINAL, Column, Outputs, Report, hand_out
from services.hub.shop import FromDay, ToDay, period
from services.hub.terminal import fitting, print_plain

PATIENCE_S: Final = 30.0
A_PAGE: Final = 200
EXAMPLES: Final = 5
"""So many sales are named below the table; files and JSON have them all."""
FADED: Final = "(faded)"
"""Stands for a staff or sale id that was let go when its days were over."""
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
    draft = read_settings(file, who)
    query = fitting({"settings": draft.settings, "days": days}, WhatIf)
    async with acting(who) as person:
        found = await person.ask(query, patience_s=PATIENCE_S)
    if hand_out(_what_if(found), found, outputs):
        print_plain(
            f"{found.sales} sales of {found.days} days: {found.prompted} would have been prompted "
            f"({found.was_prompted} were), {found.blocked} blocked ({found.was_blocked} were)"
        )
        for cell in [each for each in found.cells if each.examples][:EXAMPLES]:
            print_plain(f"for example, {cell.register} at {cell.hour}: sale {cell.examples[0]}")
        tell_warnings(found.warnings)


async def report_policy(  # noqa: PLR0913 - the arguments of one command
    *,
    from_day: FromDay = None,
    to_day: ToDay = None,
    by: Annotated[ReportBy, Parameter(help="What is told apart; staff needs staff.report_person.")] = "rule",
    register: OfRegister = None,
    outputs: Outputs = TO_TERMINAL,
    who: Who = ANYBODY,
) -> None:
    """Count prompts, skips, blocks and waivers between two business days, both included, or of the last 28."""
    outputs.check()
    first, last = period(from_day, to_day)
    query = fitting({"from_day": first, "to_day": last, "by": by, "register": register}, GetPolicyReport)
    async with acting(who) as person:
        found = await person.ask(query, patience_s=PATIENCE_S)
        named = await names(person.client) if by == "staff" else {}
    hand_out(_counts(found, named, f"Policy by {by}, {first} to {last}"), found, outputs)


async def exceptions_policy(  # noqa: PLR0913 - the arguments of one command
    *,
    from_day: FromDay = None,
    to_day: ToDay = None,
    register: OfRegister = None,
    kind: Annotated[ExceptionKind | None, Parameter(help="One kind alone.")] = None,
    outputs: Outputs = TO_TERMINAL,
    who: Who = ANYBODY,
) -> None:
    """List waivers, sales without policy, flagged and offline ones, newest first; of 28 days if nothing is said."""
    outputs.check()
    first, last = period(from_day, to_day)
    fields = {"from_day": first, "to_day": last, "register": register, "kind": kind, "limit": A_PAGE}
    query = fitting(fields, ListExceptions)
    async with acting(who) as person:
        found = await _every_page(person, query)
        named = await names(person.client)
    hand_out(_exceptions(found, named, f"Exceptions, {first} to {last}"), found, outputs)


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
    return Report(
        f"What if: the last {found.days} days",
        (
            Column("register"),
            Column("hour", 0),
            Column("sales", 0),
            Column("prompted", 0),
            *_as_it_was("was_prompted"),
            Column("blocked", 0),
            *_as_it_was("was_blocked"),
            Column("example_sale_ids", only="files"),
        ),
        [
            (
                cell.register,
                cell.hour,
                cell.sales,
                cell.prompted,
                *(cell.was_prompted, cell.was_prompted),
                cell.blocked,
                *(cell.was_blocked, cell.was_blocked),
                " ".join(cell.examples),
            )
            for cell in found.cells
        ],
    )


def _as_it_was(name: str) -> tuple[Column, Column]:
    """The count of what did happen; on the terminal it stands beside the draft's and has room for a short name."""
    return Column("were", 0, only="screen"), Column(name, 0, only="files")


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
                *((called(StaffId(row.key), named) or FADED, row.key) if by_staff else (row.key,)),
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
                called(each.staff_id, named) or FADED,
                each.staff_id,
                called(each.approved_by, named),
                each.approved_by,
                " ".join(each.fields),
                each.rechecked or "",
            )
            for each in found.exceptions
        ],
    )
