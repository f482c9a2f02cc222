"""A report as a table on the terminal, as CSV and as XLSX, so that no cell of it is ever run as a formula.

Belongs here: how columns and rows are written. Never here: what they mean, or where they come from.
"""

import csv
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Literal, TextIO

import msgspec
from babel.core import get_global
from babel.numbers import get_currency_precision
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from contracts.base import Reply
from services.hub import files
from services.hub.terminal import CommandRefused, console, plain, print_plain

Cell = str | int | None
"""Text, or a whole number; of a column with places it is in units of the last place (cents)."""

STANDARD_OUTPUT: Final = "-"
_FILE_MODE: Final = 0o640
"""Who sold how much is nothing for everybody on the machine."""
PRIVATE: Final = 0o600
"""What is known of customers is for nobody else on it."""
# OWASP, CSV Injection: = + - @, tab and carriage return begin a formula. Excel takes a line feed and the
# full-width forms likewise.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# Where a spreadsheet parts cells by semicolons or tabs, and lines whatever the quotes (Excel in most of Europe), what
# follows one within a text is a cell of its own.
_PART = re.compile("(?<=[;\t\r\n])(?=[ \"']*[=+\\-@\uff1d\uff0b\uff0d\uff20])")
_GUARDED_PART = re.compile("(?<=[;\t\r\n])'(?=[ \"']*[=+\\-@\uff1d\uff0b\uff0d\uff20])")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``places`` None is text; a number has so many decimal places, 0 for one that is counted.

    ``only`` keeps it off the terminal, which is narrow, or out of files, which are to be added up.
    """

    title: str
    places: int | None = None
    only: Literal["screen", "files"] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Columns and rows; each row has a cell for every column."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

    def part(self, target: Literal["screen", "files"]) -> "Report":
        """The columns that are for the terminal, or for files."""
        kept = [place for place, column in enumerate(self.columns) if column.only in (None, target)]
        return Report(
            self.title,
            [self.columns[place] for place in kept],
            [[row[place] for place in kept] for row in self.rows],
        )


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Where a report goes; to the terminal if nothing is said."""

    csv: Annotated[str | None, Parameter(help="Write a CSV file; - is standard output.", allow_leading_hyphen=True)] = (
        None
    )
    xlsx: Annotated[Path | None, Parameter(help="Write an XLSX file.", allow_leading_hyphen=True)] = None
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="Print the service's own answer.")] = False

    def check(self) -> None:
        """Refuse what cannot go together, before anybody is asked.

        Raises:
            CommandRefused: two things would go to standard output, or an XLSX file would.
        """
        if self.xlsx is not None and str(self.xlsx) == STANDARD_OUTPUT:
            raise CommandRefused("an XLSX file is not for standard output; name a file")
        if self.as_json and self.csv == STANDARD_OUTPUT:
            raise CommandRefused("standard output takes CSV or JSON; give --csv a file, or leave --json out")


TO_TERMINAL: Final = Outputs()


def hand_out(report: Report, answer: Reply, outputs: Outputs, *, mode: int = _FILE_MODE) -> bool:
    """Put a report where it is wanted; returns whether it went to the terminal as a table.

    ``mode`` says who on the machine may read the files.

    Raises:
        CommandRefused: a file cannot be written, or cannot hold the report.
    """
    in_files = report.part("files")
    written = []
    if outputs.csv == STANDARD_OUTPUT:
        sys.stdout.write(csv_text(in_files))
        sys.stdout.flush()
    elif outputs.csv is not None:
        written.append(_put(Path(outputs.csv), csv_bytes(in_files), mode))
    if outputs.xlsx is not None:
        written.append(_put(outputs.xlsx, xlsx_bytes(in_files), mode))
    if outputs.as_json:
        print_plain(msgspec.json.encode(answer).decode())
        return False
    if outputs.csv != STANDARD_OUTPUT:
        for file in written:
            print_plain(f"{file}: {len(report.rows)} rows")
    if outputs.csv is not None or written:
        return False
    console().print(table(report))
    return True


def write_out(columns: Sequence[Column], rows: Callable[[], Iterable[Sequence[Cell]]], outputs: Outputs) -> list[Path]:
    """Put rows about people into the files that are wanted, one row after the other; returns the files.

    Nobody else on the machine may read them. ``rows`` gives them anew each time.

    Raises:
        CommandRefused: a file cannot be written, or cannot hold the rows.
    """
    written = []
    if outputs.csv == STANDARD_OUTPUT:
        _write_csv(sys.stdout, columns, rows())
        sys.stdout.flush()
    elif outputs.csv is not None:
        with _replaced(Path(outputs.csv), PRIVATE) as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            _write_csv(text, columns, rows())
            text.detach()
        written.append(Path(outputs.csv))
    if outputs.xlsx is not None:
        with _replaced(outputs.xlsx, PRIVATE) as file:
            _write_xlsx(file, columns, rows(), {"constant_memory": True})
        written.append(outputs.xlsx)
    return written


