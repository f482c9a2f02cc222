"""What a contract's own check finds wrong, as a rule in words that whoever has the file before them understands.

Belongs here: sentences of the decoder in words. Never here: what a text holds, which column it stands in.
"""

import re
from typing import Final

from contracts.customers.importing import ImportRow
from services.runtime.malformed import choices

_LENGTH: Final = re.compile(r"Expected `(str|array|object)` of length (<=|>=) ([0-9]+)")
_RANGE: Final = re.compile(r"Expected `int` (<=|>=) (-?[0-9]+)")
_UNITS: Final = {"str": "characters", "array": "entries", "object": "entries"}
_PATTERNS: Final = {
    "customer_id": "a customer's id as an export of this shop has it",
    "codes": "a code of 1 to 64 printable characters without blanks at its ends",
    "blocked_codes": "a code of 1 to 64 printable characters without blanks at its ends",
    "language": "a language by its code (ISO 639-1), such as fi",
    "group": "a group's id: 1 to 64 of a-z, 0-9 and hyphens",
    "country": "a country by its code (ISO 3166-1), such as FI",
    "birth_date": "a day such as 1980-12-24",
    "valid_until": "a day such as 2027-12-24",
    "network": "a network's name of a-z, 0-9 and hyphens, then a colon and the name there",
    "custom": "a custom field's id: 1 to 64 of a-z, 0-9 and hyphens",
}
"""What the patterns of a row's fields ask for."""


def in_words(rule: str, field: str) -> str:
    """A rule in words.

    Args:
        rule: the decoder's sentence.
        field: the path of the field in a row, such as ``addresses[0].postcode``.
    """
    length, bound = _LENGTH.match(rule), _RANGE.match(rule)
    if length:
        return f"at {'most' if length[2] == '<=' else 'least'} {length[3]} {_UNITS[length[1]]}"
    if bound:
        return f"a whole number of at {'most' if bound[1] == '<=' else 'least'} {bound[2]}"
    if rule.startswith("Invalid enum value"):
        return f"one of: {', '.join(choices(ImportRow, f'$.{field}'))}"
    if " matching regex " in rule:
        path = re.sub(r"\[[^\]]*\]", "", field).split(".")
        return _PATTERNS.get(path[-1], _PATTERNS.get(path[0], "another form"))
    return rule
