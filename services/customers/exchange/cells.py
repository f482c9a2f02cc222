"""What cells of a file hold: yes and no, money, days, countries, streets; each read or refused with its rule."""

import re
from functools import cache

from babel import Locale

MOST_DIGITS = 12
LONGEST_STREET = 200
_OF_A_THOUSAND = 3
_LANGUAGES = ("en", "de", "nl", "fi")
"""In which countries are called by their names; no two countries share one."""
_GUARDED = re.compile("'+[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_GUARDED_PART = re.compile("(?<=[;\t\r\n])'(?=[ \"']*[=+\\-@\uff1d\uff0b\uff0d\uff20])")
_APOSTROPHE = re.compile(r"'+(?=[+0-9])")
_MONEY = re.compile(rf"(-?)([0-9]{{1,{MOST_DIGITS}}})(?:[.,]([0-9]+))?")
_GERMAN_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER_LAST = re.compile(
    r"(?P<street>.*?[^\W\d_].*?)[\s,]+(?P<number>[0-9]+)\s*(?P<addition>[-/ ]?\s*[A-Za-z0-9][A-Za-z0-9 -]{0,9})?"
)
_NUMBER_FIRST = re.compile(r"(?P<number>[0-9]+)(?P<addition>[A-Za-z]?),?\s+(?P<street>.*[^\W\d_].*)")
_NUMBER_IN_FRONT = frozenset({"GB", "IE", "US", "CA", "AU", "NZ", "FR", "LU"})
_YES = frozenset({"yes", "y", "true", "1", "ja", "kyllä", "kylla"})
_NO = frozenset({"no", "n", "false", "0", "nein", "nee", "ei"})


class CellRefused(ValueError):
    """A cell does not hold what its column is for; ``rule`` says what would do."""

    def __init__(self, field: str, rule: str) -> None:
        self.field, self.rule = field, rule
        super().__init__(f"{field}: {rule}")


def unguarded(text: str) -> str:
    """A text without the apostrophe that keeps a spreadsheet from running it as a formula."""
    return text[1:] if _GUARDED.match(text) else text


def unguarded_throughout(text: str) -> str:
    """The same of the shop's own files, which keep parts after a semicolon or in another line from being run, too."""
    return _GUARDED_PART.sub("", unguarded(text))


def unmarked(text: str) -> str:
    """A phone, number or postcode without the apostrophes that keep a spreadsheet from taking it for a number."""
    return _APOSTROPHE.sub("", text, count=1) if text.startswith("'") else text


def yes_no(text: str, field: str) -> bool | None:
    """Yes or no; blank is neither.

    Raises:
        CellRefused: it is something else.
    """
    plain = text.strip().casefold()
    if not plain:
        return None
    if plain in _YES or plain in _NO:
        return plain in _YES
    raise CellRefused(field, "yes or no")


def minor_units(text: str, places: int, field: str) -> int:
    """An amount in minor units; blank is nothing. Noughts beyond the places say nothing: ``5.00000`` is ``5.00``.

    Raises:
        CellRefused: it is no amount, or it cannot be told whether a mark parts thousands or cents.
    """
    if not text.strip():
        return 0
    match = _MONEY.fullmatch(text.strip())
    said = (match[3] or "") if match else ""
    # Three digits after the mark may be a thousand's.
    if match is None or said[places:].strip("0") or len(said) == _OF_A_THOUSAND != places:
        raise CellRefused(field, f"an amount such as 12.50, with at most {places} places and nothing between thousands")
    amount = int(match[2] + said[:places].ljust(places, "0"))
    return -amount if match[1] else amount


def whole_number(text: str, field: str) -> int:
    """A whole number; blank is 0.

    Raises:
        CellRefused: it is none.
    """
    plain = text.strip() or "0"
    if not re.fullmatch(rf"-?[0-9]{{1,{MOST_DIGITS}}}", plain):
        raise CellRefused(field, "a whole number")
    return int(plain)


def day(text: str, field: str) -> str | None:
    """A day by ISO 8601; blank is none. 24.12.2026 is taken, too; 01/02/2026 may be two days and is not.

    Raises:
        CellRefused: it is none of these.
    """
    plain = text.strip().removesuffix("T00:00:00").removesuffix(" 00:00:00")
    if not plain or plain == "0000-00-00":
        return None
    dotted = _GERMAN_DAY.fullmatch(plain)
    if dotted:
        return f"{dotted[3]}-{int(dotted[2]):02}-{int(dotted[1]):02}"
    if not _ISO_DAY.fullmatch(plain):
        raise CellRefused(field, "a day such as 1980-12-24")
    return plain


def country(text: str, field: str) -> str | None:
    """A country's code by ISO 3166-1, from that or its name in English, German, Dutch or Finnish; blank is none.

    Raises:
        CellRefused: no country is called that.
    """
    plain = text.strip()
    if not plain:
        return None
    code = plain.upper() if re.fullmatch(r"[A-Za-z]{2}", plain) else _country_names().get(plain.casefold())
    if code is None:
        raise CellRefused(field, "a country by its code (ISO 3166-1) or its name in English, German, Dutch or Finnish")
    return "GB" if code == "UK" else code


def street_parts(text: str, country_code: str | None) -> dict[str, str]:
    """Street, house number and addition apart, where they can be told; else all of it is the street."""
    plain = " ".join(text.split())
    pattern = _NUMBER_FIRST if country_code in _NUMBER_IN_FRONT else _NUMBER_LAST
    match = pattern.fullmatch(plain) if len(plain) <= LONGEST_STREET else None
    if match is None:
        return {"street": plain}
    addition = (match["addition"] or "").strip(" -/")
    return {"street": match["street"].strip(" ,"), "house_number": match["number"], "addition": addition}


@cache
def _country_names() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                found.setdefault(name.casefold(), code)
    return {**found, "england": "GB", "scotland": "GB", "wales": "GB", "great britain": "GB", "usa": "US"}
