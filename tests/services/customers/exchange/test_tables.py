"""Files of tables: read in every usual encoding, never run, never trusted with more memory than a list needs."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from services.customers.exchange.tables import LONGEST_CELL, FileRefused, encoding_of, read_table

TEXT = "first_name{0}last_name\nVäinö{0}Öhman\nSøren{0}Weiß\n"


def known(names: Sequence[str]) -> int:
    return sum(name in ("first_name", "last_name") for name in names)


def read(file: Path, **how: Any) -> list[list[str]]:
    return [cells.texts for cells in read_table(file, known, **how)]


def put(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "customers"
    file.write_bytes(content)
    return file


def sheet(tmp_path: Path, *rows: Sequence[Any]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(list(row))  # type: ignore[union-attr] # a new book has a sheet
    file = tmp_path / "customers.xlsx"
    book.save(file)
    return file


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_is_read_in_its_encoding_and_with_its_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    file = put(tmp_path, TEXT.format(delimiter).encode(encoding))

    assert read(file) == [["first_name", "last_name"], ["Väinö", "Öhman"], ["Søren", "Weiß"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("first", ["sep=;\r\n", '"sep=;"\r\n', "SEP=;\n"])
def test_a_first_line_for_excel_names_the_delimiter_and_is_no_row(tmp_path: Path, encoding: str, first: str) -> None:
    # By its names alone this header would be parted at the comma.
    file = put(tmp_path, (first + "a,first_name;last_name,\nVäinö;Öhman\n").encode(encoding))

    found = [(cells.number, cells.texts) for cells in read_table(file, known)]

    assert found == [(2, ["a,first_name", "last_name,"]), (3, ["Väinö", "Öhman"])]


def test_a_broken_row_after_a_line_for_excel_is_told_by_its_own_number(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="row 3: no CSV"):
        read(put(tmp_path, b'sep=,\nfirst_name,last_name\n"Matti,x\nKaisa,y\n'))


def test_a_file_of_plain_letters_is_utf_8(tmp_path: Path) -> None:
    assert encoding_of(put(tmp_path, b"first_name\nMatti\n")) == "utf-8"


@pytest.mark.parametrize(
    "content",
    [
        "first_name\nVäinö\n".encode() + "Öhman\n".encode("cp1252"),
        b"first_name\n" + "Öhman ".encode("cp1252") + "Väinö\n".encode(),
    ],
)
def test_mixed_encodings_are_refused_with_the_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileRefused, match=r"mixed: line [23]"):
        read(put(tmp_path, content))


def test_an_encoding_that_is_named_and_is_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="not utf-8 all through"):
        read(put(tmp_path, TEXT.format(",").encode("cp1252")), encoding="utf-8")


def test_rows_are_counted_as_a_sheet_counts_them_and_blank_ones_are_passed_over(tmp_path: Path) -> None:
    file = put(tmp_path, b'first_name,last_name\n\n"Two\nlines",x\n,\nMatti,y\n')

    assert [(cells.number, cells.texts) for cells in read_table(file, known)][1:] == [
        (3, ["Two\nlines", "x"]),
        (5, ["Matti", "y"]),
    ]


def test_a_row_that_cannot_be_read_after_one_of_several_lines_is_told_by_row_and_line(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"row 3 \(line 5 of the file\): no CSV"):
        read(put(tmp_path, b'first_name,last_name\n"Three\nwhole\nlines",x\n"Matti,x\nKaisa,y\n'))


def test_a_cell_of_ten_megabytes_is_refused_with_its_row(tmp_path: Path) -> None:
    file = put(tmp_path, b"first_name,last_name\nMatti,x\n" + b"A" * 10_000_000 + b",y\n")

    with pytest.raises(FileRefused, match=rf"row 3: .*{LONGEST_CELL}"):
        read(file)


def test_a_quote_that_is_left_open_is_refused_and_takes_no_rows_along(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="row 2: no CSV"):
        read(put(tmp_path, b'first_name,last_name\n"Matti,x\nKaisa,y\n'))


def test_a_nul_byte_is_kept_in_its_cell_for_the_rules_to_refuse(tmp_path: Path) -> None:
    assert read(put(tmp_path, b"first_name,last_name\nMa\x00tti,x\n"))[1] == ["Ma\x00tti", "x"]


def test_a_sheet_is_read_with_numbers_days_and_truths_as_text(tmp_path: Path) -> None:
    file = sheet(tmp_path, ("first_name", "last_name"), (1001, 40.0), (datetime(1980, 12, 24), True), (None, " Ö "))  # noqa: DTZ001 - as a sheet has it

    assert read(file)[1:] == [["1001", "40"], ["1980-12-24", "yes"], ["", "Ö"]]
    assert read(sheet(tmp_path, ("first_name",), (date(1980, 12, 24),)))[1] == ["1980-12-24"]


def test_a_sheet_that_unpacks_to_far_more_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "")
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 64 * 1024 * 1024)

    with pytest.raises(FileRefused, match="unpacks to far more"):
        read(file)


def test_a_sheet_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    file = sheet(tmp_path, ("first_name", "last_name"), *(("A" * 200, str(number)) for number in range(2000)))
    content = bytearray(file.read_bytes())
    at = content.index(b"PK\x01\x02")
    while at >= 0:
        content[at + 24 : at + 28] = (100).to_bytes(4, "little")
        at = content.find(b"PK\x01\x02", at + 4)

    with pytest.raises(FileRefused):
        read(put(tmp_path, bytes(content)))


def test_entities_that_multiply_are_refused(tmp_path: Path) -> None:
    file = sheet(tmp_path, ("first_name", "last_name"))
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><worksheet>&l9;</worksheet>'
    packed = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, bomb if name.startswith("xl/worksheets/") else old.read(name))

    with pytest.raises(FileRefused):
        read(put(tmp_path, packed.getvalue()))


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + b"\xff" * 2000])
def test_a_broken_sheet_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileRefused, match="no whole XLSX"):
        read(put(tmp_path, content))


def test_a_file_that_is_not_there_is_refused_by_its_reason(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be read"):
        read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), r"old Excel \(\.xls\); save it as XLSX or CSV"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", r"\(\.ods\); save it"),
    ],
)
def test_a_sheet_of_another_kind_is_called_by_its_name(tmp_path: Path, content: bytes, named: str) -> None:
    with pytest.raises(FileRefused, match=named):
        read(put(tmp_path, content))
