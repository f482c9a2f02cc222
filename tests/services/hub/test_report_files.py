"""A report on the terminal, as CSV and as XLSX: what stands in it is read back, and none of it is run."""

import csv
import io
import re
import stat
import weakref
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from contracts.staff.credit import StaffSales, StaffSalesRow
from services.customers.exchange.cells import unguarded_throughout
from services.hub.commands.people.sales import title
from services.hub.report_files import (
    Cell,
    Column,
    Outputs,
    Report,
    csv_bytes,
    csv_text,
    guarded,
    hand_out,
    places_of,
    table,
    twice_guarded,
    unguarded,
    write_out,
    xlsx_bytes,
)
from services.hub.terminal import CommandRefused

ANSWER = StaffSales("attributed", (StaffSalesRow("2026-03", None, 2, 450),))
BEGINS_A_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
texts = st.text() | st.builds(str.__add__, st.sampled_from([*BEGINS_A_FORMULA, "'", "'=", "''+"]), st.text())


def of_texts(*rows: tuple[Cell, ...]) -> Report:
    return Report("Texts", (Column("one"), Column("two")), rows)


def amounts(places: int, *given: int) -> Report:
    return Report("Amounts", (Column("whose"), Column("amount", places)), [("0012", amount) for amount in given])


def read_back(content: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content, newline="")))


def test_a_report_of_sales_says_whether_it_is_turnover() -> None:
    """What a single-purpose voucher pays is in the one and not in the other."""
    assert title("cashier") == "Turnover by cashier"
    assert "turnover" not in title("attributed").lower()


@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_no_text_in_a_csv_begins_a_formula_and_each_reads_back(rows: list[tuple[str, str]]) -> None:
    _, *read = read_back(csv_text(of_texts(*rows)))

    assert not [cell for row in read for cell in row if cell.startswith(BEGINS_A_FORMULA)]
    assert [tuple(unguarded(cell) for cell in row) for row in read] == rows


@pytest.mark.parametrize("parts", [r"[;]", r"[\t]", r"[\r\n]"])
@given(pieces=st.lists(st.sampled_from([*BEGINS_A_FORMULA, ";", "'", '"', " ", "x", "HYPERLINK(A1)"]), max_size=12))
def test_nothing_in_a_text_begins_a_formula_where_cells_are_parted_otherwise(parts: str, pieces: list[str]) -> None:
    """Excel parts them by semicolons where numbers have a decimal comma, and minds no quote within a cell then."""
    text = "".join(pieces)
    _, line = csv_text(of_texts(("of two", f"x{text}"))).split("\r\n", 1)

    assert not [each for each in re.split(parts, line)[1:] if each.lstrip(' "').startswith(BEGINS_A_FORMULA[:4])]
    assert unguarded(guarded(text)) == unguarded_throughout(guarded(text)) == text
    assert unguarded_throughout(twice_guarded(text)) == text


@given(texts, texts)
def test_two_texts_are_never_written_alike(one: str, other: str) -> None:
    assert (guarded(one) == guarded(other)) == (one == other)


@pytest.mark.parametrize("text", ["Olga", "'t Hooft", "", "1=1", "a@b.example", "10-12"])
def test_a_text_that_begins_no_formula_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


@given(st.integers(-(10**12), 10**12), st.integers(0, 3))
def test_an_amount_in_a_csv_is_the_exact_decimal(amount: int, places: int) -> None:
    _, [_, written] = read_back(csv_text(amounts(places, amount)))

    assert Decimal(written) * 10**places == amount
    assert len(written.partition(".")[2]) == places


def test_a_csv_file_tells_excel_its_encoding_and_holds_every_letter() -> None:
    content = csv_bytes(of_texts(("Mäkinen", "Groß & Söhne, €")))

    assert content.startswith(b"\xef\xbb\xbf")
    assert read_back(content.decode("utf-8-sig")) == [["one", "two"], ["Mäkinen", "Groß & Söhne, €"]]


def test_an_xlsx_cell_is_text_as_it_was_given_or_a_number_and_never_a_formula() -> None:
    report = Report(
        "Sales",
        (Column("id"), Column("name"), Column("sales", 0), Column("amount", 2)),
        [("0012", "=1+1", 3, -450), ("+4930", "http://shop.example", 0, 10**12), ("'t", "{=A1}", None, 7)],
    )

    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(report))).active
    assert sheet is not None
    read = [[(cell.data_type, cell.value) for cell in row] for row in sheet.iter_rows()]
    assert read == [
        [("s", "id"), ("s", "name"), ("s", "sales"), ("s", "amount")],
        [("s", "0012"), ("s", "=1+1"), ("n", 3), ("n", -4.5)],
        [("s", "+4930"), ("s", "http://shop.example"), ("n", 0), ("n", 10**10)],
        [("s", "'t"), ("s", "{=A1}"), ("n", None), ("n", 0.07)],
    ]
    assert [cell.number_format for cell in sheet[2]] == ["@", "@", "0", "0.00"]


