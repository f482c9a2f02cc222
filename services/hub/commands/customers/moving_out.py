"""``customers export``: all customers as a file that can be read again, one person's own copy, or a marketing list."""

import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from contracts.customers import Customer, ListGroups
from contracts.customers.consent import MarketingAddresses, MarketingList, Permitted
from contracts.customers.importing import CustomerPage, ListCustomers
from contracts.customers.privacy import ExportCustomer
from services.customers.exchange.own_columns import BALANCES, own_cells, own_columns
from services.hub import files
from services.hub.commands.customers.finding import meant
from services.hub.persons import ANYBODY, Acting, Who, acting
from services.hub.report_files import TO_TERMINAL, Column, Outputs, Report, hand_out, places_of
from services.hub.terminal import CommandRefused, fitting, print_plain

PATIENCE_S: Final = 60.0
_PAGE_MODE: Final = 0o600
"""All that is known of a person is for nobody else on the machine."""


async def export_customers(  # noqa: PLR0913 - the arguments of one command
    customer: Annotated[
        str | None,
        Parameter(help="A customer id or code: that person's own copy of all that is held about them, as JSON."),
    ] = None,
    /,
    *,
    page: Annotated[Path | None, Parameter(help="With a customer: write the copy to read, an HTML page, here.")] = None,
    language: Annotated[str | None, Parameter(help="Of that page; the customer's own if left out.")] = None,
    marketing: Annotated[
        str | None, Parameter(help="Only the addresses that may be written to: email, sms, phone or post.")
    ] = None,
    currency: Annotated[
        str | None, Parameter(help="The store's currency, such as EUR; balances are left out if it is.")
    ] = None,
    outputs: Outputs = TO_TERMINAL,
    who: Who = ANYBODY,
) -> None:
    """Write all customers to --csv or --xlsx, as 'customers import' reads them again; it is noted who did."""
    outputs.check()
    if customer is not None and (marketing or outputs != TO_TERMINAL):
        raise CommandRefused("a customer's own copy is JSON on standard output, and --page; nothing else goes with it")
    if customer is None and page is not None:
        raise CommandRefused("--page is for the copy of one customer; name them")
    if customer is None and marketing is None and outputs == TO_TERMINAL:
        raise CommandRefused("name a file with --csv or --xlsx; --csv - is standard output")
    places = None if currency is None else places_of(currency)
    async with acting(who) as person:
        if customer is not None:
            await _own_copy(person, customer, page, language)
        elif marketing is not None:
            await _marketing_list(person, marketing, outputs)
        else:
            await _everybody(person, places, outputs)


async def _own_copy(person: Acting, customer: str, page: Path | None, language: str | None) -> None:
    query = fitting({"customer_id": await meant(person, customer), "language": language}, ExportCustomer)
    documents = []
    copy = await person.ask(query, patience_s=PATIENCE_S)
    pages = [copy.page]
    documents.append(copy.document)
    while copy.next is not None:
        copy = await person.ask(msgspec.structs.replace(query, next=copy.next), patience_s=PATIENCE_S)
        documents.append(copy.document)
        pages.append(copy.page)
    whole = documents[0] if len(documents) == 1 else documents
    print_plain(msgspec.json.format(msgspec.json.encode(whole)).decode())
    if page is not None:
        _put(page, "\n".join(pages))


def _put(page: Path, text: str) -> None:
    try:
        files.write(page.resolve(), text.encode(), _PAGE_MODE)
    except OSError as error:
        raise CommandRefused(f"{page} cannot be written: {error.strerror}") from error


async def _marketing_list(person: Acting, channel: str, outputs: Outputs) -> None:
    query = fitting({"channel": channel}, MarketingList)
    found: list[Permitted] = []
    listed = await person.ask(query, patience_s=PATIENCE_S)
    found += listed.addresses
    while listed.next is not None:
        listed = await person.ask(msgspec.structs.replace(query, next=listed.next), patience_s=PATIENCE_S)
        found += listed.addresses
    columns = (
        "address",
        "first_name",
        "last_name",
        "company",
        "language",
        "customer_id",
        "consent_id",
        "withdraw_token",
    )
    report = Report(
        f"May be written to by {channel}",
        [Column(name, only="files" if name in ("consent_id", "withdraw_token") else None) for name in columns],
        [tuple(getattr(each, name) for name in columns) for each in found],
    )
    hand_out(report, MarketingAddresses(tuple(found)), outputs)


async def _everybody(person: Acting, places: int | None, outputs: Outputs) -> None:
    names = {each.group: each.name for each in (await person.ask(ListGroups())).groups}
    customers: list[Customer] = []
    query = ListCustomers()
    page = await person.ask(query, patience_s=PATIENCE_S)
    customers += page.customers
    while page.next is not None:
        page = await person.ask(msgspec.structs.replace(query, next=page.next), patience_s=PATIENCE_S)
        customers += page.customers
    if places is None and any(each.balances and _has_balance(each) for each in customers):
        sys.stderr.write("tillwire: balances are left out; name the currency with --currency to have them written\n")
    most = max((len(each.addresses) for each in customers), default=1)
    custom = sorted({field for each in customers for field in each.custom})
    left_out = () if places is not None else (*BALANCES, "loyalty_points")
    columns = [name for name in own_columns(most, custom) if name not in left_out]
    report = Report(
        "Customers",
        [_column(name, places) for name in columns],
        [[cells.get(name, "") for name in columns] for cells in (own_cells(each, names) for each in customers)],
    )
    hand_out(report, CustomerPage(tuple(customers)), outputs)


def _has_balance(customer: Customer) -> bool:
    balances = customer.balances
    return balances is not None and any((balances.store_credit, balances.account_owed, balances.loyalty_points))


def _column(name: str, places: int | None) -> Column:
    if name in BALANCES:
        return Column(name, places)
    return Column(name, 0 if name == "loyalty_points" else None)
