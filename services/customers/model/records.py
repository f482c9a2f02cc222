"""What a customer's record must be like: normalised details, the least that is kept, and what policy may know.

Belongs here: pure rules about names, contacts and codes. Never here: tables, the bus, a clock, how a search is stored.
"""

import hashlib
import hmac
import itertools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Literal

import msgspec
import phonenumbers
from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

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
from services.customers.model.search import code_key
from services.customers.model.texts import each_once, line, says_something

Minimum = Literal["first_name", "last_name", "first_or_last", "first_or_last_or_company", "company"]
"""The least a store asks for before it keeps a customer."""

NO_DETAILS = frozenset({"customer_id", "revision", "till_note", "balances", "masked"})
"""What stands in a profile and is no detail of the record."""
_SOMEBODYS = (
    *("emails", "phones", "codes", "blocked_codes", "addresses", "websites", "handles", "birth_date", "exemption"),
)
"""What leads to a person; who stands for nobody has none of it."""
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
_LONGEST_CODE = 64
_CODE_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_PLAIN_EMAIL = re.compile(r"(?=[^@]{1,64}@)([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]{1,100})")
"""An email whose part before the @ needs no second look; the library's own length limits are far off."""
_MAILBOXES = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)
_HOSTS_REMEMBERED = 1024


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
        DetailInvalid: another detail does not have the form it needs, a code is both active and blocked, or nobody
            (``placeholder``) is given what leads to somebody.
        Malformed: a line holds a control character.
    """
    country = command.country or rules.country
    given = {name: getattr(command, name) for name in _GIVEN}
    _check_one_list(command.codes, command.blocked_codes)
    customer = Customer(revision=1, **_normal(given, country, known))
    if customer.placeholder:
        _check_nobodys(given)
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
    if customer.placeholder:
        _check_nobodys(given)
    normal = _normal(given, rules.country, known)
    if "custom" in given:  # what is there already is no matter of this edit: a choice may have been taken away since
        kept = {field_id: value for field_id, value in customer.custom.items() if field_id not in given["custom"]}
        normal["custom"] = {**kept, **normal["custom"]}
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


def made_code(customer_id: CustomerId, key: bytes, attempt: int = 0) -> str:
    """A code for a customer who has none: ``C`` and eight letters and digits that are not taken for one another.

    It begins with a letter and has none of the lengths of a GTIN, so that no item has it as its barcode. Made with
    the hub's key, for ids stand in events: whoever reads those must not know what is on a card.
    """
    digest = hmac.digest(key, f"customer-code/{customer_id}/{attempt}".encode(), "sha256")
    return "C" + "".join(_CODE_SIGNS[byte % len(_CODE_SIGNS)] for byte in digest[:8])


def with_made_code(customer: Customer, taken: Callable[[Sequence[str], None], frozenset[str]], key: bytes) -> Customer:
    """The customer with a code, made where none was given; who stands for nobody needs none.

    Args:
        customer: A new one.
        taken: Tells which of some codes somebody has.
        key: The hub's key, with which codes are made.
    """
    if customer.codes or customer.placeholder:
        return customer
    blocked = set(map(code_key, customer.blocked_codes))
    attempts = (made_code(customer.customer_id, key, attempt) for attempt in itertools.count())
    code = next(each for each in attempts if code_key(each) not in blocked and not taken([each], None))
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


def codes(texts: tuple[str, ...], field: str = "codes") -> tuple[str, ...]:
    """Codes in Unicode's composed form (NFC), each once whatever its case, in the order given.

    Rejections:
        DetailInvalid: one is no line of 1 to 64 printable characters without blanks at its ends.
    """
    found: dict[str, str] = {}
    for place, text in enumerate(texts):
        code = _code(text, f"{field}[{place}]")
        found.setdefault(code_key(code), code)
    return tuple(found.values())


def _code(text: str, field: str) -> str:
    code = text if text.isascii() else unicodedata.normalize("NFC", text)
    # No control or format character is printable, no mark that turns the reading direction, no blank but the plain one.
    if not code.isprintable() or not says_something(code) or code != code.strip() or len(code) > _LONGEST_CODE:
        raise DetailInvalid(field=field, rule="code")
    return code


def _email(text: str, field: str) -> str:
    typed = text.strip()
    plain = _PLAIN_EMAIL.fullmatch(typed)
    if plain and plain[1].lower() not in _MAILBOXES and _is_plain_host(plain[2].lower()):
        return f"{plain[1]}@{plain[2].lower()}"
    try:
        return validate_email(typed, check_deliverability=False).normalized
    except EmailNotValidError:
        # The library's sentence quotes the address, so that it must not become the cause either.
        raise ContactInvalid(field=field, rule="email") from None


@lru_cache(maxsize=_HOSTS_REMEMBERED)
def _is_plain_host(host: str) -> bool:
    """Whether emails may be at that host (in lower case), and it is written as it is: many are at few hosts."""
    try:
        return validate_email(f"a@{host}", check_deliverability=False).domain == host
    except EmailNotValidError:
        return False


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
    """The given details, each in its normal form; what is blank or has no form of its own stays as it is."""
    return {
        key: _FORMS[key](value, country, known) if value and key in _FORMS else value for key, value in given.items()
    }


def _other_codes(before: Customer, normal: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """A code newly named in one of the two lists leaves the other one.

    Rejections:
        DetailInvalid: both lists are given and name the same code.
    """
    active, blocked = normal.get("codes"), normal.get("blocked_codes")
    if active is not None and blocked is not None:
        _check_one_list(active, blocked)
        return {}
    if active is not None:
        return {"blocked_codes": _without(before.blocked_codes, active)}
    if blocked is not None:
        return {"codes": _without(before.codes, blocked)}
    return {}


def _without(codes: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    named = set(map(code_key, others))
    return tuple(each for each in codes if code_key(each) not in named)


def _check_one_list(active: Sequence[str], blocked: Sequence[str]) -> None:
    for place, code in enumerate(blocked):
        if code_key(code) in set(map(code_key, active)):
            raise DetailInvalid(field=f"blocked_codes[{place}]", rule="code-active-or-blocked")


def _with_till_note(customer: Customer) -> Customer:
    return msgspec.structs.replace(customer, till_note=profile.till_note(customer.notes))


def held_by_nobody(customer: Customer) -> tuple[str, ...]:
    """The names of what a placeholder of before still has that leads to somebody; it is refused from now on."""
    return tuple(field for field in _SOMEBODYS if customer.placeholder and getattr(customer, field))


def _check_nobodys(given: Mapping[str, Any]) -> None:
    for field in _SOMEBODYS:
        if given.get(field):
            raise DetailInvalid(field=field, rule="placeholder-holds-nothing")


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


_FORMS: dict[str, Callable[[Any, str, Known], object]] = {
    "first_name": lambda text, _country, _known: name(text, "first_name"),
    "last_name": lambda text, _country, _known: name(text, "last_name"),
    "company": lambda text, _country, _known: name(text, "company"),
    "emails": lambda texts, _country, _known: emails(texts),
    "phones": lambda texts, country, _known: phones(texts, country),
    "codes": lambda texts, _country, _known: codes(texts),
    "blocked_codes": lambda texts, _country, _known: codes(texts, "blocked_codes"),
    "language": lambda code, _country, _known: profile.language(code),
    "addresses": lambda given, country, _known: profile.addresses(given, country),
    "notes": lambda text, _country, _known: profile.notes(text),
    "tags": lambda texts, _country, _known: profile.tags(texts),
    "websites": lambda texts, _country, _known: profile.websites(texts),
    "handles": lambda given, _country, _known: profile.handles(given),
    "birth_date": lambda day, _country, known: profile.birth_date(day, known.today),
    "exemption": lambda given, _country, _known: profile.exemption(given),
    "custom": lambda values, _country, known: custom_values(values, known.fields),
}
