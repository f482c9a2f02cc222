"""``customers import``: a file of another system, or the shop's own, becomes customers; tried first.

The file is read here and sent by the batch; the customers service owns what becomes of each row, and knows one again
that it took over before. So an import that was cut off goes on when the same command is given again.
"""

import asyncio
import sys
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from cyclopts import Parameter
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from contracts.customers.fields import ListCustomFields, PutCustomField
from contracts.customers.importing import (
    CheckImport,
    ImportCustomers,
    ImportRow,
    LikeCustomer,
    OnDuplicate,
    RowResult,
    RowsImported,
)
from contracts.customers.loyalty import GetLoyaltyProgramme
from contracts.ids import CurrencyCode
from services.customers.exchange.own_columns import Reading
from services.customers.exchange.rows import BadRow, CustomerFile, read_customers
from services.customers.exchange.tables import ENCODINGS, FileRefused
from services.hub.commands.customers.clashes import Clashes
from services.hub.commands.customers.money import store_currency
from services.hub.persons import ANYBODY, Acting, Who, acting
from services.hub.report_files import TO_TERMINAL, Column, Outputs, Report, hand_out, places_of
from services.hub.terminal import CommandRefused, console, fitting, print_plain
from services.runtime.ids import RandomIds
from services.runtime.requester import NoAnswer

AT_ONCE: Final = 200
"""Rows in one message: the customers service writes for some 60 ms, and then whoever waits at a till is served."""
IN_FLIGHT: Final = 2
"""Batches sent and not answered yet: one is in work, and one waits for it."""
MOST_BYTES: Final = 512 * 1024
PATIENCE_S: Final = 60.0
SHOWN: Final = 40
REFUSED: Final = 1
UNREADABLE: Final = "row-unreadable"
OUTCOMES: Final = ("created", "changed", "unchanged", "refused")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class HowToRead:
    """How the cells of the file are to be read."""

    encoding: Annotated[
        str | None, Parameter(help=f"Of a CSV file: {', '.join(ENCODINGS)}; found out if left out.")
    ] = None
    country: Annotated[
        str | None, Parameter(help="Where phones and addresses without a country belong; the store's if left out.")
    ] = None
    currency: Annotated[
        str | None,
        Parameter(help="Of the balances in the file; refused unless it is the store's, which they are in if left out."),
    ] = None
    owed: Annotated[
        Literal["positive", "negative"] | None,
        Parameter(help="How the other system writes what a customer owes (account_balance)."),
    ] = None
    custom: Annotated[
        tuple[str, ...],
        Parameter(name="--field", negative="", help="COLUMN=FIELD: the custom field that a column fills; repeat it."),
    ] = ()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class HowToTake:
    """What is taken over of the rows."""

    dry_run: Annotated[bool, Parameter(negative="", help="Only tell what would become of each row.")] = False
    good_rows: Annotated[
        bool, Parameter(negative="", help="Take the good rows and leave the others; else all rows or none.")
    ] = False
    on_duplicate: Annotated[
        OnDuplicate,
        Parameter(
            help="Who may be on file already: refuse the row; fill in what the one of the same contact and name lacks; "
            "or save anyway."
        ),
    ] = "refuse"
    make_groups: Annotated[bool, Parameter(negative="", help="Make the groups that the shop does not have.")] = False
    make_fields: Annotated[
        bool, Parameter(negative="", help="Make the custom fields that the shop does not have, as text.")
    ] = False
    source: Annotated[
        str | None, Parameter(help="Where the rows come from, so that they are known again; the layout if left out.")
    ] = None
    as_of: Annotated[str | None, Parameter(help="The day of opening balances; today if left out.")] = None


READ_AS_IT_IS: Final = HowToRead()
ALL_OR_NONE: Final = HowToTake()


@dataclass
class Told:
    """What became of the rows so far."""

    keeps_all: bool
    taken: bool = False
    """Whether the rows were taken over, and not only tried."""
    counts: Counter[str] = field(default_factory=Counter)
    results: list[RowResult] = field(default_factory=list)
    new_groups: dict[str, None] = field(default_factory=dict)

    def add(self, result: RowResult) -> None:
        """One more row; those that went well are kept only for a file."""
        self.counts[result.outcome] += 1
        if self.keeps_all or result.outcome == "refused":
            self.results.append(msgspec.structs.replace(result, contacts=(), likenesses=(), name_hash=None))


