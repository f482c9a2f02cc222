"""Tables in files: CSV in any of the usual encodings, and XLSX, row by row; nothing of it is run or trusted.

Belongs here: bytes to cells. Never here: what a column means.
"""

import csv
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, NamedTuple

MOST_BYTES: Final = 256 * 1024 * 1024
MOST_ROWS: Final = 1_000_000
LONGEST_CELL: Final = 131_072
"""The csv module's own limit; no detail of a customer is a tenth as long."""
DELIMITERS: Final = (",", ";", "\t")
ENCODINGS: Final = ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be")

MOST_UNPACKED: Final = 512 * 1024 * 1024
MOST_STRINGS: Final = 128 * 1024 * 1024
MOST_TIMES_LARGER: Final = 250
"""A sheet of the same row over and over shrinks to a hundredth; a bomb is made to shrink to a thousandth."""
SMALL: Final = 8 * 1024 * 1024
MOST_PARTS: Final = 1000

# Unicode, table 3-7: well-formed sequences of more than one byte, roughly.
_SEVERAL_BYTES = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_DELIMITER_NAMED = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)
"""A first line for Excel alone, which says what parts the cells of those that follow."""
_NOT_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


class FileRefused(ValueError):
    """A file cannot be read as a table; the sentence names the row where it can, and says what to do."""


class Cells(NamedTuple):
    """One row: its number as a spreadsheet counts it, however many lines it has; its cells, trimmed of blanks."""

    number: int
    texts: list[str]
    ragged: bool = True
    """Whether a row may be longer or shorter than the header by mistake; in a sheet blank cells end nowhere."""


Fitness = Callable[[Sequence[str]], int]
"""How many of these names are columns that somebody knows."""


def read_table(file: Path, fitness: Fitness, *, encoding: str | None = None) -> Iterator[Cells]:
    """The rows of a file, the header first; blank rows are passed over.

    Args:
        file: CSV or XLSX; which one it is, its content says.
        fitness: tells which delimiter parts the header into known columns.
        encoding: of a CSV file; found out if left out.

    Raises:
        FileRefused: it is none, or not of one encoding, or unpacks to too much.
    """
    try:
        with file.open("rb") as content:
            beginning = content.read(4)
            size = content.seek(0, 2)
    except OSError as error:
        raise FileRefused(f"it cannot be read: {error.strerror}") from error
    if size > MOST_BYTES:
        raise FileRefused(f"it is larger than {MOST_BYTES >> 20} MB; split it")
    if beginning.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused("it is a sheet of an old Excel (.xls); save it as XLSX or CSV")
    if beginning.startswith(b"PK\x03\x04"):
        if _is_open_document(file):
            raise FileRefused("it is an OpenDocument sheet (.ods); save it as XLSX or CSV")
        return _sheet(file)
    return _csv(file, fitness, encoding or encoding_of(file))


def encoding_of(file: Path) -> str:
    """The encoding of a CSV file: a byte order mark says it, else UTF-8 if all of it is, else Windows' cp1252.

    Raises:
        FileRefused: some of it is UTF-8 and some is not.
    """
    with file.open("rb") as lines:
        beginning = lines.read(4096)
        marked = _marked(beginning)
        if marked is not None:
            return marked
        lines.seek(0)
        first: dict[str, int] = {}
        for number, line in enumerate(lines, 1):
            for found in _found_in(line):
                first.setdefault(found, number)
    if "neither" in first:
        raise FileRefused(f"line {first['neither']} is neither UTF-8 nor cp1252; save the file as UTF-8")
    if len(first) > 1:
        other = max(first.values())
        raise FileRefused(
            f"its encodings are mixed: line {other} is not like line {min(first.values())}; save it as UTF-8, "
            "or name one with --encoding"
        )
    return next(iter(first), "utf-8")


def _marked(beginning: bytes) -> str | None:
    if beginning.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    # Text of the West in UTF-16 has a NUL in every other byte.
    pairs = len(beginning) // 2
    if pairs >= 8:
        if beginning[1::2].count(0) > pairs * 0.7:
            return "utf-16-le"
        if beginning[0::2].count(0) > pairs * 0.7:
            return "utf-16-be"
    return None


