"""How two records of one person become one, and how they are taken apart again.

Belongs here: pure rules, detail by detail. Never here: balances, consent, tables.
"""

import typing
from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.customers import (
    Addresses,
    Codes,
    Customer,
    CustomValues,
    Emails,
    GroupId,
    Handles,
    Phones,
    Tags,
    Websites,
)
from contracts.customers.merging import (
    FieldPreview,
    MergeField,
    MergeTooLarge,
    PlaceholderMerged,
    Take,
    TakeInvalid,
)
from contracts.customers.profile import NotesText
from services.customers.model.groups import EVERYBODY
from services.customers.model.profile import till_note

UNDO_DAYS = 30
FIELDS: tuple[MergeField, ...] = typing.get_args(MergeField)
_LISTS = frozenset({"emails", "phones", "addresses", "tags", "websites", "handles"})
_OF_BOTH = frozenset({*_LISTS, "custom", "notes"})
_CODES = ("codes", "blocked_codes")
MOST: Mapping[str, int] = {
    name: typing.get_args(kind)[1].max_length
    for name, kind in {
        "emails": Emails,
        "phones": Phones,
        "addresses": Addresses,
        "tags": Tags,
        "websites": Websites,
        "handles": Handles,
        "custom": CustomValues,
        "notes": NotesText,
        "codes": Codes,
        "blocked_codes": Codes,
    }.items()
}
"""How much of a detail one customer can have: entries, of notes characters."""


def differing(survivor: Customer, loser: Customer) -> tuple[FieldPreview, ...]:
    """The details that the two do not have alike: what can be taken, and what is unless chosen otherwise."""
    return tuple(
        FieldPreview(field, _takes(field, survivor, loser), _suggested(field, survivor, loser))
        for field in FIELDS
        if _of(survivor, field) != _of(loser, field)
    )


def merged(survivor: Customer, loser: Customer, take: Mapping[MergeField, Take]) -> Customer:
    """The survivor as the merge makes them; all codes of both go on as they are.

    Their revision is higher than any that was shown under either id: who looked at one of the two before must look
    again.

    Rejections:
        PlaceholderMerged: one of them stands for nobody.
        TakeInvalid: a detail cannot be kept of both, or there is nothing to take.
        MergeTooLarge: both together have more of a detail than one customer can have, and nobody chose.
    """
    for field, record in (("survivor_id", survivor), ("loser_id", loser)):
        if record.placeholder:
            raise PlaceholderMerged(field=field)
    values: dict[str, Any] = {field: _taken(field, survivor, loser, take) for field in FIELDS}
    values |= {name: _each_once((*getattr(survivor, name), *getattr(loser, name))) for name in _CODES}
    for name, most in MOST.items():
        if len(values[name]) > most:
            raise MergeTooLarge(field=name, rule=f"at-most-{most}")
    return _whole(survivor, values, max(survivor.revision, loser.revision) + 1)


def parted(now: Customer, result: Customer, survivor: Customer, loser: Customer) -> tuple[Customer, Customer]:
    """Take a merge apart.

    What nobody changed since is as it was before. Where something was, the survivor keeps it without what came
    from the loser alone. A code that was blocked, or removed, since stays so.

    Args:
        now: The survivor as they are.
        result: As the merge made them.
        survivor: As they were before it.
        loser: The same.

    Returns:
        The survivor and the loser, each at a revision that neither id has shown.
    """
    values: dict[str, Any] = {field: _left(field, now, result, survivor, loser) for field in FIELDS}
    theirs = {*loser.codes, *loser.blocked_codes}
    mine = {name: tuple(each for each in getattr(now, name) if each not in theirs) for name in _CODES}
    back = {name: tuple(each for each in getattr(now, name) if each in theirs) for name in _CODES}
    revision = max(now.revision, loser.revision) + 1
    return _whole(now, {**values, **mine}, revision), _whole(loser, back, revision)


def in_a_group_there_is(customer: Customer, groups: Container[GroupId]) -> Customer:
    """The customer, in the group of all customers if theirs was deleted since."""
    return customer if customer.group in groups else msgspec.structs.replace(customer, group=EVERYBODY)


def undo_until(merged_at: datetime) -> datetime:
    """Until when a merge can be undone."""
    return merged_at + timedelta(days=UNDO_DAYS)


def _of(customer: Customer, field: MergeField) -> Any:
    return getattr(customer, field)


def _takes(field: MergeField, survivor: Customer, loser: Customer) -> tuple[Take, ...]:
    """Whose detail can be kept: nobody's who has none, so that the least that is kept of a customer stays."""
    mine, theirs = _of(survivor, field), _of(loser, field)
    if not mine or not theirs:
        return ("survivor",) if mine else ("loser",)
    if field not in _OF_BOTH or len(_both(field, mine, theirs)) > MOST[field]:
        return ("survivor", "loser")
    return ("survivor", "loser", "both")


def _suggested(field: MergeField, survivor: Customer, loser: Customer) -> Take:
    takes = _takes(field, survivor, loser)
    return "both" if "both" in takes else takes[0]


def _taken(field: MergeField, survivor: Customer, loser: Customer, take: Mapping[MergeField, Take]) -> Any:
    mine, theirs = _of(survivor, field), _of(loser, field)
    if mine == theirs:
        return mine
    takes, chosen = _takes(field, survivor, loser), take.get(field)
    if mine and theirs and field in _OF_BOTH and "both" not in takes and chosen in {None, "both"}:
        raise MergeTooLarge(field=f"take.{field}", rule=f"at-most-{MOST[field]}", takes=list(takes))
    chosen = chosen or _suggested(field, survivor, loser)
    if chosen not in takes:
        raise TakeInvalid(field=f"take.{field}", take=chosen, takes=list(takes))
    if chosen == "both":
        return _both(field, mine, theirs)
    return theirs if chosen == "loser" else mine


def _both(field: MergeField, mine: Any, theirs: Any) -> Any:
    if field == "custom":
        return {**theirs, **mine}
    return f"{mine}\n{theirs}" if field == "notes" else _each_once((*mine, *theirs))


def _left(field: MergeField, now: Customer, result: Customer, survivor: Customer, loser: Customer) -> Any:
    """What the survivor keeps of a detail."""
    present, before, theirs = _of(now, field), _of(survivor, field), _of(loser, field)
    if present == _of(result, field):
        return before
    if field == "custom":
        gone = {key for key, value in theirs.items() if before.get(key) != value and present.get(key) == value}
        kept = {key: value for key, value in present.items() if key not in gone}
        return {**{key: before[key] for key in gone if key in before}, **kept}
    if field in _LISTS:
        return tuple(each for each in present if each in before or each not in theirs)
    return _without(present, theirs, before) if field == "notes" and theirs else present


def _without(notes: str, theirs: str, before: str) -> str:
    """Notes without the whole lines that somebody else's brought, unless they stood there before."""
    lines = f"\n{theirs}\n"
    return notes if lines in f"\n{before}\n" else f"\n{notes}\n".replace(lines, "\n", 1)[1:-1]


def _whole(customer: Customer, values: Mapping[str, Any], revision: int) -> Customer:
    changed = msgspec.structs.replace(customer, **values, revision=revision)
    return msgspec.structs.replace(changed, till_note=till_note(changed.notes))


def _each_once(items: Iterable[Any]) -> tuple[Any, ...]:
    """Each item once, in the order given."""
    kept: list[Any] = []
    for each in items:
        if each not in kept:
            kept.append(each)
    return tuple(kept)
