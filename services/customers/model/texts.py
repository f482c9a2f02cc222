"""What a line of text may hold, and what counts as blank.

Belongs here: rules about characters. Never here: what a text means.
"""

import unicodedata
from collections.abc import Iterable

from contracts.base import Malformed

NEVER_IN_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the reading direction of what follows them, a name's neighbours on a receipt included.

Unicode Technical Report 36, section 2.5: bidirectional text spoofing.
"""
_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing: Hangul fillers and the blank of Braille."""


def line(text: str, field: str, rule: str = "a line of text without control characters") -> str:
    """A line trimmed and in Unicode's composed form (NFC); one that shows nothing is missing, an empty string.

    Rejections:
        Malformed: the text holds a control character, a line break or a mark that turns the reading direction.
    """
    # None of what is refused is printable, and most texts are: that is known in a hundredth of the time.
    if not text.isprintable() and any(
        unicodedata.category(each) in NEVER_IN_A_LINE or each in DIRECTION_MARKS for each in text
    ):
        raise Malformed(field=f"$.{field}", rule=rule)
    trimmed = unicodedata.normalize("NFC", text).strip()
    return trimmed if says_something(trimmed) else ""


def says_something(text: str) -> bool:
    """Whether a text shows anything."""
    return any(unicodedata.category(each)[0] not in "ZC" and each not in _UNSEEN for each in text)


def each_once(texts: Iterable[str]) -> tuple[str, ...]:
    """Keep the first of those that differ only in case."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(text.casefold(), text)
    return tuple(found.values())
