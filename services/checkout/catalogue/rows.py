"""Rows of a CSV file: each with its line, so that every refusal names row, field and rule."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class CsvRefused(ValueError):
    """A CSV file does not fit: the row (the header is row 1), the field and the rule that is broken."""

    def __init__(self, row: int, field: str, rule: str) -> None:
        self.row = row
        self.field = field
        self.rule = rule
        super().__init__(f"row {row}, {field}: {rule}")


class Row(NamedTuple):
    """One row below the header; ``number`` is that of its last line in the file."""

    number: int
    values: dict[str, str]


def read_rows(lines: Iterable[str], *, needed: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row]:
    """Read a CSV file with a header, values stripped of blanks; empty lines are passed over.

    Args:
        lines: the lines of the file, with or without a byte order mark, separated by comma.
        needed: the columns that must be there.
        optional: the columns that may be there; their values are empty where they are not.

    Raises:
        CsvRefused: a column is unknown, missing or given twice, or a row is longer or shorter than the header.
    """
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip().removeprefix("\ufeff") for name in next(reader, [])]
        _prove_header(header, needed, optional)
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(header):
                raise CsvRefused(reader.line_num, "row", f"has {len(values)} values for {len(header)} columns")
            found = dict.fromkeys(optional, "") | dict(zip(header, map(str.strip, values), strict=True))
            yield Row(reader.line_num, found)
    except csv.Error as error:
        raise CsvRefused(reader.line_num, "row", f"is no CSV: {error}") from error


def _prove_header(header: list[str], needed: Sequence[str], optional: Sequence[str]) -> None:
    for name in needed:
        if name not in header:
            raise CsvRefused(1, name, "the header must name this column")
    for name in header:
        if name not in needed and name not in optional:
            raise CsvRefused(1, name[:40], f"a column is one of {', '.join([*needed, *optional])}")
        if header.count(name) > 1:
            raise CsvRefused(1, name, "a column stands once")
