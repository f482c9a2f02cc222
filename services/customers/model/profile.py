"""The further parts of a profile in their normal form: addresses, notes, tags, the web, birth date, exemption.

Belongs here: pure rules about one part each. Never here: the record as a whole, tables, a clock.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlsplit

import idna
from babel import Locale
from stdnum import get_cc_module

from contracts.base import Malformed
from contracts.customers import DetailInvalid
from contracts.customers.profile import Address, Handle, TaxExemption
from services.customers.model.postcodes import postcode
from services.customers.model.texts import DIRECTION_MARKS, NEVER_IN_A_LINE, each_once, line, says_something

TILL_NOTE = 120
"""So many characters of the notes a till shows."""
FIRST_BIRTH_YEAR = 1880

_NAMES = Locale("en")
_LANGUAGES = frozenset(code for code in map(str, _NAMES.languages) if len(code) == 2)
_COUNTRIES = frozenset(code for code in map(str, _NAMES.territories) if len(code) == 2 and code.isalpha()) - {
    *("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ")
}
"""Countries as Unicode's CLDR has them, without its codes for unions and for nowhere."""
_ADDRESS_TEXTS = tuple(name for name in Address.__struct_fields__ if name not in {"kind", "country"})
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_VAT_COUNTRIES = {"EL": "GR", "XI": "GB"}
"""Prefixes of VAT numbers that are no country's own code: Greece and Northern Ireland (Directive 2006/112/EC)."""


def language(code: str | None) -> str | None:
    """A language that there is.

    Rejections:
        DetailInvalid: ISO 639-1 has no such language.
    """
    if code is not None and code not in _LANGUAGES:
        raise DetailInvalid(field="language", rule="language")
    return code


def addresses(given: Sequence[Address], country: str) -> tuple[Address, ...]:
    """Addresses trimmed, with the postcode as its country writes it, each once; blank ones are left out.

    Args:
        given: As typed.
        country: Where those without a country are.

    Rejections:
        DetailInvalid: a country is none, or a postcode is none of its country.
        Malformed: a line holds a control character.
    """
    return tuple(dict.fromkeys(_address(each, country, f"addresses[{place}]") for place, each in _said(given)))