def table(report: Report) -> Table:
    """The report for the terminal; a control character that a text may hold is not sent to it."""
    on_screen = report.part("screen")
    drawn = Table(title=Text(on_screen.title), title_justify="left")
    for column in on_screen.columns:
        numeric = column.places is not None
        drawn.add_column(column.title, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for row in on_screen.rows:
        drawn.add_row(*(plain(_text(cell, column.places)) for cell, column in zip(row, on_screen.columns, strict=True)))
    return drawn


def csv_text(report: Report) -> str:
    """The report as CSV (RFC 4180): commas, a head, numbers with a point, text that no program runs as a formula."""
    lines = io.StringIO(newline="")
    _write_csv(lines, report.columns, report.rows)
    return lines.getvalue()


def csv_bytes(report: Report) -> bytes:
    """The same for a file: UTF-8 with a byte order mark, without which Excel takes it for another encoding."""
    return csv_text(report).encode("utf-8-sig")


def xlsx_bytes(report: Report) -> bytes:
    """The report as one XLSX sheet: text as text whatever it begins with, numbers as numbers.

    A text that begins as a guarded one of a CSV file does gets one more apostrophe, for ``unguarded`` to take.

    Raises:
        CommandRefused: a cell holds more than XLSX allows, or there are more rows.
    """
    content = io.BytesIO()
    _write_xlsx(content, report.columns, report.rows, {"in_memory": True})
    return content.getvalue()


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe before it.

    So does what begins like one after a semicolon, a tab or the end of a line, and what has apostrophes before such a
    beginning; ``unguarded`` gives back what it was.
    """
    parted = _PART.sub("'", text)
    return f"'{parted}" if _FORMULA.match(text) else parted


def twice_guarded(text: str) -> str:
    """A text for a sheet, where none is run: only one that looks guarded is, so that whoever reads it gets it back."""
    return guarded(text) if unguarded(text) != text else text


def unguarded(text: str) -> str:
    """What a guarded text was before."""
    whole = text[1:] if text.startswith("'") and _FORMULA.match(text) else text
    return _GUARDED_PART.sub("", whole)


def places_of(currency: str) -> int:
    """How many decimal places a currency has: 2 for EUR, 0 for JPY.

    Raises:
        CommandRefused: there is no such currency.
    """
    if currency not in get_global("all_currencies"):
        raise CommandRefused(f"{currency[:20]!r} is no currency; write its code by ISO 4217, such as EUR")
    return get_currency_precision(currency)


def amount_text(amount: int, places: int) -> str:
    """An amount as it is written in a sentence: 1250 cents are 12.50."""
    return f"{_exact(amount, places):f}"


def _text(cell: Cell, places: int | None) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else f"{_exact(cell, places):f}"


def _exact(cell: int, places: int | None) -> Decimal:
    return Decimal(cell).scaleb(-(places or 0))


def _write_csv(lines: TextIO, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
    writer = csv.writer(lines)
    writer.writerow([column.title for column in columns])
    for row in rows:
        writer.writerow(
            [
                guarded(cell) if isinstance(cell, str) else _text(cell, column.places)
                for cell, column in zip(row, columns, strict=True)
            ]
        )


def _write_xlsx(
    content: BinaryIO, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], memory: dict[str, bool]
) -> None:
    # Imported here: few commands write a sheet.
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415 - published without types

    texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    fits = True
    with Workbook(content, {**memory, **texts}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        formats = [book.add_format({"num_format": _number_format(column.places)}) for column in columns]
        for place, column in enumerate(columns):
            fits &= not sheet.write_string(0, place, column.title, bold)
        for line, row in enumerate(rows, 1):
            for place, (cell, column) in enumerate(zip(row, columns, strict=True)):
                if isinstance(cell, str):
                    fits &= not sheet.write_string(line, place, twice_guarded(cell), formats[place])
                elif cell is not None:
                    fits &= not sheet.write_number(line, place, _exact(cell, column.places), formats[place])
        if "constant_memory" not in memory:
            sheet.autofit()
    if not fits:
        raise CommandRefused("an XLSX sheet cannot hold this report, it is too long; write it with --csv")


def _number_format(places: int | None) -> str:
    # '@' keeps a text a text when somebody edits the cell.
    return "@" if places is None else f"0.{'0' * places}" if places else "0"


def _put(file: Path, content: bytes, mode: int) -> Path:
    with _replaced(file, mode) as written:
        written.write(content)
    return file


@contextmanager
def _replaced(file: Path, mode: int) -> Iterator[BinaryIO]:
    if file.exists() and not file.is_file():
        raise CommandRefused(f"{file} is no plain file; name another")
    try:
        with files.replaced(file.resolve(), mode) as content:
            yield content
    except OSError as error:
        raise CommandRefused(f"{file} cannot be written: {error.strerror}") from error
