"""Names as they are kept, one visible line that reads in one direction, and how they are found."""

import re
import unicodedata

from contracts.base import Malformed

_NEVER_IN_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("ZC")
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h"}
)
"""Letters that Unicode does not take apart into a letter and its mark; ``ß`` becomes ``ss`` by case folding."""
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def a_name(text: str, field: str) -> str:
    """A name that must show something.

    Rejections:
        Malformed: it is blank, or holds a control character.
    """
    name = one_line(text, field)
    if all(unicodedata.category(each)[0] in _INVISIBLE for each in name):
        raise Malformed(field=f"$.{field}", rule="a name is not blank")
    return name


def one_line(text: str, field: str) -> str:
    """A text trimmed and composed (NFC); it may be empty.

    Rejections:
        Malformed: it holds a control character.
    """
    if any(unicodedata.category(each) in _NEVER_IN_A_LINE or each in _DIRECTION_MARKS for each in text):
        raise Malformed(field=f"$.{field}", rule="a name is one line without control characters")
    return unicodedata.normalize("NFC", text).strip()


def words(text: str) -> list[str]:
    """The words of a text, blind to case and accents: ``Jörg O'Brien`` gives ``jorg``, ``o`` and ``brien``."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in apart if not unicodedata.combining(each))
    folded = unicodedata.normalize("NFC", bare.casefold().translate(_PLAIN))
    return [word for word in _BETWEEN_WORDS.split(folded) if word]
