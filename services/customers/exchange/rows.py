"""A file of customers as rows that can be sent: each fits the contract, or says which cell does not.

Belongs here: files to messages. Never here: what becomes of a row.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from contracts.customers.importing import ImportRow
from services.customers.exchange.cells import CellRefused
from services.customers.exchange.layouts import Layout, fitness, layout_of
from services.customers.exchange.own_columns import Reading
from services.customers.exchange.tables import Cells, FileRefused, read_table
from services.runtime.malformed import malformed


class BadRow(NamedTuple):
    """A row that cannot be sent, with the column or detail and the rule."""

    number: int
    field: str
    rule: str


class CustomerFile(NamedTuple):
    """A file of customers: whose columns it has, and its rows, which are read as they are asked for."""

    layout: Layout
    columns: tuple[str, ...]
    rows: Iterator[ImportRow | BadRow]

    @property
    def not_kept(self) -> tuple[str, ...]:
        """Columns of which nothing is kept: those that nobody here knows, and those for which there is no detail."""
        return tuple(
            name for name in self.columns if name and (not self.layout.knows(name) or name in self.layout.left_out)
        )


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
    return CustomerFile(layout, tuple(columns), _rows(cells, columns, layout, reading))


def _rows(cells: Iterator[Cells], columns: list[str], layout: Layout, reading: Reading) -> Iterator[ImportRow | BadRow]:
    seen: dict[str, int] = {}
    for row in cells:
        read = _row(row, columns, layout, reading)
        if isinstance(read, ImportRow):
            first = seen.setdefault(read.key, read.row)
            if first != read.row:
                yield BadRow(read.row, "key", f"row {first} is about the same customer")
                continue
        yield read


def _row(cells: Cells, columns: list[str], layout: Layout, reading: Reading) -> ImportRow | BadRow:
    texts = cells.texts
    if any(texts[len(columns) :]) or (cells.ragged and len(texts) != len(columns)):
        return BadRow(cells.number, "row", f"has {len(texts)} cells for {len(columns)} columns")
    values = dict(zip(columns, (*texts, *("" for _ in columns[len(texts) :])), strict=False))
    try:
        said = layout.row(values, reading)
        return msgspec.convert({**_without_blanks(said), "row": cells.number}, ImportRow)
    except CellRefused as refused:
        return BadRow(cells.number, refused.field, refused.rule)
    except msgspec.ValidationError as error:
        found = malformed(error, ImportRow).details
        return BadRow(cells.number, found["field"].removeprefix("$."), found["rule"])


def _without_blanks(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value not in (None, "", [], {}, ())}
