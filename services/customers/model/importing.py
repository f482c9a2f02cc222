"""What a row of another system's file makes of a customer: pure rules.

Belongs here: which row it is, what of it counts for whom. Never here: a table, a file's columns.
"""

import hmac
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from contracts.base import Malformed, Rejection
from contracts.customers import CreateCustomer, Customer, DetailInvalid, GroupId, UpdateCustomer
from contracts.customers.balances import CustomerLedger
from contracts.customers.consent import Channel
from contracts.customers.importing import ImportRow, LikeCustomer, RowResult
from contracts.customers.ledgers.accounts import AccountTerms
from contracts.ids import CustomerId
from services.customers.model.duplicates import Traits
from services.customers.model.records import emails, phones
from services.customers.model.search import code_key, fold

How = Literal["replace", "add", "fill"]
"""What the row says replaces what is on file; or lists are added to; or only what is missing is filled in."""

_SCALARS = ("first_name", "last_name", "company", "language", "receipt", "birth_date", "exemption")
_LISTS = ("emails", "phones", "codes", "addresses", "tags", "websites", "handles")
_MOST = {"tags": 250}
_MOST_OF_A_LIST = 20
_LONGEST_NOTES = 5000
_LONGEST_GROUP = 60
_LONGEST_KEY = 600
_GRACE_DAYS = 30
"""Of who had no terms, where nothing is said of days: as ``set-account-terms`` has it."""
_ROW_ONLY = frozenset(
    {"row", "key", "expected_revision", "group", "group_name", "answers", "bad_details", "account_terms"}
    | {"opening_store_credit", "opening_owed", "opening_points"}
)
_DETAILS = tuple(
    field.name for field in msgspec.structs.fields(ImportRow) if field.name not in _ROW_ONLY | {"customer_id"}
)


class CustomerErased(Rejection):
    """Who was erased does not come back by an import."""


def customer_erased(**about: str) -> CustomerErased:
    """What a row is refused with that would bring back somebody who was erased: only they themselves come back."""
    rule = "was erased; who came back by themselves is put on file by hand, with their consent"
    return CustomerErased(**about, rule=rule)


class BalanceStands(Rejection):
    """The customer has entries in that ledger already: what another system says is not added to it unseen."""


Opening = tuple[CustomerLedger, int]
"""In which ledger how much is booked of what a customer brings along."""

_OPENINGS: dict[CustomerLedger, str] = {
    "store_credit": "opening_store_credit",
    "account": "opening_owed",
    "loyalty": "opening_points",
}
_OPENING_ENTRIES = "6f0b8f8e-5d0c-5c1f-9f0a-6a6f70656e73"
"""The namespace of opening entries' ids (RFC 9562, 5.5)."""


def prove_distinct(rows: Sequence[ImportRow]) -> None:
    """Refuse rows of which two have one number or one key: nobody could tell what became of which.

    Rejections:
        Malformed: two have.
    """
    for name in ("row", "key"):
        if len({getattr(row, name) for row in rows}) < len(rows):
            raise Malformed(field="$.rows", rule=f"each {name} once in a message")