def test_what_no_sheet_can_hold_is_refused_and_not_cut_off() -> None:
    with pytest.raises(CommandRefused, match="too long"):
        xlsx_bytes(of_texts(("x" * 32_768, "")))


def test_columns_for_the_terminal_stay_out_of_files_and_the_other_way_round(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report(
        "Both",
        (Column("name", only="screen"), Column("staff_id", only="files"), Column("sales", 0)),
        [("Olga", "0190", 3)],
    )

    hand_out(report, ANSWER, Outputs(csv=str(tmp_path / "sales.csv")))

    assert read_back((tmp_path / "sales.csv").read_text("utf-8-sig")) == [["staff_id", "sales"], ["0190", "3"]]
    assert capsys.readouterr().out == f"{tmp_path / 'sales.csv'}: 1 rows\n"
    assert drawn(report).split() == ["Both", "name", "sales", "Olga", "3"]


def test_a_terminal_obeys_nothing_that_stands_in_a_cell() -> None:
    shown = drawn(of_texts(("[red]x[/red]", "\x1b[31mred\x07")))

    assert "[red]x[/red]" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_a_report_goes_to_standard_output_as_csv_or_as_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    hand_out(amounts(2, 450), ANSWER, Outputs(csv="-"))
    assert read_back(capsys.readouterr().out) == [["whose", "amount"], ["0012", "4.50"]]

    hand_out(amounts(2, 450), ANSWER, Outputs(as_json=True))
    assert msgspec.json.decode(capsys.readouterr().out, type=StaffSales) == ANSWER


@pytest.mark.parametrize("outputs", [Outputs(csv="-", as_json=True), Outputs(xlsx=Path("-"))])
def test_standard_output_takes_one_text_and_no_sheet(outputs: Outputs) -> None:
    with pytest.raises(CommandRefused):
        outputs.check()


def test_a_file_takes_the_place_of_the_one_before_or_is_left_alone(tmp_path: Path) -> None:
    sheet, folder = tmp_path / "sales.xlsx", tmp_path / "folder.csv"
    sheet.write_bytes(b"before")
    folder.mkdir()

    hand_out(amounts(2, 450), ANSWER, Outputs(xlsx=sheet))

    assert openpyxl.load_workbook(sheet).active is not None
    assert stat.S_IMODE(sheet.stat().st_mode) == 0o640
    for refused in (folder, tmp_path / "nowhere" / "sales.csv"):
        with pytest.raises(CommandRefused):
            hand_out(amounts(2, 450), ANSWER, Outputs(csv=str(refused)))
    assert sorted(tmp_path.iterdir()) == [folder, sheet]


def test_rows_about_people_go_into_private_files_one_at_a_time(tmp_path: Path) -> None:
    alive: list[int] = []
    made: list[weakref.ref[Row]] = []

    def rows() -> Iterator[list[Cell]]:
        for number in range(50):
            alive.append(sum(each() is not None for each in made))
            row = Row((f"=name {number}", number))
            made.append(weakref.ref(row))
            yield row

    columns = (Column("name"), Column("amount", 2))
    outputs = Outputs(csv=str(tmp_path / "all.csv"), xlsx=tmp_path / "all.xlsx")

    written = write_out(columns, rows, outputs)

    assert max(alive) <= 2
    assert written == [tmp_path / "all.csv", tmp_path / "all.xlsx"]
    assert [stat.S_IMODE(each.stat().st_mode) for each in written] == [0o600] * 2
    whole = Report("All", columns, [(f"=name {number}", number) for number in range(50)])
    assert (tmp_path / "all.csv").read_bytes() == csv_bytes(whole)
    assert sheet_of((tmp_path / "all.xlsx").read_bytes()) == sheet_of(xlsx_bytes(whole))


def test_what_breaks_off_half_way_leaves_the_file_of_before_alone(tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_bytes(b"before")

    def rows() -> Iterator[list[Cell]]:
        yield ["one", "two"]
        raise CommandRefused("away")

    with pytest.raises(CommandRefused, match="away"):
        write_out((Column("one"), Column("two")), rows, Outputs(csv=str(file)))

    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_currency_says_its_places_and_what_is_none_is_refused() -> None:
    assert [places_of(code) for code in ("EUR", "JPY", "KWD")] == [2, 0, 3]
    with pytest.raises(CommandRefused, match="ISO 4217"):
        places_of("eur")


class Row(list[Cell]):
    """A row of which it can be told whether it is still there."""


def sheet_of(content: bytes) -> list[tuple[object, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return list(sheet.iter_rows(values_only=True))


def drawn(report: Report) -> str:
    """The table as a terminal shows it, without its frame."""
    out = Console(file=io.StringIO(), width=100, force_terminal=False)
    out.print(table(report))
    assert isinstance(out.file, io.StringIO)
    shown = out.file.getvalue()
    return "".join(" " if "\u2500" <= each <= "\u257f" else each for each in shown)
