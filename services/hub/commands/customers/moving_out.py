"""``customers export``: all customers as a file that can be read again, one person's own copy, or a marketing list."""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from cyclopts import Parameter

from contracts.customers import Customer, GroupId
from contracts.customers.consent import MarketingAddresses, MarketingList, Permitted
from contracts.customers.groups import ListGroups
from contracts.customers.importing import ListCustomers
from contracts.customers.ledgers.accounts import AccountTerms
from contracts.customers.privacy.copying import ExportCustomer
from contracts.ids import CurrencyCode
from services.customers.exchange.own_columns import BALANCES, own_cells, own_columns
from services.hub import files
from services.hub.commands.customers.finding import meant
from services.hub.commands.customers.money import store_currency
from services.hub.commands.customers.purchases import bought, sales_of
from services.hub.persons import ANYBODY, Acting, Who, acting
from services.hub.report_files import (
    PRIVATE,
    TO_TERMINAL,
    Cell,
    Column,
    Outputs,
    Report,
    hand_out,
    places_of,
    write_out,
)
from services.hub.terminal import CommandRefused, fitting, print_plain

PATIENCE_S: Final = 60.0


async def export_customers(  # noqa: PLR0913 - the arguments of one command
    customer: Annotated[
        str | None,
        Parameter(help="A customer id or code: that person's own copy of all that is held about them, as JSON."),
    ] = None,
    /,
    *,
    page: Annotated[
        Path | None,
        Parameter(
            help="With a customer: write the copy to read, an HTML page, here; further parts of a long one beside it, "
            "as NAME-2.html."
        ),
    ] = None,
    language: Annotated[
        Literal["en", "de", "nl", "fi"] | None,
        Parameter(help="Of that page; the customer's own if left out, else the shop's."),
    ] = None,
    marketing: Annotated[
        str | None, Parameter(help="Only the addresses that may be written to: email, sms, phone or post.")
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
    currency = store_currency(who)
    async with acting(who) as person:
        if customer is not None:
            await _own_copy(person, customer, page, language)
        elif marketing is not None:
            await _marketing_list(person, marketing, outputs)
        else:
            await _everybody(person, currency, outputs)


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
    documents[0]["purchases"] = await bought(person.client, sales_of(documents))
    whole = documents[0] if len(documents) == 1 else documents
    print_plain(msgspec.json.format(msgspec.json.encode(whole)).decode())
    if page is not None:
        put_pages(page, pages)


def put_pages(page: Path, pages: Sequence[str]) -> None:
    """Write the parts of a copy, each a page of its own: the first where it is wanted, the others beside it.

    Raises:
        CommandRefused: one cannot be written.
    """
    targets = [page, *(page.with_stem(f"{page.stem}-{number}") for number in range(2, len(pages) + 1))]
    for target, text in zip(targets, pages, strict=True):
        _put(target, text)
    if len(targets) > 1:
        sys.stderr.write(f"tillwire: the copy has {len(targets)} pages, {targets[0]} to {targets[-1]}\n")


def _put(page: Path, text: str) -> None:
    try:
        files.write(page.resolve(), text.encode(), PRIVATE)
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
    hand_out(report, MarketingAddresses(tuple(found)), outputs, mode=PRIVATE)


class Waiting:
    """Customers on their way into files: kept on disk without a name, for a shop may have more than fit into memory."""

    def __init__(self) -> None:
        self._lines = tempfile.TemporaryFile()  # noqa: SIM115 - closed, and so gone, by ``close``
        self._terms = tempfile.TemporaryFile()  # noqa: SIM115 - of the customer in the same line there
        self.count = 0
        self.most_addresses = 1
        self.custom: set[str] = set()
        """The custom fields that anybody has."""

    def add(self, customers: Iterable[Customer], terms: Iterable[AccountTerms] = ()) -> None:
        """Some more, with the terms of those who may owe."""
        agreed = {each.customer_id: each for each in terms}
        for each in customers:
            self._lines.write(msgspec.json.encode(each) + b"\n")
            self._terms.write(msgspec.json.encode(agreed.get(each.customer_id)) + b"\n")
            self.count += 1
            self.most_addresses = max(self.most_addresses, len(each.addresses))
            self.custom.update(each.custom)

    def lines(self) -> Iterator[bytes]:
        """Each as JSON, in the order in which they came."""
        self._lines.seek(0)
        return (line.rstrip(b"\n") for line in self._lines)

    def customers(self) -> Iterator[Customer]:
        """Each of them, in that order."""
        return (msgspec.json.decode(line, type=Customer) for line in self.lines())

    def terms(self) -> Iterator[AccountTerms | None]:
        """On which terms each of them may owe, in that order, too."""
        self._terms.seek(0)
        return (msgspec.json.decode(line, type=AccountTerms | None) for line in self._terms)

    def close(self) -> None:
        """Let them go."""
        self._lines.close()
        self._terms.close()


async def _everybody(person: Acting, currency: CurrencyCode, outputs: Outputs) -> None:
    names = {each.group: each.name for each in (await person.ask(ListGroups())).groups}
    query = ListCustomers()
    with closing(Waiting()) as waiting:
        while True:
            page = await person.ask(query, patience_s=PATIENCE_S)
            waiting.add(page.customers, page.account_terms)
            if page.next is None:
                break
            query = msgspec.structs.replace(query, next=page.next)
        put_in_files(waiting, names, currency, outputs)


def put_in_files(waiting: Waiting, names: Mapping[GroupId, str], currency: CurrencyCode, outputs: Outputs) -> None:
    """Write customers with the shop's own columns, one after the other."""
    titles = own_columns(waiting.most_addresses, sorted(waiting.custom))

    def rows() -> Iterator[list[Cell]]:
        for each, terms in zip(waiting.customers(), waiting.terms(), strict=True):
            cells = own_cells(each, names, currency, terms)
            yield [cells.get(title, "") for title in titles]

    places = places_of(currency)
    for file in write_out([_column(title, places) for title in titles], rows, outputs):
        if not outputs.as_json:
            print_plain(f"{file}: {waiting.count} rows")
    if outputs.as_json:
        _print_json(waiting)


def _print_json(waiting: Waiting) -> None:
    """As one page of customers with nobody after it."""
    sys.stdout.write('{"customers":[')
    for number, line in enumerate(waiting.lines()):
        sys.stdout.write(("," if number else "") + line.decode())
    sys.stdout.write('],"next":null,"account_terms":[')
    for number, terms in enumerate(each for each in waiting.terms() if each is not None):
        sys.stdout.write(("," if number else "") + msgspec.json.encode(terms).decode())
    sys.stdout.write("]}\n")
    sys.stdout.flush()


def _column(title: str, places: int) -> Column:
    if title in BALANCES or title == "account_limit":
        return Column(title, places)
    return Column(title, 0 if title in {"loyalty_points", "account_grace_days"} else None)
