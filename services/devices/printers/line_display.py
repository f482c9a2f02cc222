"""A customer display of two rows: what stands on them, and the bytes that put it there. Pure.

The two languages such displays speak: ESC/POS as Epson's DM-D displays do (command reference of the DM-D110),
and CD5220 (``ESC Q A`` upper row, ``ESC Q B`` lower row), which most others can be set to.
"""

from dataclasses import dataclass

from services.devices.printers.settings import PAGE_NUMBERS, LineDisplaySettings
from services.devices.spelling import locale_of, money, price, printable
from services.runtime.texts import Texts

COLUMNS = 20
WORDS = ("Total", "Thank you!")
BLANK = (" " * COLUMNS, " " * COLUMNS)
_OVERWRITE, _CURSOR_OFF, _HOME = b"\x1f\x01", b"\x1fC\x00", b"\x0b"
_STRING_MODE_OFF = b"\x18"


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of a shop in one language."""

    texts: Texts
    language: str

    def get(self, msgid: str) -> str:
        """The sentence in that language."""
        return self.texts.get(self.language, msgid)


def rows_of(  # noqa: PLR0913 - what two rows say
    words: Words, total: int, currency: str, *, page: str, name: str = "", amount: int | None = None
) -> tuple[str, str]:
    """Two rows: an item (or what is said instead) with its amount, and the total; each as wide as the display."""
    locale = locale_of(words.language)
    in_full = price(total, currency, locale, page)
    if len(in_full) > COLUMNS:
        in_full = money(total, currency, locale, page)
    return (
        _row(printable(name, page), "" if amount is None else money(amount, currency, locale, page)),
        _row(printable(words.get("Total"), page), in_full),
    )


def _row(left: str, right: str) -> str:
    """``left`` is cut off where ``right`` needs the room: an amount that is cut would be another amount."""
    room = max(COLUMNS - len(right) - 1, 0) if right else COLUMNS
    return f"{left[:room]:{room}} {right}"[-COLUMNS:] if right else f"{left[:room]:{room}}"


def display_bytes(rows: tuple[str, str], display: LineDisplaySettings) -> bytes:
    """The bytes that show two rows; each message says all, so that a lost one leaves no trace.

    Nothing is cleared before: both rows are written over whole, and a display that is told the same again does
    not flicker.
    """
    number = display.code_page_number
    upper, lower = (row.encode(display.page, errors="replace") for row in rows)
    if display.commands == "cd5220":
        # After ESC Q A or B nothing but each other is obeyed until CAN (manual of Epson's P07303, section 7.2).
        signs = b"" if number is None else _STRING_MODE_OFF + b"\x1bc" + bytes([number])
        return signs + b"\x1bQA" + upper + b"\r" + b"\x1bQB" + lower + b"\r"
    page = b"\x1bt" + bytes([PAGE_NUMBERS[display.page] if number is None else number])
    # In this mode the display goes on in the lower row when the upper one is full.
    return page + _OVERWRITE + _CURSOR_OFF + _HOME + upper + lower
