"""A file of customers as rows that can be sent: each fits the contract, or says which cell does not.

Belongs here: files to messages. Never here: what becomes of a row.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from contracts.customers.importing import BadDetail, ImportRow
from services.customers.exchange.cells import CellRefused
from services.customers.exchange.columns import Values
from services.customers.exchange.layouts import Layout, fitness, layout_of
from services.customers.exchange.own_columns import Reading
from services.customers.exchange.rules import in_words
from services.customers.exchange.tables import Cells, FileRefused, read_table
from services.customers.model.bad_details import Details
from services.customers.model.search import code_key
from services.runtime.malformed import malformed

_LONGEST_KEY = 600


class BadRow(NamedTuple):
    """A row that cannot be sent, with the column (or detail) and the rule."""

    number: int
    field: str
    rule: str


class CustomerFile(NamedTuple):
    """A file of customers: whose columns it has, and its rows with their cells, read as they are asked for."""

    layout: Layout
    columns: tuple[str, ...]
    read: Iterator[tuple[ImportRow | BadRow, Values]]
    reading: Reading

    @property
    def rows(self) -> Iterator[ImportRow | BadRow]:
        """The rows alone."""
        return (row for row, _ in self.read)

    @property
    def not_kept(self) -> tuple[str, ...]:
        """Columns of which nothing is kept: those that nobody here knows, and those for which there is no detail."""
        return tuple(
            name for name in self.columns if name and (not self.layout.knows(name) or name in self.layout.left_out)
        )

    def column(self, field: str | None, values: Values) -> str | None:
        """The column in which a detail of a row stands, as the file calls it; None where it stands in none."""
        if field is None or field in values:
            return field
        return self.layout.column(values, field, self.reading)


def read_customers(file: Path, reading: Reading, *, encoding: str | None = None) -> CustomerFile:
    """Open a file of customers.

    Raises:
        FileRefused: it is no table, or its columns are nobody's; reading its rows may raise it, too.
    """
    cells = read_table(file, fitness, encoding=encoding)
    header = next(cells, None)
    if header is None:
        raise FileRefused("it is empty")
    columns = header.texts
    try:
        layout = layout_of(columns)
    except CellRefused as refused:
        raise FileRefused(f"row {header.number}, {refused.field}: {refused.rule}") from refused
    return CustomerFile(layout, tuple(columns), _rows(cells, columns, layout, reading), reading)


def compared_by(code: str) -> str:
    """What a customer's code is compared by, as the service compares it."""
    return code_key(code)


def _rows(
    cells: Iterator[Cells], columns: list[str], layout: Layout, reading: Reading
) -> Iterator[tuple[ImportRow | BadRow, Values]]:
    seen: dict[str, int] = {}
    namesakes: Counter[str] = Counter()
    for row in cells:
        read, values = _row(row, columns, layout, reading)
        if isinstance(read, ImportRow):
            first = seen.setdefault(read.key, read.row)
            if first != read.row:
                read = _again(read, first, reading, namesakes)
        yield read, values


def _again(row: ImportRow, first: int, reading: Reading, namesakes: Counter[str]) -> ImportRow | BadRow:
    """A row that is known by what a row before it is known by; of names alone, it may be another person."""
    rule = f"row {first} is about the same customer"
    if not row.key.startswith("name:"):
        return BadRow(row.row, "key", rule)
    if not reading.namesakes:
        return BadRow(
            row.row, "key", f"{rule}, or one of the same name; --on-duplicate save_anyway takes each as another person"
        )
    namesakes[row.key] += 1
    number = f"#{namesakes[row.key] + 1}"
    return msgspec.structs.replace(row, key=f"{row.key[: _LONGEST_KEY - len(number)]}{number}")


def _row(cells: Cells, columns: list[str], layout: Layout, reading: Reading) -> tuple[ImportRow | BadRow, Values]:
    texts = cells.texts
    values = dict(zip(columns, (*texts, *("" for _ in columns[len(texts) :])), strict=False))
    if any(texts[len(columns) :]) or (cells.ragged and len(texts) != len(columns)):
        return BadRow(cells.number, "row", f"has {len(texts)} cells for {len(columns)} columns"), values
    bad: list[BadDetail] = []
    said, values = _said(cells.number, values, layout, reading, bad)
    return (said if isinstance(said, BadRow) else _fitting(said, values, layout, reading, bad)), values


def _said(
    number: int, values: dict[str, str], layout: Layout, reading: Reading, bad: list[BadDetail]
) -> tuple[dict[str, Any] | BadRow, dict[str, str]]:
    """What a row says, and its cells; ``bad`` gets those that say no detail, where they are for the notes."""
    while True:
        try:
            return {**_without_blanks(layout.row(values, reading)), "row": number}, values
        except CellRefused as refused:
            spared = layout.spared(refused.field) if reading.to_notes else ()
            text = ", ".join(values[each] for each in spared if values.get(each))
            if not text:
                return BadRow(number, refused.field, refused.rule), values
            bad.append(BadDetail(refused.field, refused.rule, text))
            values = {**values, **{each: "" for each in spared if each in values}}


def _fitting(
    said: dict[str, Any], values: Values, layout: Layout, reading: Reading, bad: list[BadDetail]
) -> ImportRow | BadRow:
    """The row as the contract has it; what does not fit is a bad detail, too."""
    details: Details | None = None
    while True:
        try:
            return msgspec.convert({**said, "bad_details": bad} if bad else said, ImportRow)
        except msgspec.ValidationError as error:
            found = malformed(error, ImportRow).details
        field = found["field"].removeprefix("$.")
        rule = in_words(found["rule"], field)
        details = details or Details(said)
        taken = details.take_out(field) if reading.to_notes else None
        column = layout.column(values, taken.field if taken else field, reading) or field
        if taken is None:
            return BadRow(said["row"], column, rule)
        bad.append(BadDetail(column, rule, taken.text))


def _without_blanks(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value not in (None, "", [], {}, ())}
