"""Postcodes in the form that their country writes them in.

Belongs here: the forms of the countries this trade meets. Never here: whether a postcode is in use.
"""

import re

# Universal Postal Union, Postal addressing systems in member countries (S42): form and usual way of writing.
_FIVE = re.compile(r"([0-9]{5})")
_FOUR = re.compile(r"([0-9]{4})")
_THREE_TWO = re.compile(r"([0-9]{3})([0-9]{2})")
_FORMS: dict[str, tuple[re.Pattern[str], str]] = {
    **dict.fromkeys(("DE", "FI", "FR", "IT", "ES", "EE", "HR", "AX"), (_FIVE, "")),
    **dict.fromkeys(("AT", "BE", "CH", "LI", "DK", "NO", "HU", "LU", "SI", "BG", "CY", "AU"), (_FOUR, "")),
    **dict.fromkeys(("SE", "CZ", "SK", "GR"), (_THREE_TWO, " ")),
    "NL": (re.compile(r"([1-9][0-9]{3})([A-Z]{2})"), " "),
    "US": (re.compile(r"([0-9]{5})([0-9]{4})?"), "-"),
    "GB": (re.compile(r"(GIR|[A-Z]{1,2}[0-9][0-9A-Z]?)([0-9][A-Z]{2})"), " "),
    "IE": (re.compile(r"([A-Z][0-9][0-9W])([0-9A-Z]{4})"), " "),
    "PL": (re.compile(r"([0-9]{2})([0-9]{3})"), "-"),
    "PT": (re.compile(r"([0-9]{4})([0-9]{3})"), "-"),
    "LV": (re.compile(r"(LV)?-?([0-9]{4})"), "LV-"),
    "LT": (re.compile(r"(LT)?-?([0-9]{5})"), "LT-"),
}
LETTERS_IN_FRONT = frozenset({"LV", "LT"})
"""Countries whose own letters belong to their postcodes."""
_BETWEEN = re.compile(r"[\s\-]+")
_ANYWHERE = re.compile(r"[A-Z0-9][A-Z0-9 \-]{0,15}")


def postcode(text: str, country: str) -> str | None:
    """The postcode as its country writes it: ``1012ab`` in the Netherlands is ``1012 AB``; None where it is none.

    A country's own letters in front (``D-10115``, ``FIN-00100``) are left away. What has not its country's usual form
    is kept as it was typed, for there are others (``75001 CEDEX``): letters, digits, blanks and hyphens.
    """
    written = " ".join(text.upper().split())
    as_typed = written if not written or _ANYWHERE.fullmatch(written) else None
    if country not in _FORMS:
        return as_typed
    pattern, between = _FORMS[country]
    together = _BETWEEN.sub("", written)
    if not together:
        return ""
    match = pattern.fullmatch(together)
    if match is None and country not in {"GB", "IE"}:
        # CEPT and older habits: D-, FIN-, NL-, A-, S- in front of the number.
        match = pattern.fullmatch(re.sub(r"^[A-Z]{1,3}(?=[0-9])", "", together))
    if match is None:
        return as_typed
    if country in LETTERS_IN_FRONT:
        return between + match[2]
    return between.join(each for each in match.groups() if each is not None)
