"""GS1 element strings: what a symbol says besides which item it is. Pure.

biip knows GS1's table of application identifiers; it is loaded with the first such symbol, or ahead of it by
``prepare``: it costs 0.1 s (more on a small board) and 16 MB, which a shop without scanners need not pay.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from stdnum import ean

from contracts.devices.scanning import Gs1Element

# GS1 General Specifications 7.8 and ISO/IEC 15424: the symbology identifiers of symbols that hold element strings.
_IDENTIFIERS = frozenset((("C", "1"), ("e", "0"), ("d", "2"), ("Q", "3"), ("J", "1")))
_GS = "\x1d"
_ITEM_NUMBER = re.compile(r"01[0-9]{14}.+", re.DOTALL)
_ITEM_NUMBER_ALONE = re.compile(r"01[0-9]{14}")
_DIGITAL_LINK = re.compile(r"https?://[^\s]+/(01|gtin)/[0-9]{8,14}([/?].*)?", re.IGNORECASE)
# GS1 Digital Link 1.1, 4.3: the names that older links have for the item's number and what stands behind it.
_NAMES_IN_LINKS = {"gtin": "01", "cpv": "22", "lot": "10", "ser": "21"}
# GS1 General Specifications, figure 7.8.5-2: how long, by its first two digits, an element is that needs no separator.
_LENGTHS = (
    {"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "20": 4, "41": 16}
    | {str(ai): 8 for ai in range(11, 20)}
    | {str(ai): 10 for ai in range(31, 37)}
)
_MOST = 32
_Part = tuple[str, Any]
"""The text of one element, and what biip makes of it, None of one that is wrong."""


@dataclass(frozen=True, slots=True)
class Elements:
    """What a symbol of GS1 says, nothing of one that is none.

    What is not sure is not told: a date that is none is left out of ``told``, and a GTIN whose check digit is
    wrong, which ``misread`` says.
    """

    told: tuple[Gs1Element, ...] = ()
    misread: bool = False

    @property
    def gtin(self) -> str | None:
        """The item that they are of, as thirteen digits where it has no more, or None."""
        gtin = next((each.value for each in self.told if each.ai == "01"), None)
        return gtin.removeprefix("0") if gtin is not None else None


def is_item_number(text: str) -> bool:
    """Whether a text is an item number alone, as DataBar has it, by its check digit: any ten codes hold one such."""
    return _ITEM_NUMBER_ALONE.fullmatch(text) is not None and ean.is_valid(text[2:])


def elements_of(text: str, family: str, modifier: str) -> Elements:
    """The element strings of a text without its symbology's identifier, whose letter and modifier are given.

    It is made of them when that identifier says so, or when it is a link of GS1's. Without an identifier it is when
    there is a separator in it or an item number ahead, and all of it reads so; what is behind the item
    number may be wrong, as long as GS1 knows what it is meant to be.
    """
    if _DIGITAL_LINK.fullmatch(text):
        return _sure(_parts_of_link(text))
    if family:
        return _sure(_parts(text)) if (family, modifier) in _IDENTIFIERS else Elements()
    if _GS not in text and not is_item_number(text) and _ITEM_NUMBER.fullmatch(text) is None:
        return Elements()
    parts = list(_parts(text))
    read = _sure(parts)
    if all(element is not None for _, element in parts):
        return read if _GS in text or not read.misread else Elements()
    meant = parts[0][0].startswith("01") and all(_names_an_element(part) for part, _ in parts)
    return read if meant and (read.gtin is not None or _GS in text) else Elements()


def _sure(parts: Iterable[_Part]) -> Elements:
    """What is right of the parts, at most ``_MOST``."""
    read = [element for _, element in parts if element is not None]
    told = [Gs1Element(each.ai.ai, each.value) for each in read if each.gtin_error is None]
    misread = any(each.ai.ai == "01" and not ean.is_valid(each.value) for each in read)
    return Elements(tuple(told[:_MOST]), misread)


def _parts(text: str) -> Iterator[_Part]:
    """A text cut where its elements end, whether they are right or not."""
    for piece in text.strip().split(_GS):
        rest = piece
        while rest:
            element = _element(rest)
            length = _LENGTHS.get(rest[:2], len(rest)) if element is None else len(element)
            # One of any length ends with the piece; only where a separator was forgotten another is behind it.
            if element is not None and element.ai.separator_required and not _names_an_element(rest[length:]):
                length, element = len(rest), element if length == len(rest) else None
            yield rest[:length], element
            rest = rest[length:]


def _parts_of_link(link: str) -> Iterator[_Part]:
    """The elements of a link, each as it would stand in a symbol."""
    try:
        address = urlsplit(link)
    except ValueError:  # it looks like an address and is none
        return
    path = address.path.split("/")
    begin = next((place for place, name in enumerate(path) if _in_digits(name) == "01"), len(path))
    pairs = [*zip(path[begin::2], map(unquote, path[begin + 1 :: 2]), strict=False), *parse_qsl(address.query)]
    for name, value in pairs:
        ai = _in_digits(name)
        part = ai + (value.zfill(14) if ai == "01" else value)
        element = _element(part)
        yield part, element if element is not None and (element.ai.ai, len(element)) == (ai, len(part)) else None


def _in_digits(name: str) -> str:
    return _NAMES_IN_LINKS.get(name.lower(), name)


def _element(text: str) -> Any:
    """What biip makes of the element that a text begins with, or None."""
    parser = prepare()
    try:
        return parser.GS1ElementString.extract(text)
    except parser.ParseError:
        return None


def _names_an_element(part: str) -> bool:
    parser = prepare()
    try:
        parser.GS1ApplicationIdentifier.extract(part)
    except parser.ParseError:
        return False
    return True


def prepare() -> ModuleType:
    """Load what reads element strings, if it is not yet."""
    from services.devices.model import gs1_parser  # noqa: PLC0415 - see the module's docstring

    return gs1_parser
