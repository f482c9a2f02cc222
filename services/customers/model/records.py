"""What a customer's record must be like: normalised details, the least that is kept, and what policy may know.

Belongs here: pure rules about names, contacts and codes. Never here: tables, the bus, a clock, how a search is stored.
"""

import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from contracts.customers import (
    ContactInvalid,
    CreateCustomer,
    Customer,
    CustomerFacts,
    CustomerIncomplete,
    DetailInvalid,
    UpdateCustomer,
)
from contracts.customers.fields import CustomField
from contracts.customers.profile import FieldId
from contracts.ids import CustomerId
from services.customers.model import profile
from services.customers.model.custom_fields import custom_values
from services.customers.model.texts import each_once, line, says_something

Minimum = Literal["first_name", "last_name", "first_or_last", "first_or_last_or_company", "company"]
"""The least a store asks for before it keeps a customer."""

NO_DETAILS = frozenset({"customer_id", "revision", "till_note", "balances", "masked"})
"""What stands in a profile and is no detail of the record."""
_FIRST_DETAILS = frozenset(
    {
        *("customer_id", "first_name", "last_name", "company", "emails", "phones", "codes", "language", "placeholder"),
        *("country", "group"),
    }
)
# Asked for once: to look a struct's fields up takes longer than to read all of them.
_GIVEN = tuple(
    field.name for field in msgspec.structs.fields(CreateCustomer) if field.name not in {"country", "save_anyway"}
)
_CODE_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class Rules(msgspec.Struct, frozen=True):
    """What a store has settled about its customers' records."""

    country: str
    """Where phones without an international prefix belong, ISO 3166-1 alpha-2."""
    minimum: Minimum = "first_name"
    make_codes: bool = True
    """Whether a new customer without a code gets one."""


class Known(msgspec.Struct, frozen=True):
    """What a record is checked against besides the store's rules."""

    today: date = date.max
    """Nobody is born after it."""
    fields: Mapping[FieldId, CustomField] = msgspec.field(default_factory=dict)
    """The custom fields of customers."""


NOTHING_KNOWN = Known()


def new_customer(command: CreateCustomer, rules: Rules, known: Known = NOTHING_KNOWN) -> Customer:
    """A customer's first record, revision 1, with its details normalised.

    Rejections:
        CustomerIncomplete: what the store asks for at least is missing.
        ContactInvalid: an email or phone is none, or ``country`` is no country with phones.
        DetailInvalid: another detail does not have the form it needs, or a code is both active and blocked.
        Malformed: a line holds a control character.
    """
    country = command.country or rules.country
    given = {name: getattr(command, name) for name in _GIVEN}
    both = set(command.codes) & set(command.blocked_codes)
    if both:
        place = next(place for place, code in enumerate(command.blocked_codes) if code in both)
        raise DetailInvalid(field=f"blocked_codes[{place}]", rule="code-active-or-blocked")
    customer = Customer(revision=1, **_normal(given, country, known))
    _check_minimum(customer, rules.minimum)
    return _with_till_note(customer)


def changed_customer(
    customer: Customer, command: UpdateCustomer, rules: Rules, known: Known = NOTHING_KNOWN
) -> Customer:
    """The customer with the given details changed and the revision one higher; unchanged if nothing differs.

    Rejections: those of ``new_customer``.
    """
    given = {
        name: value
        for name in UpdateCustomer.__struct_fields__
        if name not in {"customer_id", "expected_revision", "save_anyway"}
        and (value := getattr(command, name)) is not msgspec.UNSET
    }
    if "custom" in given:
        given["custom"] = {**customer.custom, **given["custom"]}
    normal = _normal(given, rules.country, known)
    changed = _with_till_note(msgspec.structs.replace(customer, **normal, **_other_codes(customer, normal)))
    if changed == customer:
        return customer
    _check_minimum(changed, rules.minimum)
    return msgspec.structs.replace(changed, revision=customer.revision + 1)


def changed_fields(before: Customer, after: Customer) -> tuple[str, ...]:
    """The names of the details in which two records differ."""
    return tuple(
        name
        for name in Customer.__struct_fields__
        if name not in NO_DETAILS and getattr(before, name) != getattr(after, name)
    )


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
    """SHA-256 of a creation as it was sent, so that its repetition is known whatever became of the record since.

    Why it was saved anyway is no part of it. A detail that creations could not name at first counts only where it
    is named, so that those of then are known again by those of now.
    """
    sent = {
        name: value
        for name in CreateCustomer.__struct_fields__
        if name != "save_anyway" and ((value := getattr(command, name)) or name in _FIRST_DETAILS)
    }
    return hashlib.sha256(msgspec.json.encode(sent, order="sorted")).digest()


