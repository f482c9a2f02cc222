"""How texts and amounts are spelled with what a printer's or display's code page has.

Pure. Never here: which words stand on a receipt, or how they become bytes. Control characters never get past
``printable``, so that no text of the shop can speak to a device.
"""

import unicodedata
from decimal import Decimal
from functools import lru_cache

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision

CODE_PAGE = "cp858"
"""What is used unless a device is said to have another: western Europe's letters and the euro."""

_LOOKALIKES = str.maketrans(
    {
        "\u2212": "-",
        "\u2010": "-",
        "\u2011": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2026": "...",
        "\u0142": "l",
        "\u0141": "L",
        "\u0153": "oe",
        "\u0152": "OE",
        "\u1e9e": "SS",
    }
)


def printable(text: str, page: str = CODE_PAGE) -> str:
    """The text as a code page can print it, on one line.

    Control and format characters (Unicode categories C*) become a space, so that no text can
    hold a printer command; what the page lacks becomes its nearest letter, else a question mark.
    """
    visible = "".join(
        " " if unicodedata.category(each)[0] in "CZ" else each for each in unicodedata.normalize("NFC", text)
    )
    spelled = "".join(each if encodable(each, page) else _nearest(each, page) for each in visible)
    return " ".join(spelled.split())


def _nearest(character: str, page: str) -> str:
    lookalike = character.translate(_LOOKALIKES)
    if encodable(lookalike, page):
        return lookalike
    letters = "".join(each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each))
    return letters if letters and encodable(letters, page) else "?"


@lru_cache(4096)
def encodable(text: str, page: str = CODE_PAGE) -> bool:
    """Whether a code page has all of a text, and prints none of it as a control character."""
    try:
        data = text.encode(page)
    except UnicodeEncodeError:
        return False
    return all(byte >= 0x20 and byte != 0x7F for byte in data)


def locale_of(language: str, country: str = "") -> Locale:
    """The habits of a language in a country, of the language alone, or English ones."""
    for name in (f"{language}_{country}", language):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


def major_units(amount: int, currency: str) -> Decimal:
    """An amount of minor units as it is written."""
    return Decimal(amount).scaleb(-get_currency_precision(currency))


def money(amount: int, currency: str, locale: Locale, page: str = CODE_PAGE) -> str:
    """An amount without its currency."""
    written = format_currency(major_units(amount, currency), currency, format="#,##0.00", locale=locale)
    return printable(written, page)


def price(amount: int, currency: str, locale: Locale, page: str = CODE_PAGE) -> str:
    """An amount with its currency, as a symbol if the code page has it and as its code if not."""
    text = format_currency(major_units(amount, currency), currency, locale=locale)
    symbols = "".join(text.split())
    return printable(text, page) if encodable(symbols, page) else f"{currency} {money(amount, currency, locale, page)}"
