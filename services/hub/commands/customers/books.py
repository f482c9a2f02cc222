"""``customers audit`` and ``statement``: whether all balances add up, and what one customer owes."""

from collections.abc import Sequence
from typing import Annotated, Final

from cyclopts import Parameter

from contracts.customers.asking import GetCustomer
from contracts.customers.ledgers.accounts import AccountStatement, GetAccountStatement
from contracts.customers.ledgers.watching import AuditLedgers, LedgerDifference, LedgersAudited
from contracts.ids import CurrencyCode
from services.hub.commands.customers.finding import CustomerKey, meant
from services.hub.commands.customers.money import store_currency
from services.hub.persons import ANYBODY, Who, acting
from services.hub.report_files import TO_TERMINAL, Cell, Column, Outputs, Report, amount_text, hand_out, places_of
from services.hub.terminal import fitting, print_plain

AUDIT_PATIENCE_S: Final = 120.0
FOUND: Final = 1
COUNTED: Final = frozenset({"entries", "capture"})
"""What an audit counts; all else of a ledger that holds money is an amount."""


async def audit_customers(*, outputs: Outputs = TO_TERMINAL, who: Who = ANYBODY) -> int:
    """Recompute every balance from its entries; exits with 1 where anything differs."""
    outputs.check()
    currency = store_currency(who)
    async with acting(who) as person:
        audited = await person.ask(AuditLedgers(), patience_s=AUDIT_PATIENCE_S)
    if not audited.differences and outputs == TO_TERMINAL:
        print_plain(f"{audited.entries} entries of {audited.holders} balances add up: {sums(audited, currency)}")
        return 0
    if hand_out(differing(audited.differences, currency), audited, outputs):
        print_plain(
            f"{len(audited.differences)} differences in {audited.entries} entries of {audited.holders} balances: "
            f"{sums(audited, currency)}"
        )
    return FOUND if audited.differences else 0


async def statement_customers(
    customer: CustomerKey,
    /,
    *,
    from_day: Annotated[str, Parameter(name="--from", help="The first business day, such as 2026-03-01.")],
    to_day: Annotated[str, Parameter(name="--to", help="The last business day.")],
    outputs: Outputs = TO_TERMINAL,
    who: Who = ANYBODY,
) -> None:
    """Show a customer's account: what was owed before, each entry, and what of it is still open."""
    outputs.check()
    currency = store_currency(who)
    places = places_of(currency)
    fitting(
        {"customer_id": "0190a000-0000-7000-8000-000000000000", "from_day": from_day, "to_day": to_day},
        GetAccountStatement,
    )
    async with acting(who) as person:
        customer_id = await meant(person, customer)
        found = await person.ask(GetAccountStatement(customer_id, from_day, to_day))
        whose = await person.ask(GetCustomer(found.customer_id))
    name = f"{whose.first_name} {whose.last_name}".strip() or whose.company
    title = f"Account of {name}, {found.from_day} to {found.to_day}, {currency}"
    if hand_out(_report(title, found, places), found, outputs):
        for item in found.open_items:
            late = ", overdue" if item.overdue else ""
            left, whole = (amount_text(amount, places) for amount in (item.left, item.amount))
            print_plain(f"open: {left} of {whole} from {item.day}{late}")
        if found.more:
            print_plain("there are more entries than one statement holds; ask for a shorter time")


def _report(title: str, found: AccountStatement, places: int) -> Report:
    before = (found.from_day, "owed before", None, found.owed_before, None, None)
    after = (found.to_day, "owed after", None, found.owed_after, None, None)
    return Report(
        title,
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


def differing(found: Sequence[LedgerDifference], currency: CurrencyCode) -> Report:
    """What differs: money as amounts; points, entries and bookings are counted."""
    places = places_of(currency)
    rows: list[tuple[Cell, ...]] = []
    for each in found:
        both = (each.kept, each.computed)
        amounts = each.ledger != "loyalty" and each.what not in COUNTED
        cells = (None, None, *both) if amounts else (*both, None, None)
        rows.append((each.ledger, each.holder_id, each.what, *cells))
    counted = (Column("kept", 0), Column("computed", 0))
    money = (Column(f"kept_{currency}", places), Column(f"computed_{currency}", places))
    return Report("What differs", (Column("ledger"), Column("holder_id"), Column("what"), *counted, *money), rows)


def sums(audited: LedgersAudited, currency: CurrencyCode) -> str:
    """What all balances come to."""
    places = places_of(currency)
    credit, owed, vouchers = (
        f"{amount_text(amount, places)} {currency}" for amount in (audited.store_credit, audited.owed, audited.vouchers)
    )
    return f"{credit} store credit, {owed} owed, {vouchers} on vouchers, {audited.points} points"