def made_code(customer_id: CustomerId, attempt: int = 0) -> str:
    """A code for a customer who has none: ``C`` and eight letters and digits that are not taken for one another.

    It begins with a letter and has none of the lengths of a GTIN, so that no item has it as its barcode.
    """
    digest = hashlib.sha256(f"{customer_id} {attempt}".encode()).digest()
    return "C" + "".join(_CODE_SIGNS[byte % len(_CODE_SIGNS)] for byte in digest[:8])


def with_made_code(customer: Customer, taken: Callable[[Sequence[str], None], frozenset[str]]) -> Customer:
    """The customer with a code, made where none was given; who stands for nobody needs none.

    Args:
        customer: A new one.
        taken: Tells which of some codes somebody has.
    """
    if customer.codes or customer.placeholder:
        return customer
    attempts = (made_code(customer.customer_id, attempt) for attempt in itertools.count())
    code = next(each for each in attempts if each not in customer.blocked_codes and not taken([each], None))
    return msgspec.structs.replace(customer, codes=(code,))


def name(text: str, field: str) -> str:
    """A name trimmed and in Unicode's composed form (NFC); one that shows nothing is missing, an empty string.

    Rejections:
        Malformed: the text holds a control character, a line break or a mark that turns the reading direction.
    """
    return line(text, field, "a name is one line without control characters")


def emails(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Emails with their domain in lower case and readable form (IDN), each once, in the order given; blanks left out.

    Nothing is asked of the network: whether an address takes mail is not tried.

    Rejections:
        ContactInvalid: an entry is no email address (RFC 5322, RFC 6531); ``field`` names it by its place.
    """
    return each_once(_email(text, f"emails[{place}]") for place, text in enumerate(texts) if says_something(text))


def phones(texts: tuple[str, ...], country: str) -> tuple[str, ...]:
    """Phones in E.164, each once, in the order given; blanks left out.

    Args:
        texts: As typed, with or without an international prefix.
        country: Where those without a prefix belong.

    Rejections:
        ContactInvalid: an entry is no number that is in use in its country, or names an extension, which
            E.164 cannot hold; ``field`` names it by its place.
    """
    return each_once(
        _phone(text, country, f"phones[{place}]") for place, text in enumerate(texts) if says_something(text)
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


def _normal(given: Mapping[str, Any], country: str, known: Known) -> dict[str, Any]:
    """The given details, each in its normal form; what has no form of its own stays as it is."""
    normalise: dict[str, Callable[[Any], object]] = {
        "first_name": lambda text: name(text, "first_name"),
        "last_name": lambda text: name(text, "last_name"),
        "company": lambda text: name(text, "company"),
        "emails": emails,
        "phones": lambda texts: phones(texts, country),
        "codes": codes,
        "blocked_codes": codes,
        "language": profile.language,
        "addresses": lambda given: profile.addresses(given, country),
        "notes": profile.notes,
        "tags": profile.tags,
        "websites": profile.websites,
        "handles": profile.handles,
        "birth_date": lambda day: profile.birth_date(day, known.today),
        "exemption": profile.exemption,
        "custom": lambda values: custom_values(values, known.fields),
    }
    return {key: normalise[key](value) if key in normalise else value for key, value in given.items()}


def _other_codes(before: Customer, normal: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """A code newly named in one of the two lists leaves the other one.

    Rejections:
        DetailInvalid: both lists are given and name the same code.
    """
    active, blocked = normal.get("codes"), normal.get("blocked_codes")
    if active is not None and blocked is not None:
        both = set(active) & set(blocked)
        if both:
            place = next(place for place, code in enumerate(blocked) if code in both)
            raise DetailInvalid(field=f"blocked_codes[{place}]", rule="code-active-or-blocked")
        return {}
    if active is not None:
        return {"blocked_codes": tuple(each for each in before.blocked_codes if each not in active)}
    if blocked is not None:
        return {"codes": tuple(each for each in before.codes if each not in blocked)}
    return {}


def _with_till_note(customer: Customer) -> Customer:
    return msgspec.structs.replace(customer, till_note=profile.till_note(customer.notes))


def _check_minimum(customer: Customer, minimum: Minimum) -> None:
    there = {
        "first_name": bool(customer.first_name),
        "last_name": bool(customer.last_name),
        "first_or_last": bool(customer.first_name or customer.last_name),
        "first_or_last_or_company": bool(customer.first_name or customer.last_name or customer.company),
        "company": bool(customer.company),
    }[minimum]
    if not there:
        raise CustomerIncomplete(field="first_name" if minimum.startswith("first_or") else minimum, minimum=minimum)
