"""What a customer's record must be like: normalised details, the least that is kept, and what policy may know.

Belongs here: pure rules about names, contacts and codes. Never here: tables, the bus, a clock, how a search is stored.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from contracts.base import Malformed
from contracts.customers import (
    ContactInvalid,
    CreateCustomer,
    Customer,
    CustomerFacts,
    CustomerIncomplete,
    LanguageCode,
    UpdateCustomer,
)

Minimum = Literal["first_name", "last_name", "first_or_last", "company"]
"""The least a store asks for before it keeps a customer."""

_NEVER_IN_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the reading direction of what follows them, a name's neighbours on a receipt included.

Unicode Technical Report 36, section 2.5: bidirectional text spoofing.
"""
_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that show nothing: Hangul fillers and the blank of Braille."""


class Rules(msgspec.Struct, frozen=True):
    """What a store has settled about its customers' records."""

    country: str
    """Where phones without an international prefix belong, ISO 3166-1 alpha-2."""
    minimum: Minimum = "first_name"


class Details(msgspec.Struct, frozen=True):
    """A customer's details, normalised."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    language: LanguageCode | None = None
    placeholder: bool = False


def new_customer(command: CreateCustomer, rules: Rules) -> Customer:
    """A customer's first record, revision 1, with its details normalised.

    Rejections:
        CustomerIncomplete: what the store asks for at least is missing.
        ContactInvalid: an email or phone is none, or ``country`` is no country with phones.
        Malformed: a name holds a control character.
    """
    country = command.country or rules.country
    details = Details(
        first_name=name(command.first_name, "first_name"),
        last_name=name(command.last_name, "last_name"),
        company=name(command.company, "company"),
        emails=emails(command.emails),
        phones=phones(command.phones, country),
        codes=codes(command.codes),
        language=command.language,
        placeholder=command.placeholder,
    )
    _check_minimum(details, rules.minimum)
    return Customer(customer_id=command.customer_id, revision=1, **msgspec.structs.asdict(details))


def changed_customer(customer: Customer, command: UpdateCustomer, rules: Rules) -> Customer:
    """The customer with the given details changed and the revision one higher; unchanged if nothing differs.

    Rejections: those of ``new_customer``.
    """
    given = {
        field.name: value
        for field in msgspec.structs.fields(Details)
        if (value := getattr(command, field.name, msgspec.UNSET)) is not msgspec.UNSET
    }
    normalise: dict[str, Callable[..., object]] = {
        "first_name": lambda text: name(text, "first_name"),
        "last_name": lambda text: name(text, "last_name"),
        "company": lambda text: name(text, "company"),
        "emails": emails,
        "phones": lambda texts: phones(texts, rules.country),
        "codes": codes,
    }
    normal = {key: normalise[key](value) if key in normalise else value for key, value in given.items()}
    changed = msgspec.structs.replace(customer, **normal)
    if changed == customer:
        return customer
    _check_minimum(changed, rules.minimum)
    return msgspec.structs.replace(changed, revision=customer.revision + 1)


def facts(customer: Customer) -> CustomerFacts:
    """What policy may know of a customer: which details are there, never the details."""
    return CustomerFacts(
        customer_id=customer.customer_id,
        revision=customer.revision,
        has_first_name=bool(customer.first_name),
        has_last_name=bool(customer.last_name),
        has_email=bool(customer.emails),
        has_phone=bool(customer.phones),
        placeholder=customer.placeholder,
        group=customer.group,
    )


def creation_mark(command: CreateCustomer) -> bytes:
    """SHA-256 of a creation as it was sent, so that its repetition is known whatever became of the record since."""
    return hashlib.sha256(msgspec.json.encode(command, order="sorted")).digest()


def name(text: str, field: str) -> str:
    """A name trimmed and in Unicode's composed form (NFC); one that shows nothing is missing, an empty string.

    Rejections:
        Malformed: the text holds a control character, a line break or a mark that turns the reading direction.
    """
    if any(unicodedata.category(each) in _NEVER_IN_A_LINE or each in _DIRECTION_MARKS for each in text):
        raise Malformed(field=f"$.{field}", rule="a name is one line without control characters")
    trimmed = unicodedata.normalize("NFC", text).strip()
    return trimmed if any(_shows(each) for each in trimmed) else ""


def emails(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Emails with their domain in lower case and readable form (IDN), each once, in the order given; blanks left out.

    Nothing is asked of the network: whether an address takes mail is not tried.

    Rejections:
        ContactInvalid: an entry is no email address (RFC 5322, RFC 6531); ``field`` names it by its place.
    """
    return _each_once(_email(text, f"emails[{place}]") for place, text in enumerate(texts) if _says_something(text))


def phones(texts: tuple[str, ...], country: str) -> tuple[str, ...]:
    """Phones in E.164, each once, in the order given; blanks left out.

    Args:
        texts: As typed, with or without an international prefix.
        country: Where those without a prefix belong.

    Rejections:
        ContactInvalid: an entry is no number that is in use in its country, or names an extension, which
            E.164 cannot hold; ``field`` names it by its place.
    """
    return _each_once(
        _phone(text, country, f"phones[{place}]") for place, text in enumerate(texts) if _says_something(text)
    )


def has_phones(country: str) -> bool:
    """Whether phones can be of that country (ISO 3166-1 alpha-2)."""
    return country in phonenumbers.SUPPORTED_REGIONS


def codes(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Codes as they are, each once, in the order given."""
    return tuple(dict.fromkeys(texts))


def _email(text: str, field: str) -> str:
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        # The library's sentence quotes the address, so that it must not become the cause either.
        raise ContactInvalid(field=field, rule="email") from None


def _phone(text: str, country: str, field: str) -> str:
    if not has_phones(country):
        raise ContactInvalid(field="country", rule="country-with-phones")
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise ContactInvalid(field=field, rule="phone") from None
    if number.extension:
        raise ContactInvalid(field=field, rule="phone-without-extension")
    if not phonenumbers.is_valid_number(number):
        raise ContactInvalid(field=field, rule="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _check_minimum(customer: Details | Customer, minimum: Minimum) -> None:
    there = {
        "first_name": bool(customer.first_name),
        "last_name": bool(customer.last_name),
        "first_or_last": bool(customer.first_name or customer.last_name),
        "company": bool(customer.company),
    }[minimum]
    if not there:
        raise CustomerIncomplete(field="first_name" if minimum == "first_or_last" else minimum, minimum=minimum)


def _says_something(text: str) -> bool:
    return any(_shows(each) for each in text)


def _shows(character: str) -> bool:
    return unicodedata.category(character)[0] not in "ZC" and character not in _UNSEEN


def _each_once(texts: Iterator[str]) -> tuple[str, ...]:
    """Keep the first of those that differ only in case."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(text.casefold(), text)
    return tuple(found.values())
