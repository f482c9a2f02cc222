"""``customers find`` and ``show``: who is on file, and all that is known of one."""

from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table

from contracts.customers.asking import (
    CustomerHit,
    CustomerHits,
    GetCustomer,
    GetCustomerHistory,
    HistoryEntry,
    SearchCustomers,
)
from contracts.customers.consent import GetConsents
from contracts.ids import CustomerId
from services.hub.persons import ANYBODY, Acting, Who, acting
from services.hub.terminal import AsJson, CommandRefused, console, fitting, plain, print_plain
from services.runtime.ids import is_uuid

CustomerKey = Annotated[str, Parameter(help="A customer id, or a code as it stands on a card.")]
ENTRIES: Final = 100
"""So many entries of a history are asked for at once."""
WIDE: Final = 4000
"""Signs in a line of a file or pipe, more than a customer's names and contacts have, so that nothing is cut."""
COLUMNS: Final = ("name", "company", "email", "phone", "code", "matched", "customer id")


async def find_customers(
    *text: Annotated[
        str, Parameter(help="The beginning of names, an email, a phone, a code, postcode and house number.")
    ],
    limit: Annotated[int, Parameter(help="At most so many, 1 to 20.")] = 20,
    as_json: AsJson = False,
    who: Who = ANYBODY,
) -> None:
    """Find customers as a till does; whoever may not see details sees them covered."""
    looked_for = " ".join(text)
    if not looked_for.strip():
        raise CommandRefused("say whom to look for: the beginning of a name, an email, a phone, a code")
    query = fitting({"text": looked_for, "limit": limit}, SearchCustomers)
    async with acting(who) as person:
        found = await person.ask(query)
    if as_json:
        print_plain(msgspec.json.encode(found).decode())
        return
    if not found.hits:
        short = "; one letter is looked for as a code alone, names from two on" if len(looked_for.strip()) == 1 else ""
        print_plain(f"nobody is found{short}")
        return
    show_hits(console(), found)


async def show_customers(
    customer: CustomerKey,
    /,
    *,
    history: Annotated[bool, Parameter(negative="", help="What befell them, too, newest first.")] = False,
    who: Who = ANYBODY,
) -> None:
    """Print one customer's profile as JSON, with what they said about being written to."""
    async with acting(who) as person:
        customer_id = await meant(person, customer)
        shown = msgspec.to_builtins(await person.ask(GetCustomer(customer_id)))
        shown["consents"] = msgspec.to_builtins((await person.ask(GetConsents(customer_id))).consents)
        if history:
            shown["history"] = msgspec.to_builtins(await _history(person, customer_id))
    print_plain(msgspec.json.format(msgspec.json.encode(shown)).decode())


async def meant(person: Acting, customer: str) -> CustomerId:
    """The customer whom an id or a code names; nobody is found by name.

    Raises:
        CommandRefused: nobody has that code, or it is blocked, or two have it but for its case.
    """
    if is_uuid(customer):
        return CustomerId(customer)
    found = await person.ask(fitting({"text": customer}, SearchCustomers))
    holders = [hit.customer.customer_id for hit in found.hits if hit.matched == "code"]
    blocked = [hit.customer.customer_id for hit in found.hits if hit.matched == "blocked_code"]
    if len(holders) == 1 and not blocked:
        return holders[0]
    if holders or blocked:
        what = "a code of several customers" if len(holders) + len(blocked) > 1 else "a blocked code"
        raise CommandRefused(
            f"{customer[:80]!r} is {what}; name the customer by the id: {', '.join(holders + blocked)}"
        )
    raise CommandRefused(
        f"{customer[:80]!r} is neither a customer id nor somebody's code; './tillwire customers find' tells ids"
    )


async def _history(person: Acting, customer_id: CustomerId) -> list[HistoryEntry]:
    """All that befell a customer, newest first, however many pages it takes."""
    entries: list[HistoryEntry] = []
    following: str | None = None
    while True:
        page = await person.ask(GetCustomerHistory(customer_id, limit=ENTRIES, next=following))
        entries += page.entries
        following = page.next
        if following is None:
            return entries


def show_hits(out: Console, found: CustomerHits) -> None:
    """Show who was found: a table, or some lines each where the terminal is too narrow for one; no id is cut."""
    if not out.is_terminal:
        out.width = WIDE
    table = Table(*COLUMNS)
    for hit in found.hits:
        table.add_row(*map(plain, _told(hit)))
    if Measurement.get(out, out.options.update(width=WIDE), table).maximum <= out.width:
        out.print(table)
        return
    for hit in found.hits:
        name, company, email, phone, code, matched, customer_id = _told(hit)
        out.print(plain(", ".join(filter(None, (name, company))) or "(no name)"))
        more = (email, phone, code and f"code {code}", f"matched {matched}")
        out.print(Padding(plain(", ".join(filter(None, more))), (0, 0, 0, 4)))
        out.print(Padding(plain(customer_id), (0, 0, 0, 4)))


def _told(hit: CustomerHit) -> tuple[str, ...]:
    """What is told of somebody, in the order of ``COLUMNS``."""
    each = hit.customer
    first = (next(iter(texts), "") for texts in (each.emails, each.phones, each.codes))
    return (f"{each.first_name} {each.last_name}".strip(), each.company, *first, hit.matched, each.customer_id)
