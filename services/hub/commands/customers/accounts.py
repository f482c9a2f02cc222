"""``customers account``: on which terms a customer may owe, shown or agreed on."""

from typing import Annotated, Final

from cyclopts import Parameter

from contracts.customers.ledgers import BalancesRead, GetBalances
from contracts.customers.ledgers.accounts import SetAccountTerms
from services.customers.exchange.cells import CellRefused, minor_units
from services.customers.exchange.own_columns import NO_LIMIT
from services.hub.commands.customers.finding import CustomerKey, meant
from services.hub.commands.customers.money import store_currency
from services.hub.persons import ANYBODY, Who, acting
from services.hub.report_files import amount_text, places_of
from services.hub.terminal import CommandRefused, fitting, print_plain

GRACE_DAYS: Final = 30
"""Where nobody says how many days and there are no terms yet, as ``set-account-terms`` has it."""


async def account_customers(
    customer: CustomerKey,
    /,
    *,
    limit: Annotated[
        str | None, Parameter(help=f"How much they may owe, such as 500.00; 0 is nothing, {NO_LIMIT} any amount.")
    ] = None,
    grace: Annotated[int | None, Parameter(help="In how many days what they buy is to be paid.")] = None,
    who: Who = ANYBODY,
) -> None:
    """Show on which terms a customer may owe, or change them; what is left out of the two stays as it is."""
    currency = store_currency(who)
    places = places_of(currency)
    wanted = None if limit is None else _limit(limit, places)
    async with acting(who) as person:
        customer_id = await meant(person, customer)
        found = await person.ask(GetBalances(customer_id))
        if limit is None and grace is None:
            owed = amount_text(found.balances.account_owed, places)
            print_plain(f"{_terms(found, places)}, owes {owed} {currency}")
            return
        none_yet = found.account_grace_days is None
        if limit is None and none_yet:
            raise CommandRefused("there are no terms yet: say --limit, too")
        days = GRACE_DAYS if none_yet else found.account_grace_days
        fields = {
            "customer_id": found.customer_id,
            "expected_revision": found.account_revision,
            "credit_limit": found.balances.account_limit if limit is None else wanted,
            "grace_days": days if grace is None else grace,
        }
        await person.ask(fitting(fields, SetAccountTerms))
        print_plain(_terms(await person.ask(GetBalances(customer_id)), places))


def _limit(text: str, places: int) -> int | None:
    if text.strip().casefold() == NO_LIMIT:
        return None
    try:
        return minor_units(text, places, "--limit")
    except CellRefused as refused:
        raise CommandRefused(f"--limit: {refused.rule}, or {NO_LIMIT}") from None


def _terms(found: BalancesRead, places: int) -> str:
    if found.account_grace_days is None:
        return "nothing is sold on account"
    limit = found.balances.account_limit
    shown = NO_LIMIT if limit is None else amount_text(limit, places)
    return f"limit {shown}, {found.account_grace_days} days to pay"