def notes(text: str) -> str:
    """Notes in their composed form (NFC) without blanks at the ends; lines may break.

    Rejections:
        Malformed: they hold another control character or a mark that turns the reading direction.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    for each in plain:
        if each not in "\n\t" and (unicodedata.category(each) in NEVER_IN_A_LINE or each in DIRECTION_MARKS):
            raise Malformed(field="$.notes", rule="notes are plain text without control characters")
    return unicodedata.normalize("NFC", plain).strip()


def till_note(text: str) -> str:
    """What a till shows of the notes: the beginning, in one line."""
    return " ".join(text.split())[:TILL_NOTE]


def tags(texts: Sequence[str]) -> tuple[str, ...]:
    """Tags trimmed, each once whatever its case; blank ones are left out.

    Rejections:
        DetailInvalid: a tag holds a comma, which parts tags in files.
        Malformed: a tag holds a control character.
    """
    kept = [line(text, f"tags[{place}]") for place, text in enumerate(texts)]
    for place, tag in enumerate(kept):
        if "," in tag:
            raise DetailInvalid(field=f"tags[{place}]", rule="tag-without-comma")
    return each_once(tag for tag in kept if tag)


def websites(texts: Sequence[str]) -> tuple[str, ...]:
    """Addresses in the web, with ``https://`` where no scheme is given and the host in lower case; blanks left out.

    Rejections:
        DetailInvalid: one is no address of ``http`` or ``https``.
    """
    return each_once(link(text, f"websites[{place}]") for place, text in enumerate(texts) if says_something(text))


def link(text: str, field: str) -> str:
    """An address in the web.

    Rejections:
        DetailInvalid: it is none, or names a user.
    """
    typed = text.strip()
    whole = (
        typed
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", typed) and not re.match(r"[^/:]+:[0-9]", typed)
        else (f"https://{typed}")
    )
    try:
        parts = urlsplit(whole)
        # IDNA 2008, by which Germany registers names with a letter of its own where 2003 wrote ``ss``.
        host = idna.encode(parts.hostname or "", uts46=True).decode("ascii")
        port = parts.port
    except ValueError:
        raise DetailInvalid(field=field, rule="link") from None
    if (
        parts.scheme.lower() not in {"http", "https"}
        or not _HOST.fullmatch(host)
        or "@" in parts.netloc
        or any(each.isspace() or unicodedata.category(each) in NEVER_IN_A_LINE for each in whole)
    ):
        raise DetailInvalid(field=field, rule="link")
    place = host if port is None else f"{host}:{port}"
    return parts._replace(scheme=parts.scheme.lower(), netloc=place).geturl()


def handles(given: Sequence[Handle]) -> tuple[Handle, ...]:
    """Names in social networks without the ``@`` in front, each once; blank ones are left out.

    Rejections:
        DetailInvalid: a name holds a blank.
        Malformed: a name holds a control character.
    """
    kept = []
    for place, each in enumerate(given):
        name = line(each.name, f"handles[{place}].name").removeprefix("@")
        if " " in name:
            raise DetailInvalid(field=f"handles[{place}].name", rule="handle-without-blank")
        if name:
            kept.append(Handle(each.network, name))
    return tuple(dict.fromkeys(kept))


def birth_date(day: str | None, today: date) -> str | None:
    """A day on which somebody who buys can have been born.

    Rejections:
        DetailInvalid: the calendar has no such day, it is to come, or nobody that old is alive.
    """
    if day is None:
        return None
    born = calendar_day(day, "birth_date")
    if born > today or born.year < FIRST_BIRTH_YEAR:
        raise DetailInvalid(field="birth_date", rule="birth-date")
    return day


def calendar_day(day: str, field: str) -> date:
    """A day that the calendar has.

    Rejections:
        DetailInvalid: it has none such.
    """
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise DetailInvalid(field=field, rule="date") from None


def exemption(given: TaxExemption | None) -> TaxExemption | None:
    """The exemption with its VAT number in normal form, the country in front.

    Rejections:
        DetailInvalid: the VAT number is none, or trade within the EU has none to show, or the day is none.
        Malformed: the evidence holds a control character.
    """
    if given is None:
        return None
    number = vat_number(given.vat_number, "exemption.vat_number")
    if not number and given.reason == "intra_community":
        # Directive 2006/112/EC, article 138(1)(b): the buyer's VAT number is a condition of the exemption.
        raise DetailInvalid(field="exemption.vat_number", rule="vat-number-needed")
    if given.valid_until is not None:
        calendar_day(given.valid_until, "exemption.valid_until")
    return TaxExemption(given.reason, number, line(given.evidence, "exemption.evidence"), given.valid_until)


def vat_number(text: str, field: str) -> str:
    """A VAT number in compact form with its country in front; an empty one stays empty.

    Rejections:
        DetailInvalid: its country is missing or has none of that form, or its check digit is wrong.
    """
    typed = re.sub(r"[\s.\-/]", "", text).upper()
    if not typed:
        return ""
    prefix, rest = typed[:2], typed[2:]
    module = get_cc_module(_VAT_COUNTRIES.get(prefix, prefix).lower(), "vat") if prefix.isalpha() else None
    if module is None:
        raise DetailInvalid(field=field, rule="vat-number-with-country")
    for form in (rest, typed):
        if module.is_valid(form):
            compact = str(module.compact(form))
            return compact if compact.startswith(prefix) else prefix + compact
    raise DetailInvalid(field=field, rule="vat-number")


def _said(given: Sequence[Address]) -> list[tuple[int, Address]]:
    """Those addresses that name anything but a country."""
    return [
        (place, each)
        for place, each in enumerate(given)
        if any(says_something(getattr(each, name)) for name in _ADDRESS_TEXTS)
    ]


def _address(given: Address, country: str, field: str) -> Address:
    there = given.country or country
    if there not in _COUNTRIES:
        raise DetailInvalid(field=f"{field}.country", rule="country")
    code = postcode(given.postcode, there)
    if code is None:
        raise DetailInvalid(field=f"{field}.postcode", rule="postcode", country=there)
    lines = {
        name: line(getattr(given, name), f"{field}.{name}")
        for name in ("recipient", "street", "house_number", "addition", "extra", "city", "region")
    }
    return Address(kind=given.kind, postcode=code, country=there, **lines)  # type: ignore[arg-type] # names and texts
