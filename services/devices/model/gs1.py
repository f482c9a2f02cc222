"""GS1 element strings: what a symbol says besides which item it is. Pure.

biip knows GS1's table of application identifiers; it is loaded with the first such symbol, or ahead of it by
``prepare``: it costs 0.1 s (more on a small board) and 16 MB, which a shop without scanners need not pay.
"""

import re
from types import ModuleType

from contracts.devices.scanning import Gs1Element

# GS1 General Specifications 7.8 and ISO/IEC 15424: the symbology identifiers of symbols that hold element strings.
_IDENTIFIERS = frozenset((("C", "1"), ("e", "0"), ("d", "2"), ("Q", "3"), ("J", "1")))
_GS = "\x1d"
_ITEM_NUMBER = re.compile(r"01[0-9]{14}.+", re.DOTALL)
_DIGITAL_LINK = re.compile(r"https?://[^\s]+/(01|gtin)/[0-9]{8,14}([/?].*)?", re.IGNORECASE)
_MOST = 32


def says_gs1(family: str, modifier: str, text: str) -> bool:
    """Whether a text is worth reading as element strings.

    Its symbology says so; or it names none, and there is a separator in it, or an item number with more behind it.
    """
    if family:
        return (family, modifier) in _IDENTIFIERS or _DIGITAL_LINK.fullmatch(text) is not None
    return _GS in text or _ITEM_NUMBER.fullmatch(text) is not None or _DIGITAL_LINK.fullmatch(text) is not None


def elements_of(text: str) -> tuple[Gs1Element, ...]:
    """The element strings of a text, or none when it is not made of them.

    A GTIN whose check digit is wrong is left out: what is not sure is not told.
    """
    messages = prepare()
    try:
        if _DIGITAL_LINK.fullmatch(text):
            message = messages.GS1DigitalLinkURI.parse(text)
        else:
            message = messages.GS1Message.parse(text.strip(_GS))
    except (messages.ParseError, ValueError):  # a link may be no address at all: urllib says ValueError
        return ()
    sure = (each for each in message.element_strings if each.gtin_error is None)
    return tuple(Gs1Element(each.ai.ai, each.value) for each in sure)[:_MOST]


def gtin_in(elements: tuple[Gs1Element, ...]) -> str | None:
    """The item that the elements are of, as thirteen digits where it has no more, or None."""
    gtin = next((each.value for each in elements if each.ai == "01"), None)
    return gtin.removeprefix("0") if gtin is not None else None


def prepare() -> ModuleType:
    """Load what reads element strings, if it is not yet."""
    from services.devices.model import gs1_parser  # noqa: PLC0415 - see the module's docstring

    return gs1_parser
