"""What somebody typed in search of a customer, split into the fields of a form.

Belongs here: which part is which. Never here: whether such a customer is on file.
"""

import re

from contracts.base import Rejection
from contracts.customers.asking import NameSplit
from services.customers.model.records import emails, phones
from services.customers.model.texts import line

_COMPANY = re.compile(
    r"(?i)(?:^|[\s,])(?:oy|oyj|ab|ky|ry|tmi|gmbh|ag|kg|ohg|gbr|ug|e\.?\s?v\.?|e\.?\s?k\.?|b\.?v\.?|n\.?v\.?|v\.?o\.?f\.?"
    r"|stichting|ltd\.?|limited|llc|llp|plc|inc\.?|s\.?a\.?|s\.?r\.?l\.?|sarl|aps|a/s|as|o\u00fc)(?:$|[\s,&])"
)
"""Legal forms of companies in Finland, Germany, the Netherlands, and the commonest elsewhere."""
_AMBIGUOUS = frozenset({"as", "sa", "ab", "ag", "ug", "ky", "ev", "ek"})
"""Forms that are somebody's own name (Rui Sa, Nguyen Ky, Kim Ag) unless they are in capitals or have a full stop."""
_ALSO_IN_SMALL = {"ky": frozenset({"FI", "AX"}), "ab": frozenset({"FI", "AX", "SE"})}
"""Where such a form is written in small letters, too, and means a company at the end of a name: Virtanen Ky."""
_PARTICLES = frozenset(
    {
        *(
            "van",
            "von",
            "der",
            "den",
            "de",
            "ten",
            "ter",
            "te",
            "zu",
            "zum",
            "zur",
            "vom",
            "af",
            "av",
            "di",
            "da",
            "del",
        ),
        *("della", "la", "le", "el", "al", "bin", "ibn", "op", "in", "'t", "'s"),
    }
)
"""Words before a family name that belong to it: ``Jan van der Berg``, ``Ludwig von Beethoven``."""


def split_name(text: str, country: str) -> NameSplit:
    """Put what was typed into the fields of a new customer's form, as well as can be told.

    ``Mäkinen, Matti`` and ``Matti Mäkinen`` name the same person; a single word is a first name; whoever typed an
    email or a phone finds it in its own field, and the rest is the name.

    Rejections:
        Malformed: the text holds a control character.
    """
    rest = " ".join(line(text, "text").split())
    found_emails, rest = _email(rest)
    found_phones, rest = _phone(rest, country)
    if _is_company(rest, country):
        return NameSplit(company=rest, emails=found_emails, phones=found_phones)
    first, last = _names(rest)
    return NameSplit(first_name=first, last_name=last, emails=found_emails, phones=found_phones)


def _email(text: str) -> tuple[tuple[str, ...], str]:
    for word in text.split():
        if "@" in word:
            address = word.strip("<>(),;")
            return _kept(address), " ".join(text.replace(word, " ", 1).split())
    return (), text


def _kept(address: str) -> tuple[str, ...]:
    try:
        return emails((address,))
    except Rejection:
        return ()


def _phone(text: str, country: str) -> tuple[tuple[str, ...], str]:
    match = re.search(r"[+(]?[0-9][0-9 ()/\-\u2010-\u2013]{4,}[0-9]", text)
    if match is None:
        return (), text
    try:
        found = phones((match[0],), country)
    except Rejection:
        return (), text
    return found, " ".join((text[: match.start()] + " " + text[match.end() :]).split())


def _is_company(text: str, country: str) -> bool:
    return len(text.split()) > 1 and any(_names_a_company(match, country) for match in _COMPANY.finditer(text))


def _names_a_company(match: re.Match[str], country: str) -> bool:
    form = re.sub(r"[\s.,&]", "", match[0])
    if form.lower() not in _AMBIGUOUS or form.isupper() or "." in match[0]:
        return True
    return match.end() == len(match.string) and country in _ALSO_IN_SMALL.get(form.lower(), ())


def _names(text: str) -> tuple[str, str]:
    if "," in text:
        last, _, first = text.partition(",")
        return first.strip(), last.strip()
    words = text.split()
    if len(words) < 2:
        return text, ""
    begin = len(words) - 1
    while begin > 1 and words[begin - 1].casefold().replace("\u2019", "'") in _PARTICLES:
        begin -= 1
    return " ".join(words[:begin]), " ".join(words[begin:])
