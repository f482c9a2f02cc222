"""``customers import``: a file of another system, or the shop's own, becomes customers; tried first.

The file is read here and sent by the batch; the customers service owns what becomes of each row, and knows one again
that it took over before. So an import that was cut off goes on when the same command is given again.
"""

import asyncio
import re
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from cyclopts import Parameter
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from contracts.customers.fields import ListCustomFields, PutCustomField
from contracts.customers.importing import (
    BadDetails,
    CheckImport,
    ImportCustomers,
    ImportRow,
    OnDuplicate,
    RowResult,
)
from contracts.customers.loyalty import GetLoyaltyProgramme
from contracts.ids import SEGMENT_PATTERN, CurrencyCode
from services.customers.exchange.columns import Values
from services.customers.exchange.layouts import CUSTOM
from services.customers.exchange.own_columns import Reading
from services.customers.exchange.rows import BadRow, CustomerFile, read_customers
from services.customers.exchange.tables import ENCODINGS, FileRefused
from services.hub.commands.customers.clashes import Clashes
from services.hub.commands.customers.money import store_currency
from services.hub.commands.customers.row_report import Told, tell
from services.hub.persons import ANYBODY, Acting, Who, acting
from services.hub.report_files import TO_TERMINAL, Outputs, places_of
from services.hub.terminal import CommandRefused, console, fitting, plain
from services.runtime.ids import RandomIds
from services.runtime.requester import NoAnswer

AT_ONCE: Final = 200
"""Rows in one message: the customers service writes for some 60 ms, and then whoever waits at a till is served."""
IN_FLIGHT: Final = 2
"""Batches sent and not answered yet: one is in work, and one waits for it."""
MOST_BYTES: Final = 512 * 1024
PATIENCE_S: Final = 60.0
REFUSED: Final = 1
UNREADABLE: Final = "row-unreadable"


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
    bad_details: Annotated[
        BadDetails,
        Parameter(
            help="What is no detail (a phone 'n/a'): refuse the row; or make it a line of the notes and take the rest. "
            "Money is never put there."
        ),
    ] = "refuse"
    source: Annotated[
        str | None, Parameter(help="Where the rows come from, so that they are known again; the layout if left out.")
    ] = None
    as_of: Annotated[str | None, Parameter(help="The day of opening balances; today if left out.")] = None


READ_AS_IT_IS: Final = HowToRead()
ALL_OR_NONE: Final = HowToTake()


Piece = list[tuple[ImportRow | BadRow, Values]]
"""Rows of one batch, each with its cells."""


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
    told = Told(outputs != TO_TERMINAL)
    try:
        async with acting(who) as person:
            await move_in(person, file, reading, taking, told)
    finally:
        # Also of a run that broke off, by a file, a service or a person: what was done until then.
        if told.whole or told.unanswered or told.counts:
            tell(told, outputs)
    if not told.taken and not taking.dry_run:
        sys.stderr.write("tillwire: nothing was taken over; mend those rows, or take the others: --good-rows\n")
    return REFUSED if told.counts["refused"] else 0


async def move_in(person: Acting, file: Path, reading: HowToRead, taking: HowToTake, told: Told | None = None) -> Told:
    """Try the rows of a file and take them over, as far as it is wanted; ``told`` is kept up to date meanwhile.

    Raises:
        CommandRefused: the file cannot be read, or an option does not fit.
        Refused: somebody may not do this.
        NoAnswer: the customers service is away; what was taken over stays, and the same again goes on.
    """
    told = Told(keeps_all=False) if told is None else told
    cells = await _cells(person, reading, taking)
    opened = _opened(file, cells, reading)
    _prove_fields(opened, cells)
    if opened.not_kept:
        console(errors=True).print(
            plain(f"tillwire: nothing is kept of these columns: {', '.join(opened.not_kept)[:500]}"), soft_wrap=True
        )
    command = _command(opened, reading, taking)
    # Fields can be given up, but not unmade: they are made for rows of which it is known that they are taken.
    if taking.dry_run or taking.make_fields or not taking.good_rows:
        told.begin(taken=False)
        await _check(person, _opened(file, cells, reading), command, told, make_fields=taking.make_fields)
        if taking.dry_run or (told.counts["refused"] and not taking.good_rows):
            told.whole = True
            return told
        await _make_fields(person, told)
    told.begin(taken=True)
    await _import(person, _opened(file, cells, reading), command, told)
    told.whole = True
    return told


async def _check(
    person: Acting, opened: CustomerFile, command: ImportCustomers, told: Told, *, make_fields: bool
) -> None:
    clashes = Clashes(command.on_duplicate)
    known = opened.reading.custom_fields

    async def check(rows: tuple[ImportRow, ...]) -> list[RowResult]:
        query = CheckImport(
            command.source,
            rows,
            command.country,
            command.on_duplicate,
            command.make_groups,
            make_fields,
            command.bad_details,
        )
        checked = await person.ask(query, patience_s=PATIENCE_S)
        told.new_groups |= dict.fromkeys(checked.new_groups)
        judged = [clashes.judged(row, result) for row, result in zip(rows, checked.results, strict=True)]
        if make_fields:
            good = (row for row, result in zip(rows, judged, strict=True) if result.outcome != "refused")
            told.new_fields |= dict.fromkeys(name for row in good for name in row.custom if name not in known)
        return judged

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
        told.unanswered = True
        raise