def _found_in(line: bytes) -> set[str]:
    if line.isascii():
        return set()
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        if _NOT_IN_CP1252.search(line) and not _SEVERAL_BYTES.search(line):
            return {"neither"}
        return {"cp1252", "utf-8"} if _SEVERAL_BYTES.search(line) else {"cp1252"}
    return {"utf-8"}


def _csv(file: Path, fitness: Fitness, encoding: str) -> Iterator[Cells]:
    try:
        with file.open(encoding=encoding, newline="") as text:
            first = text.readline(LONGEST_CELL)
            named = _DELIMITER_NAMED.fullmatch(first.removeprefix("\ufeff"))
            before = 1 if named else 0
            if not named:
                text.seek(0)
            reader = csv.reader(text, delimiter=named[1] if named else _delimiter(first, fitness), strict=True)
            yield from _counted(
                Cells(number, [cell.strip().removeprefix("\ufeff") for cell in row])
                for number, row in _parsed(reader, before)
            )
    except UnicodeError as error:
        raise FileRefused(f"it is not {encoding} all through; name its encoding with --encoding") from error
    except OSError as error:
        raise FileRefused(f"it cannot be read: {error.strerror}") from error


def _parsed(reader: Any, before: int) -> Iterator[tuple[int, list[str]]]:
    number, line = before, before
    try:
        for number, row in enumerate(reader, before + 1):
            line = before + reader.line_num
            yield number, row
    except csv.Error as error:
        at = "" if line == number else f" (line {line + 1} of the file)"
        raise FileRefused(
            f"row {number + 1}{at}: no CSV from here on ({error}); is a quote left open, or a cell longer "
            f"than {LONGEST_CELL} characters?"
        ) from error


def _delimiter(header: str, fitness: Fitness) -> str:
    def names(delimiter: str) -> list[str]:
        try:
            return next(csv.reader([header], delimiter=delimiter), [])
        except csv.Error:
            return []

    return max(DELIMITERS, key=lambda each: (fitness([name.strip() for name in names(each)]), len(names(each))))


def _counted(rows: Iterator[Cells]) -> Iterator[Cells]:
    for count, cells in enumerate(row for row in rows if any(row.texts)):
        if count > MOST_ROWS:
            raise FileRefused(f"it has more than {MOST_ROWS} rows; split it")
        yield cells


def _sheet(file: Path) -> Iterator[Cells]:
    # Imported here: most files are CSV, and the library takes a tenth of a second to load.
    from openpyxl import load_workbook  # noqa: PLC0415

    _prove_no_bomb(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that the library does not keep
        try:
            book = load_workbook(file, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            rows = (
                Cells(number, [_text(value) for value in values], ragged=False)
                for number, values in enumerate(sheet.iter_rows(values_only=True), 1)
            )
            yield from _counted(rows)
            book.close()
        except FileRefused:
            raise
        except Exception as error:
            # The library raises whatever the XML within makes it stumble over.
            raise FileRefused(f"it is no XLSX sheet that can be read ({type(error).__name__})") from error


def _is_open_document(file: Path) -> bool:
    """Whether a packed file says that it is one of LibreOffice's: the first part does, as it stands."""
    with file.open("rb") as packed:
        return b"mimetypeapplication/vnd.oasis.opendocument" in packed.read(128)


def _prove_no_bomb(file: Path) -> None:
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise FileRefused("it is no whole XLSX file") from error
    unpacked, there = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    strings = sum(part.file_size for part in parts if "sharedStrings" in part.filename)
    if (
        len(parts) > MOST_PARTS
        or unpacked > MOST_UNPACKED
        or strings > MOST_STRINGS
        or (unpacked > SMALL and unpacked > MOST_TIMES_LARGER * max(1, there))
    ):
        raise FileRefused("it unpacks to far more than a list of customers; save it as CSV, or split it")


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case date() | datetime():
            return value.isoformat()
        case _:
            return str(value).strip()
