"""``customers erase``: somebody is forgotten everywhere, and the shop can show it."""

import asyncio
import sys
from typing import Annotated, Final, Literal

import msgspec
from cyclopts import Parameter

from contracts.customers import Customer
from contracts.customers.asking import GetCustomer
from contracts.customers.privacy.erasing import (
    EraseCustomer,
    Erasure,
    ErasureReason,
    GetErasure,
    GetErasureCertificate,
    ListErasures,
)
from contracts.customers.profile import Balances
from contracts.ids import CurrencyCode
from services.hub.commands.customers.finding import meant
from services.hub.commands.customers.money import store_currency
from services.hub.persons import ANYBODY, Acting, Who, acting
from services.hub.report_files import amount_text, places_of
from services.hub.terminal import AsJson, CommandRefused, fitting, plain, print_plain
from services.runtime.ids import RandomIds

LOOKS: Final = 40
LOOK_S: Final = 0.25
UNFINISHED: Final = 1
_WAITS_FOR: Final = {
    "sales": "until checkout's sales of before are heard",
    "rebuild": "rebuilds its database, so that no byte is left",
    "night": "its database is large: rebuilt between 1 and 5 at night, at the next start, or after half of the time",
}


async def erase_customers(  # noqa: PLR0913 - the arguments of one command
    customer: Annotated[
        str | None, Parameter(help="A customer id or code; left out, the erasures so far are listed.")
    ] = None,
    /,
    *,
    reason: Annotated[ErasureReason, Parameter(help="Why.")] = "asked_for",
    give_up_balances: Annotated[bool, Parameter(negative="", help="What they still have or owe is given up.")] = False,
    certificate: Annotated[str | None, Parameter(help="Print the certificate of this erasure id instead.")] = None,
    language: Annotated[Literal["en", "de", "nl", "fi"], Parameter(help="Of the certificate.")] = "en",
    yes: Annotated[bool, Parameter(negative="", help="Do not ask whether that is meant.")] = False,
    as_json: AsJson = False,
    who: Who = ANYBODY,
) -> int:
    """Forget a customer for good, in every service; exits with 1 while one has not acknowledged."""
    if customer is not None and certificate is not None:
        raise CommandRefused("--certificate takes an erasure id and no customer")
    if customer is not None and not yes and not sys.stdin.isatty():
        raise CommandRefused("an erased customer does not come back; say --yes if that is meant")
    async with acting(who) as person:
        if certificate is not None:
            query = fitting({"erasure_id": certificate, "language": language}, GetErasureCertificate)
            made = await person.ask(query)
            print_plain(msgspec.json.encode(made).decode() if as_json else f"{made.text}\n{made.seal}")
            return 0
        if customer is None:
            listed = await person.ask(ListErasures())
            for each in listed.erasures:
                _tell(each, as_json=as_json)
            return 0
        customer_id = await meant(person, customer)
        if not yes:
            whose = await person.ask(GetCustomer(customer_id))
            asked = question(whose, store_currency(who), give_up_balances=give_up_balances)
            # As a terminal shows a cell: nothing of a name is obeyed.
            sys.stderr.write(plain(asked).plain)
            sys.stderr.flush()
            if sys.stdin.readline().strip() != "yes":
                raise CommandRefused("nobody was erased")
        fields = {"erasure_id": RandomIds().new(), "customer_id": customer_id, "reason": reason}
        command = fitting({**fields, "give_up_balances": give_up_balances}, EraseCustomer)
        erasure = await _until_acknowledged(person, await person.ask(command))
    _tell(erasure, as_json=as_json)
    return 0 if erasure.finished_at else UNFINISHED


def question(whose: Customer, currency: CurrencyCode, *, give_up_balances: bool) -> str:
    """What is asked before somebody is erased: by name, with all that they have and owe."""
    name = f"{whose.first_name} {whose.last_name}".strip() or whose.company or "somebody without a name"
    known_by = ", ".join((*whose.codes, whose.customer_id))
    balances = whose.balances or Balances()
    places = places_of(currency)
    credit, owed = (
        f"{amount_text(each, places)} {currency}" for each in (balances.store_credit, balances.account_owed)
    )
    held = (
        (balances.store_credit, f"{credit} store credit"),
        (balances.loyalty_points, f"{balances.loyalty_points} points"),
        (balances.account_owed, f"{owed} owed on account"),
    )
    there = [said for amount, said in held if amount]
    kept = f"There is {', '.join(there)}" if there else "Nothing is had or owed"
    fate = ", which is given up" if there and give_up_balances else ""
    return f"{kept}{fate}. An erased customer does not come back.\nErase {name} ({known_by}) for good? Type yes: "


async def _until_acknowledged(person: Acting, erasure: Erasure) -> Erasure:
    """Look again for a while; services that are away acknowledge when they are back."""
    for _ in range(LOOKS):
        if erasure.finished_at:
            break
        await asyncio.sleep(LOOK_S)
        erasure = await person.ask(GetErasure(erasure.erasure_id))
    return erasure


def _tell(erasure: Erasure, *, as_json: bool) -> None:
    if as_json:
        print_plain(msgspec.json.encode(erasure).decode())
        return
    print_plain(told(erasure))


def told(erasure: Erasure) -> str:
    """An erasure in one line: how far it is, and what each service that is not through waits for."""
    waiting = [
        f"{each.service} ({_WAITS_FOR.get(each.waits_for or '', 'has not heard of it')})"
        for each in erasure.services
        if each.acknowledged_at is None
    ]
    state = f"waits for {', '.join(waiting)}" if waiting else f"finished {erasure.finished_at}"
    overdue = ", OVERDUE" if erasure.overdue else ""
    return f"{erasure.erasure_id}  {erasure.customer_id}  {erasure.erased_at}  {state}{overdue}"
