"""``customers erase``: somebody is forgotten everywhere, and the shop can show it."""

import asyncio
import sys
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from contracts.customers.privacy.erasing import (
    EraseCustomer,
    Erasure,
    ErasureReason,
    GetErasure,
    GetErasureCertificate,
    ListErasures,
)
from services.hub.commands.customers.finding import meant
from services.hub.persons import ANYBODY, Acting, Who, acting
from services.hub.terminal import AsJson, CommandRefused, fitting, print_plain
from services.runtime.ids import RandomIds

LOOKS: Final = 40
LOOK_S: Final = 0.25
UNFINISHED: Final = 1


async def erase_customers(  # noqa: PLR0913 - the arguments of one command
    customer: Annotated[
        str | None, Parameter(help="A customer id or code; left out, the erasures so far are listed.")
    ] = None,
    /,
    *,
    reason: Annotated[ErasureReason, Parameter(help="Why.")] = "asked_for",
    give_up_balances: Annotated[bool, Parameter(negative="", help="What they still have or owe is given up.")] = False,
    certificate: Annotated[str | None, Parameter(help="Print the certificate of this erasure id instead.")] = None,
    language: Annotated[str, Parameter(help="Of the certificate: en, de, nl or fi.")] = "en",
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
            sys.stderr.write(f"Erase {customer_id} for good? Type yes: ")
            sys.stderr.flush()
            if sys.stdin.readline().strip() != "yes":
                raise CommandRefused("nobody was erased")
        fields = {"erasure_id": RandomIds().new(), "customer_id": customer_id, "reason": reason}
        command = fitting({**fields, "give_up_balances": give_up_balances}, EraseCustomer)
        erasure = await _until_acknowledged(person, await person.ask(command))
    _tell(erasure, as_json=as_json)
    return 0 if erasure.finished_at else UNFINISHED


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
    waiting = [each.service for each in erasure.services if each.acknowledged_at is None]
    state = f"waits for {', '.join(waiting)}" if waiting else f"finished {erasure.finished_at}"
    overdue = ", OVERDUE" if erasure.overdue else ""
    print_plain(f"{erasure.erasure_id}  {erasure.customer_id}  {erasure.erased_at}  {state}{overdue}")
