"""How two records of one person become one, and how they are taken apart again.

Belongs here: pure rules, detail by detail. Never here: balances, consent, tables.
"""

import typing
from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.customers import Customer, GroupId
from contracts.customers.merging import FieldPreview, MergeField, Take, TakeInvalid
from services.customers.model.groups import EVERYBODY
from services.customers.model.profile import till_note

UNDO_DAYS = 30
FIELDS: tuple[MergeField, ...] = typing.get_args(MergeField)
_LISTS = frozenset({"emails", "phones", "addresses", "tags", "websites", "handles"})
_CODES = ("codes", "blocked_codes")
MOST_NOTES = 5000
"""As many characters as the notes of one customer have."""


def differing(survivor: Customer, loser: Customer) -> tuple[FieldPreview, ...]:
    """The details that the two do not have alike: what can be taken, and what is unless chosen otherwise."""
    return tuple(
        FieldPreview(field, _takes(field, survivor, loser), _suggested(field, survivor, loser))
        for field in FIELDS
        if _of(survivor, field) != _of(loser, field)
    )


def merged(survivor: Customer, loser: Customer, take: Mapping[MergeField, Take]) -> Customer:
    """The survivor as the merge makes them, one revision on; all codes of both go on as they are.

    Rejections:
        TakeInvalid: a detail cannot be kept of both, or there is nothing to take.
    """
    values: dict[str, Any] = {field: _taken(field, survivor, loser, take) for field in FIELDS}
    codes = {name: _each_once((*getattr(survivor, name), *getattr(loser, name))) for name in _CODES}
    return _whole(survivor, {**values, **codes}, survivor.revision + 1)


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
        The survivor and the loser, each one revision on.
    """
    values: dict[str, Any] = {field: _left(field, now, result, survivor, loser) for field in FIELDS}
    theirs = {*loser.codes, *loser.blocked_codes}
    mine = {name: tuple(each for each in getattr(now, name) if each not in theirs) for name in _CODES}
    back = {name: tuple(each for each in getattr(now, name) if each in theirs) for name in _CODES}
    return _whole(now, {**values, **mine}, now.revision + 1), _whole(loser, back, loser.revision + 1)


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
    several = field in _LISTS or field == "custom" or (field == "notes" and len(mine) + len(theirs) < MOST_NOTES)
    return ("survivor", "loser", "both") if several else ("survivor", "loser")


def _suggested(field: MergeField, survivor: Customer, loser: Customer) -> Take:
    takes = _takes(field, survivor, loser)
    return "both" if "both" in takes else takes[0]


def _taken(field: MergeField, survivor: Customer, loser: Customer, take: Mapping[MergeField, Take]) -> Any:
    mine, theirs = _of(survivor, field), _of(loser, field)
    if mine == theirs:
        return mine
    chosen = take.get(field, _suggested(field, survivor, loser))
    if chosen not in _takes(field, survivor, loser):
        raise TakeInvalid(field=f"take.{field}", take=chosen, takes=list(_takes(field, survivor, loser)))
    if chosen != "both":
        return theirs if chosen == "loser" else mine
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
    return present


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
