"""What two rows say, and the bytes that put them there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import DeviceId, RegisterId
from services.devices.printers.line_display import COLUMNS, Words, display_bytes, rows_of
from services.devices.printers.settings import LineDisplaySettings
from services.devices.receipt import LOCALE
from services.runtime.texts import Texts

TEXTS = Texts(LOCALE)
ROWS = ("Grüner Tee      6,49", "Summe        16,75 €")


def display(**how: Any) -> LineDisplaySettings:
    return LineDisplaySettings(
        device=DeviceId("display-1"), register=RegisterId("till-1"), tty="/dev/serial/by-id/usb-x", **how
    )


@pytest.mark.parametrize(
    ("language", "name", "rows"),
    [
        ("de", "Grüner Tee", ROWS),
        ("en", "Green tea", ("Green tea       6.49", "Total         €16.75")),
        ("nl", "Een heel lange naam", ("Een heel lange  6,49", "Totaal       € 16,75")),
        ("fi", "Tee", ("Tee             6,49", "Yhteensä     16,75 €")),
    ],
)
def test_the_rows_show_the_item_and_the_total(language: str, name: str, rows: tuple[str, str]) -> None:
    assert rows_of(Words(TEXTS, language), 1675, "EUR", page="cp858", name=name, amount=649) == rows


@given(st.text(max_size=60), st.integers(-(10**14), 10**14), st.none() | st.integers(-(10**14), 10**14))
def test_both_rows_fill_the_display_whatever_they_say(name: str, total: int, amount: int | None) -> None:
    upper, lower = rows_of(Words(TEXTS, "de"), total, "EUR", page="cp858", name=name, amount=amount)

    assert (len(upper), len(lower)) == (COLUMNS, COLUMNS)
    assert len(upper.encode("cp858")) == len(lower.encode("cp858")) == COLUMNS
    assert min((upper + lower).encode("cp858")) >= 0x20


def test_an_epson_display_gets_two_whole_rows_over_what_it_shows() -> None:
    data = display_bytes(ROWS, display())

    assert data == b"\x1bt\x13\x1f\x01\x1fC\x00\x0b" + ROWS[0].encode("cp858") + ROWS[1].encode("cp858")


def test_a_display_that_speaks_cd5220_gets_each_row_by_its_name_and_no_code_page() -> None:
    """It has no ESC t (manual of Epson's P07303, section 7.2): two signs of it would stand on the display."""
    data = display_bytes(ROWS, display(commands="cd5220"))

    upper, lower = (row.encode("cp437", errors="replace") for row in ROWS)
    assert data == b"\x1bQA" + upper + b"\r\x1bQB" + lower + b"\r"


def test_a_display_that_speaks_cd5220_leaves_the_mode_of_rows_before_its_signs_are_chosen() -> None:
    data = display_bytes(ROWS, display(commands="cd5220", code_page="cp852", code_page_number=ord("L")))

    assert data.startswith(b"\x18\x1bcL\x1bQAGr\x81ner Tee")