async def import_customers(
    file: Annotated[Path, Parameter(help="A CSV or XLSX file with the columns of Shopify, Lightspeed or Tillwire.")],
    /,
    *,
    reading: HowToRead = READ_AS_IT_IS,
    taking: HowToTake = ALL_OR_NONE,
    outputs: Outputs = TO_TERMINAL,
    who: Who = ANYBODY,
) -> int:
    """Take over the customers of a file; every row is tried before the first one is taken.

    Exits with 1 where a row was refused. Given again, rows that were taken over are passed over. --csv, --xlsx or
    --json report every row.
    """
    outputs.check()
    if reading.encoding is not None and reading.encoding not in ENCODINGS:
        raise CommandRefused(f"--encoding {reading.encoding[:40]!r}; there are {', '.join(ENCODINGS)}")
    reading = replace(reading, currency=store_currency(who, reading.currency))
    async with acting(who) as person:
        told = await move_in(person, file, reading, taking, keeps_all=outputs != TO_TERMINAL)
    _tell(told, outputs)
    if not told.taken and not taking.dry_run:
        sys.stderr.write("tillwire: nothing was taken over; mend those rows, or take the others: --good-rows\n")
    return REFUSED if told.counts["refused"] else 0


async def move_in(
    person: Acting, file: Path, reading: HowToRead, taking: HowToTake, *, keeps_all: bool = False
) -> Told:
    """Try the rows of a file and take them over, as far as it is wanted.

    Raises:
        CommandRefused: the file cannot be read, or an option does not fit.
        Refused: somebody may not do this.
        NoAnswer: the customers service is away; what was taken over stays, and the same again goes on.
    """
    cells = await _cells(person, reading)
    opened = _opened(file, cells, reading)
    if opened.not_kept:
        sys.stderr.write(f"tillwire: nothing is kept of these columns: {', '.join(opened.not_kept)[:500]}\n")
    command = _command(opened, reading, taking)
    if taking.make_fields and await _make_fields(person, opened, cells):
        cells = await _cells(person, reading)
    if taking.dry_run or not taking.good_rows:
        told = Told(keeps_all)
        await _check(person, _opened(file, cells, reading), command, told)
        if taking.dry_run or told.counts["refused"]:
            return told
    told = Told(keeps_all, taken=True)
    await _import(person, _opened(file, cells, reading), command, told)
    return told


async def _check(person: Acting, opened: CustomerFile, command: ImportCustomers, told: Told) -> None:
    clashes = Clashes(command.on_duplicate)

    async def check(rows: tuple[ImportRow, ...]) -> list[RowResult]:
        query = CheckImport(command.source, rows, command.country, command.on_duplicate, command.make_groups)
        checked = await person.ask(query, patience_s=PATIENCE_S)
        told.new_groups |= dict.fromkeys(checked.new_groups)
        return [clashes.judged(row, result) for row, result in zip(rows, checked.results, strict=True)]

    await _send(opened, check, told, "rows tried")


async def _import(person: Acting, opened: CustomerFile, command: ImportCustomers, told: Told) -> None:
    # One command of a lane is in work at a time; so each of those in flight has a lane of its own.
    lanes = cycle([command.import_id, *(RandomIds().new() for _ in range(1, IN_FLIGHT))])

    async def take(rows: tuple[ImportRow, ...]) -> list[RowResult]:
        batch = msgspec.structs.replace(command, import_id=next(lanes), rows=rows)
        done = await person.ask(batch, patience_s=PATIENCE_S)
        told.new_groups |= dict.fromkeys(done.new_groups)
        return list(done.results)

    try:
        await _send(opened, take, told, "rows taken over")
    except NoAnswer:
        sys.stderr.write(f"tillwire: {_counts(told)}; give the same command again, and it goes on from there\n")
        raise