def row_id(source: str, key: str, secret: bytes) -> str:
    """The id by which a row is known again: a UUID (version 8) that tells nothing of its key to who has no secret."""
    digest = bytearray(hmac.digest(secret, f"import row/{source}/{key}".encode(), "sha256")[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def named_by(row: ImportRow, country: str) -> str:
    """The key by which a row is known that may have bad details: one made of such an email or phone names nobody.

    It is known by its names as well then. Whoever reads a file does not know the store's country; ``country`` is that
    of phones without one.
    """
    for kind, texts in (("email", row.emails), ("phone", row.phones)):
        for text in texts:
            if row.key == f"{kind}:{text.casefold()}"[:_LONGEST_KEY] and not _holds(kind, text, country):
                return f"{row.key}/{row.first_name}/{row.last_name}/{row.company}".casefold()
    return row.key


def _holds(kind: str, text: str, country: str) -> bool:
    try:
        return bool(emails((text,)) if kind == "email" else phones((text,), country))
    except Rejection:
        return False


def row_mark(row: ImportRow, secret: bytes) -> bytes:
    """A keyed hash of what a row says, wherever in the file it stands."""
    said = msgspec.json.encode(msgspec.structs.replace(row, row=1), order="sorted")
    return hmac.digest(secret, b"import mark/" + said, "sha256")


def openings(row: ImportRow) -> tuple[Opening, ...]:
    """What a row brings along.

    Rejections:
        DetailInvalid: credit or points are below zero, or nobody (``placeholder``) would have them.
    """
    brought = [(ledger, field, amount) for ledger, field in _OPENINGS.items() if (amount := getattr(row, field))]
    for ledger, field, amount in brought:
        if row.placeholder:
            raise DetailInvalid(field=field, rule="placeholder-holds-nothing")
        if amount < 0 and ledger != "account":
            raise DetailInvalid(field=field, rule="not below zero")
    return tuple((ledger, amount) for ledger, _, amount in brought)


class Agreed(NamedTuple):
    """The terms of an account that are to be agreed on."""

    credit_limit: int | None
    grace_days: int


def agreed(row: ImportRow, kept: AccountTerms | None, how: How = "add") -> Agreed | None:
    """The terms of an account that a row brings; None where it says nothing new, or ``kept`` ones are not replaced.

    Rejections:
        DetailInvalid: nobody (``placeholder``) would buy on account.
    """
    said = row.account_terms
    if said is None:
        return None
    days = said.grace_days
    if days is None:
        days = _GRACE_DAYS if kept is None else kept.grace_days
    told = Agreed(said.credit_limit, days)
    if kept is not None and (how == "fill" or told == (kept.credit_limit, kept.grace_days)):
        return None
    if row.placeholder:
        raise DetailInvalid(field="account_terms", rule="placeholder-holds-nothing")
    return told


def opening_id(row_id: str, ledger: CustomerLedger, derived: Callable[[str, str], str]) -> str:
    """The id of the one opening entry that a row can have in a ledger.

    Args:
        row_id: names the row where it came from.
        ledger: where it is booked.
        derived: makes the id that follows from another one.
    """
    return derived(_OPENING_ENTRIES, f"{ledger}/{row_id}")


def contact_digests(
    customer: Customer, digest: Callable[[Channel, str], bytes], but: Container[str] = ()
) -> dict[str, bytes]:
    """By field, the hashes by which emails and phones are known that were an erased person's; all ``but`` some."""
    contacts: tuple[tuple[str, Channel, tuple[str, ...]], ...] = (
        ("emails", "email", customer.emails),
        ("phones", "phone", customer.phones),
    )
    return {
        f"{field}[{place}]": digest(channel, address)
        for field, channel, addresses in contacts
        for place, address in enumerate(addresses)
        if address not in but
    }


def balance_stands(ledger: CustomerLedger) -> BalanceStands:
    """What a row is refused with whose balance cannot be an opening one."""
    return BalanceStands(field=_OPENINGS[ledger], rule="something was booked there already; adjust it by hand")


def likenesses(look: Traits, secret: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keyed hashes of what makes two records look like one person: contacts, then names with a little more."""
    more = [f"postcode {each}" for each in sorted(look.postcodes)]
    more += [f"born {look.birth_date}"] if look.birth_date else []
    return (
        tuple(_hash(each, secret) for each in (*sorted(look.emails), *sorted(look.phones))),
        tuple(_hash(f"{look.name}/{each}", secret) for each in more if look.name),
    )


def name_hash(look: Traits, secret: bytes) -> str | None:
    """A keyed hash of the name by which two rows are told to be of one person."""
    return _hash(f"name {look.name}", secret) if look.name else None


def creation(row: ImportRow, customer_id: CustomerId, group: GroupId | None) -> CreateCustomer:
    """The row as a creation by hand would say it."""
    said = {name: getattr(row, name) for name in _DETAILS}
    return CreateCustomer(customer_id=customer_id, group=group or GroupId("all"), **said)


def update(
    before: Customer, row: ImportRow, group: GroupId | None, how: How, *, adds_notes: bool = False
) -> UpdateCustomer:
    """The row as a change by hand of a customer on file would say it.

    With ``adds_notes`` those on file stay however the row is taken: it brings lines for them, and no notes of its own.

    Rejections:
        DetailInvalid: a list or the notes would become longer than they may be.
    """
    given: dict[str, Any] = {}
    for name in _SCALARS:
        said = getattr(row, name)
        if said and (how != "fill" or not getattr(before, name)):
            given[name] = said
    for name in _LISTS:
        said = getattr(row, name)
        if said:
            given[name] = said if how == "replace" else _added(name, getattr(before, name), said, before)
    if row.blocked_codes and how == "replace":
        given["blocked_codes"] = row.blocked_codes
    if row.notes:
        given["notes"] = row.notes if how == "replace" and not adds_notes else _notes(before.notes, row.notes)
    custom = {key: value for key, value in row.custom.items() if how != "fill" or key not in before.custom}
    if custom:
        given["custom"] = custom
    if group is not None and (how != "fill" or before.group == "all"):
        given["group"] = group
    return UpdateCustomer(before.customer_id, before.revision, **given)


def refused(row: ImportRow, rejection: Rejection) -> RowResult:
    """What is said of a row that is not taken over."""
    details = rejection.details
    return RowResult(
        row=row.row,
        outcome="refused",
        code=rejection.code,
        field=str(details["field"]).removeprefix("$.") if "field" in details else None,
        rule=str(details["rule"]) if "rule" in details else None,
        duplicates=like_customers(details.get("duplicates", ())),
    )


def like_customers(told: Iterable[Mapping[str, Any]]) -> tuple[LikeCustomer, ...]:
    """Who may be the same person, in the report's words: from what ``possible-duplicate`` tells."""
    return tuple(LikeCustomer(each["customer_id"], each["name"], tuple(each["matched"])) for each in told)


def group_id(name: str, taken: Container[str]) -> GroupId:
    """An id for a group of that name which no other one has."""
    plain = re.sub(r"[^a-z0-9]+", "-", fold(name))[:_LONGEST_GROUP].strip("-") or "group"
    numbered = (plain if number == 1 else f"{plain}-{number}" for number in range(1, 10**6))
    return GroupId(next(each for each in numbered if each not in taken))


def group_named(name: str, names: Mapping[GroupId, str]) -> GroupId | None:
    """The group that has this name, whatever its case and accents."""
    looked_for = fold(name).split()
    return next((group for group, known in names.items() if fold(known).split() == looked_for), None)


def _added(name: str, before: tuple[Any, ...], said: Iterable[Any], customer: Customer) -> tuple[Any, ...]:
    if name == "codes":
        # A lost card's code stays lost, whatever the other system says.
        said = [each for each in said if code_key(each) not in set(map(code_key, customer.blocked_codes))]
    whole = tuple(dict.fromkeys((*before, *said)))
    if len(whole) > _MOST.get(name, _MOST_OF_A_LIST):
        raise DetailInvalid(field=name, rule=f"at-most-{_MOST.get(name, _MOST_OF_A_LIST)}")
    return whole


def _notes(before: str, said: str) -> str:
    """The notes with what of the others' lines is not there yet."""
    there = {each.strip() for each in before.split("\n")} - {""}
    fresh = "\n".join(each for each in said.split("\n") if each.strip() not in there)
    if not fresh.strip():
        return before
    whole = f"{before}\n{fresh}" if before else said
    if len(whole) > _LONGEST_NOTES:
        raise DetailInvalid(field="notes", rule=f"at-most-{_LONGEST_NOTES}")
    return whole


def _hash(text: str, secret: bytes) -> str:
    return hmac.digest(secret, b"import likeness/" + text.encode(), "sha256")[:16].hex()