async def _send(
    opened: CustomerFile,
    ask: Callable[[tuple[ImportRow, ...]], Coroutine[Any, Any, list[RowResult]]],
    told: Told,
    what: str,
) -> None:
    """Send all rows by the batch; the next ones are read while the service works on those before."""
    sent: deque[tuple[Piece, asyncio.Task[list[RowResult]]]] = deque()
    columns = (TextColumn("{task.completed}"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console(errors=True), disable=not sys.stderr.isatty(), transient=True) as shown:
        task = shown.add_task(what, total=None)
        try:
            for piece in _pieces(opened):
                if len(sent) == IN_FLIGHT:
                    await _settle(sent, told, opened)
                    shown.update(task, completed=sum(told.counts.values()))
                rows = tuple(row for row, _ in piece if isinstance(row, ImportRow))
                sent.append((piece, asyncio.create_task(ask(rows) if rows else _nothing())))
                await asyncio.sleep(0)
            while sent:
                await _settle(sent, told, opened)
        except FileRefused as error:
            while sent:
                await _settle(sent, told, opened)
            raise CommandRefused(str(error)) from error
        finally:
            for _, unsettled in sent:
                unsettled.cancel()
            await asyncio.gather(*(unsettled for _, unsettled in sent), return_exceptions=True)


async def _settle(sent: deque[tuple[Piece, asyncio.Task[list[RowResult]]]], told: Told, opened: CustomerFile) -> None:
    """Wait for the oldest batch, and tell what became of its rows."""
    piece, results = sent[0]
    of_rows = iter(await results)
    for row, values in piece:
        if isinstance(row, BadRow):
            refused = RowResult(row.number, "refused", code=UNREADABLE, field=row.field, rule=row.rule)
            told.add(refused, opened, values)
        else:
            told.add(next(of_rows), opened, values)
    sent.popleft()


async def _nothing() -> list[RowResult]:
    return []


def _pieces(opened: CustomerFile) -> Iterator[Piece]:
    """Rows by the batch: so many, or fewer where they say much, or where the file breaks off.

    Raises:
        FileRefused: after the last batch that could be read.
    """
    piece: Piece = []
    size = 0
    broken: FileRefused | None = None
    rows = iter(opened.read)
    while True:
        try:
            row, values = next(rows)
        except StopIteration:
            break
        except FileRefused as error:
            broken = error
            break
        length = len(msgspec.json.encode(row)) if isinstance(row, ImportRow) else 0
        if piece and (len(piece) == AT_ONCE or size + length > MOST_BYTES):
            yield piece
            piece, size = [], 0
        piece.append((row, values))
        size += length
    if piece:
        yield piece
    if broken is not None:
        raise broken


def _opened(file: Path, cells: Reading, reading: HowToRead) -> CustomerFile:
    try:
        return read_customers(file, cells, encoding=reading.encoding)
    except FileRefused as error:
        raise CommandRefused(f"{file}: {error}; nothing was taken over") from error


def _prove_fields(opened: CustomerFile, cells: Reading) -> None:
    """Refuse a --field of a column that the file does not have, or that fills no field, or of what is no field's id."""
    for column, field_id in cells.custom_columns.items():
        if column not in CUSTOM or column not in opened.columns or not opened.layout.knows(column):
            there = ", ".join(each for each in opened.columns if each in CUSTOM and opened.layout.knows(each))
            raise CommandRefused(
                f"--field {column[:40]!r}: fields are filled by these columns of the file: {there or 'none'}"
            )
        if not re.search(SEGMENT_PATTERN, field_id):
            raise CommandRefused(f"--field {column}: a custom field's id is 1 to 64 of a-z, 0-9 and hyphens")


async def _cells(person: Acting, reading: HowToRead, taking: HowToTake) -> Reading:
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
        point_value=programme.point_value if programme.revision else None,
        custom_columns=columns,
        custom_fields={each.field: each for each in fields.fields if each.of == "customer"},
        to_notes=taking.bad_details == "to_notes",
        namesakes=taking.on_duplicate == "save_anyway",
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
        "bad_details": taking.bad_details,
    }
    return fitting(given, ImportCustomers)


async def _make_fields(person: Acting, told: Told) -> None:
    """Make the custom fields that rows fill which are taken, and that the shop does not have."""
    for name in told.new_fields:
        given = {"field": name, "of": "customer", "kind": "text", "label": name.replace("-", " ").capitalize()}
        await person.ask(fitting(given, PutCustomField))