async def _send(
    opened: CustomerFile,
    ask: Callable[[tuple[ImportRow, ...]], Coroutine[Any, Any, list[RowResult]]],
    told: Told,
    what: str,
) -> None:
    """Send all rows by the batch; the next ones are read while the service works on those before."""
    sent: deque[tuple[list[ImportRow | BadRow], asyncio.Task[list[RowResult]]]] = deque()
    columns = (TextColumn("{task.completed}"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console(errors=True), disable=not sys.stderr.isatty(), transient=True) as shown:
        task = shown.add_task(what, total=None)
        try:
            for piece in _pieces(opened):
                if len(sent) == IN_FLIGHT:
                    await _settle(sent, told)
                    shown.update(task, completed=sum(told.counts.values()))
                rows = tuple(row for row in piece if isinstance(row, ImportRow))
                sent.append((piece, asyncio.create_task(ask(rows) if rows else _nothing())))
                await asyncio.sleep(0)
            while sent:
                await _settle(sent, told)
        except FileRefused as error:
            while sent:
                await _settle(sent, told)
            raise CommandRefused(f"{error}; before it {_counts(told)}") from error
        finally:
            for _, unsettled in sent:
                unsettled.cancel()
            await asyncio.gather(*(unsettled for _, unsettled in sent), return_exceptions=True)


async def _settle(sent: deque[tuple[list[ImportRow | BadRow], asyncio.Task[list[RowResult]]]], told: Told) -> None:
    """Wait for the oldest batch, and tell what became of its rows."""
    piece, results = sent[0]
    _add(told, piece, await results)
    sent.popleft()


async def _nothing() -> list[RowResult]:
    return []


def _add(told: Told, piece: list[ImportRow | BadRow], results: list[RowResult]) -> None:
    of_rows = iter(results)
    for row in piece:
        if isinstance(row, BadRow):
            told.add(RowResult(row.number, "refused", code=UNREADABLE, field=row.field, rule=row.rule))
        else:
            told.add(next(of_rows))


def _pieces(opened: CustomerFile) -> Iterator[list[ImportRow | BadRow]]:
    """Rows by the batch: so many, or fewer where they say much."""
    piece: list[ImportRow | BadRow] = []
    size = 0
    for row in opened.rows:
        length = len(msgspec.json.encode(row)) if isinstance(row, ImportRow) else 0
        if piece and (len(piece) == AT_ONCE or size + length > MOST_BYTES):
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += length
    if piece:
        yield piece


def _opened(file: Path, cells: Reading, reading: HowToRead) -> CustomerFile:
    try:
        return read_customers(file, cells, encoding=reading.encoding)
    except FileRefused as error:
        raise CommandRefused(f"{file}: {error}; nothing was taken over") from error


async def _cells(person: Acting, reading: HowToRead) -> Reading:
    """How cells are read, with what the shop has settled."""
    fields = await person.ask(ListCustomFields())
    programme = await person.ask(GetLoyaltyProgramme())
    if reading.currency is None:
        raise CommandRefused("name the currency of balances")
    columns = dict(each.partition("=")[::2] for each in reading.custom)
    if not all(columns.values()):
        raise CommandRefused("--field takes COLUMN=FIELD, such as custom_field_1=shoe-size")
    return Reading(
        currency=CurrencyCode(reading.currency),
        currency_places=places_of(reading.currency),
        country=reading.country,
        owed_is_positive=None if reading.owed is None else reading.owed == "positive",
        point_value=programme.point_value or 1,
        custom_columns=columns,
        custom_fields={each.field: each for each in fields.fields if each.of == "customer"},
    )


def _command(opened: CustomerFile, reading: HowToRead, taking: HowToTake) -> ImportCustomers:
    """The command that is sent with every batch, held against the contract once; its row stands for all."""
    given = {
        "import_id": RandomIds().new(),
        "source": opened.layout.name if taking.source is None else taking.source,
        "rows": [{"row": 1, "key": "-"}],
        "country": reading.country,
        "on_duplicate": taking.on_duplicate,
        "make_groups": taking.make_groups,
        "as_of": taking.as_of,
    }
    return fitting(given, ImportCustomers)


async def _make_fields(person: Acting, opened: CustomerFile, cells: Reading) -> bool:
    """Make the custom fields that the file fills and the shop does not have; says whether any was."""
    wanted: dict[str, str] = {}
    try:
        for row in opened.rows:
            if isinstance(row, ImportRow):
                wanted |= {name: name for name in row.custom if name not in cells.custom_fields}
    except FileRefused as error:
        raise CommandRefused(f"{error}; nothing was taken over") from error
    for name in wanted:
        given = {"field": name, "of": "customer", "kind": "text", "label": name.replace("-", " ").capitalize()}
        await person.ask(fitting(given, PutCustomField))
    return bool(wanted)


def _tell(told: Told, outputs: Outputs) -> None:
    report = Report(
        "Rows that are not taken" if not told.keeps_all else "Rows",
        (
            Column("row", 0),
            *(Column(name, only="files") for name in ("outcome", "customer_id")),
            *(Column(name) for name in ("code", "field", "rule")),
            Column("duplicates", only="files"),
        ),
        [
            (each.row, each.outcome, each.customer_id, each.code, each.field, _why(each), _ids(each.duplicates))
            for each in (told.results if told.keeps_all else told.results[:SHOWN])
        ],
    )
    if told.keeps_all:
        hand_out(report, RowsImported(tuple(told.results)), outputs)
    elif told.results:
        hand_out(report, RowsImported(()), TO_TERMINAL)
        if len(told.results) > SHOWN:
            sys.stderr.write(f"tillwire: and {len(told.results) - SHOWN} more; --csv FILE reports all of them\n")
    if not (outputs.as_json or outputs.csv == "-"):
        print_plain(_counts(told))


def _why(result: RowResult) -> str | None:
    """The rule, and who may be the same person, by what: so that somebody can look whether it is."""
    like = ", ".join(
        f"{each.name} {each.customer_id} has the same {' and '.join(each.matched).replace('_', ' ')}"
        for each in result.duplicates
    )
    return "; ".join(filter(None, (result.rule, like))) or None


def _ids(duplicates: tuple[LikeCustomer, ...]) -> str:
    return " ".join(each.customer_id for each in duplicates)


def _counts(told: Told) -> str:
    would = "" if told.taken else "would be "
    groups = f"; new groups: {', '.join(told.new_groups)}" if told.new_groups else ""
    return ", ".join(f"{told.counts[each]} {would}{each}" for each in OUTCOMES) + groups
