"""How customers are found by what somebody types: folding, keys and patterns, pure.

Belongs here: what a text is folded to and which keys find a customer. Never here: a table, a query language.
"""

import re
import unicodedata
from typing import Literal, NamedTuple

import phonenumbers

from contracts.customers import Customer
from contracts.customers.profile import Address
from services.customers.model.postcodes import LETTERS_IN_FRONT

MOST_WORDS = 24
"""So many words of a record can be searched; a longer one is found by its first ones."""
FEWEST_DIGITS = 3
"""Fewer digits than these are no beginning or end of a phone."""

FEWEST_OF_A_DOOR = 4
"""Fewer letters and digits than these are no beginning of a postcode worth looking for."""

_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h"}
)
"""Letters that Unicode does not take apart into a letter and its mark; ``ß`` becomes ``ss`` by case folding."""
_COUNTRY_IN_FRONT = re.compile(r"^\s*([A-Za-z]{1,3})-(?=[0-9])")
_DOOR = re.compile(r"([a-z]{0,3}[0-9])[a-z0-9]*")
_PREFIX_IN_BRACKETS = re.compile(r"\(0\)")
_COUNTRY_CODE_DIGITS = 3
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_PHONE = re.compile(r"[+0-9 ()./\-\u00a0\u2010-\u2013]+")


def fold(text: str) -> str:
    """The text blind to case and accents: ``Mäkinen`` and ``MAKINEN`` both become ``makinen``."""
    if text.isascii():  # the same, in a tenth of the time
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in apart if not unicodedata.combining(each))
    return unicodedata.normalize("NFC", bare.casefold().translate(_PLAIN))


def words(text: str) -> list[str]:
    """The folded words of a text: ``O'Brien-Smith`` gives ``o``, ``brien`` and ``smith``."""
    return [word for word in _BETWEEN_WORDS.split(fold(text)) if word]


def compact(text: str) -> str:
    """Letters and digits alone, folded: ``1012 AB`` and ``1012ab`` are the same."""
    return "".join(words(text))


def code_key(code: str) -> str:
    """What a card's code is compared by: blind to case, for a scanner and a person write it differently.

    Canonical caseless matching, Unicode 3.13, D145: ``PÄIVI-1`` is ``päivi-1``, however its letters are put together.
    """
    if code.isascii():  # the same, in a tenth of the time
        return code.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", code).casefold())


def door_key(address: Address) -> str:
    """What a home is found by: postcode, house number and addition without anything between them."""
    return compact(f"{address.postcode} {address.house_number} {address.addition}") if address.postcode else ""


def keys(customer: Customer) -> tuple[str, ...]:
    """Every word of a customer's names and company, each followed by the words around it.

    ``Matti Mäkinen`` has the keys ``matti makinen`` and ``makinen matti``: a prefix of a key finds him by either
    name, and what else is typed narrows it down within the same key.
    """
    found = [word for text in (customer.first_name, customer.last_name, customer.company) for word in _findable(text)]
    found = list(dict.fromkeys(found))[:MOST_WORDS]
    return tuple(" ".join((*found[place:], *found[:place])) for place in range(len(found)))


def matched_name(customer: Customer, word: str) -> Literal["first_name", "last_name", "company"]:
    """Which of a customer's names has a word that begins so."""
    if any(each.startswith(word) for each in _findable(customer.first_name)):
        return "first_name"
    return "last_name" if any(each.startswith(word) for each in _findable(customer.last_name)) else "company"


class Wanted(NamedTuple):
    """What somebody typed, as it is looked for."""

    code: str
    email: str
    words: tuple[str, ...]
    phone_starts: tuple[str, ...]
    phone_end: str
    doors: tuple[str, ...] = ()


def wanted(text: str, country: str) -> Wanted:
    """Read what somebody typed.

    Args:
        text: At least two characters that are not blank, else nothing but a code is looked for.
        country: Where a phone that starts with the national prefix belongs.

    Returns:
        A code to find whole, whatever its case; the beginning of an email; words that must all begin a word of the
        record (none for what holds an ``@``); beginnings of phones without ``+`` and the end of one turned around, if
        it is a phone; the beginnings of a postcode and house number, if it may be one.
    """
    typed = text.strip()
    if len(typed) < 2:
        return Wanted(code_key(typed), "", (), (), "")
    starts, end = _phone(typed, country)
    named = () if "@" in typed else tuple(dict.fromkeys(words(typed)))[:MOST_WORDS]
    return Wanted(code_key(typed), fold(typed), named, starts, end, _doors(typed, country))


def _findable(text: str) -> list[str]:
    """The words of a text, and a word with an apostrophe or hyphen also in one piece (``obrien``)."""
    found: list[str] = []
    for written in fold(text).split():
        pieces = words(written)
        found += [*pieces, "".join(pieces)] if len(pieces) > 1 else pieces
    return found


def _doors(typed: str, country: str) -> tuple[str, ...]:
    """What a postcode and house number may be kept as: some countries' letters belong to their postcodes."""
    front = _COUNTRY_IN_FRONT.match(typed)
    belongs = front is not None and front[1].upper() in LETTERS_IN_FRONT
    door = compact(typed if belongs else _COUNTRY_IN_FRONT.sub("", typed))
    if "@" in typed or len(door) < FEWEST_OF_A_DOOR or not _DOOR.fullmatch(door):
        return ()
    bare = front is None and country in LETTERS_IN_FRONT and door[0].isdigit()
    return (door, f"{country.lower()}{door}") if bare else (door,)


def _phone(typed: str, country: str) -> tuple[tuple[str, ...], str]:
    digits = re.sub(r"[^0-9]", "", typed)
    if not _PHONE.fullmatch(typed) or len(digits) < FEWEST_DIGITS:
        return (), ""
    if typed.startswith("+"):
        whole = _without_national_prefix(typed.removeprefix("+"))
        return tuple(dict.fromkeys((whole, digits))), whole[::-1]
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if metadata is None:
        return (digits,), digits[::-1]
    national = digits.removeprefix(metadata.national_prefix or "")
    starts = [digits, f"{phonenumbers.country_code_for_region(country)}{national}"]
    abroad = re.match(metadata.international_prefix or r"(?!)", digits)
    if abroad is not None:
        starts += [digits[abroad.end() :], _without_national_prefix(digits[abroad.end() :])]
    return tuple(dict.fromkeys(start for start in starts if start)), national[::-1]


def _without_national_prefix(international: str) -> str:
    """The digits of a number from its country's code on, without what is only dialled within: ``49 (0)30 90``.

    Italy's nought belongs to the number, and is kept.
    """
    digits = re.sub(r"[^0-9]", "", _PREFIX_IN_BRACKETS.sub("", international))
    for length in range(1, _COUNTRY_CODE_DIGITS + 1):
        region = phonenumbers.region_code_for_country_code(int(digits[:length] or 0))
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
        if metadata is not None and metadata.national_prefix == "0":
            return digits[:length] + digits[length:].removeprefix("0")
    return digits
