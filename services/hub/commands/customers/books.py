"""``customers audit`` and ``statement``: whether all balances add up, and what one customer owes."""

from typing import Annotated, Final

from cyclopts import Parameter

from contracts.customers.ledgers import AccountStatement, AuditLedgers, GetAccountStatement
from services.hub.commands.customers.finding import CustomerKey, meant
from services.hub.persons import ANYBODY, Who, acting
from services.hub.report_files import TO_TERMINAL, Column, Outputs, Report, hand_out, places_of
from services.hub.terminal import fitting, print_plain

AUDIT_PATIENCE_S: Final = 120.0
FOUND: Final = 1


async def audit_customers(*, outputs: Outputs = TO_TERMINAL, who: Who = ANYBODY) -> int:
    """Recompute every balance from its entries; exits with 1 where anything differs."""
    outputs.check()
    async with acting(who) as person:
        audited = await person.ask(AuditLedgers(), patience_s=AUDIT_PATIENCE_S)
    report = Report(
        "What differs",
        (Column("ledger"), Column("holder_id"), Column("what"), Column("kept", 0), Column("computed", 0)),
        [(each.ledger, each.holder_id, each.what, each.kept, each.computed) for each in audited.differences],
    )
    if not audited.differences and outputs == TO_TERMINAL:
        print_plain(f"{audited.entries} entries of {audited.holders} balances add up")
        return 0
    if hand_out(report, audited, outputs):
        print_plain(
            f"{len(audited.differences)} differences in {audited.entries} entries of {audited.holders} balances"
        )
    return FOUND if audited.differences else 0


async def statement_customers(  # noqa: PLR0913 - the arguments of one command
    customer: CustomerKey,
    /,
    *,
    from_day: Annotated[str, Parameter(name="--from", help="The first business day, such as 2026-03-01.")],
    to_day: Annotated[str, Parameter(name="--to", help="The last business day.")],
    currency: Annotated[
        str | None, Parameter(help="The store's currency, such as EUR; amounts are in minor units (cents) if left out.")
    ] = None,
    outputs: Outputs = TO_TERMINAL,
    who: Who = ANYBODY,
) -> None:
    """Show a customer's account: what was owed before, each entry, and what of it is still open."""
    outputs.check()
    places = 0 if currency is None else places_of(currency)
    fitting(
        {"customer_id": "0190a000-0000-7000-8000-000000000000", "from_day": from_day, "to_day": to_day},
        GetAccountStatement,
    )
    async with acting(who) as person:
        customer_id = await meant(person, customer)
        found = await person.ask(GetAccountStatement(customer_id, from_day, to_day))
    if hand_out(_report(found, places), found, outputs):
        for item in found.open_items:
            late = ", overdue" if item.overdue else ""
            print_plain(f"open: {_amount(item.left, places)} of {_amount(item.amount, places)} from {item.day}{late}")
        if found.more:
            print_plain("there are more entries than one statement holds; ask for a shorter time")


def _report(found: AccountStatement, places: int) -> Report:
    before = (found.from_day, "owed before", None, found.owed_before, None, None)
    after = (found.to_day, "owed after", None, found.owed_after, None, None)
    return Report(
        f"Account, {found.from_day} to {found.to_day}",
        (
            Column("day"),
            Column("kind"),
            Column("amount", places),
            Column("owed", places),
            Column("due_on"),
            Column("sale_id", only="files"),
        ),
        [
            before,
            *((each.day, each.kind, each.amount, each.balance, each.due_on, each.sale_id) for each in found.entries),
            after,
        ],
    )


def _amount(amount: int, places: int) -> str:
    return f"{amount / 10**places:.{places}f}"
