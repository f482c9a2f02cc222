"""Edits of a record that need more than the permission to edit, and additions to one. Pure.

Belongs here: what an edit would replace or grant. Never here: who may, and what a detail must be like.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from contracts.customers import AddDetails, Customer, DetailInvalid, DetailsCovered, UpdateCustomer
from contracts.customers.fields import CustomField
from contracts.customers.profile import FieldId
from services.customers.model.groups import EVERYBODY
from services.customers.model.masking import on_till
from services.customers.model.merging import MOST
from services.customers.model.profile import till_note
from services.customers.model.records import Rules

_COVERED = ("emails", "phones", "codes", "blocked_codes", "addresses", "websites", "handles", "birth_date", "exemption")
"""What ``masked`` covers or leaves out. Notes are there for as far as the till shows them."""
_CODES = ("codes", "blocked_codes")
"""Who names one moves codes out of the other."""
_ADDED = ("emails", "phones", "codes", "addresses", "tags")


def prove_nothing_covered(before: Customer, command: UpdateCustomer, fields: Mapping[FieldId, CustomField]) -> None:
    """Check that whoever sees a masked record replaces nothing that it covers, with what is there already neither.

    Otherwise they could guess: what is not refused was right.

    Rejections:
        DetailsCovered: they would; ``field`` is the first such detail.
    """
    for name in _COVERED:
        moved = _CODES if name in _CODES else (name,)
        if getattr(command, name) is not UNSET and any(getattr(before, each) for each in moved):
            raise DetailsCovered(field=name)
    if command.notes is not UNSET and before.notes != till_note(before.notes):
        raise DetailsCovered(field="notes")
    named = command.custom if isinstance(command.custom, dict) else {}
    for field_id in before.custom:
        if field_id in named and not on_till(fields.get(field_id)):
            raise DetailsCovered(field=f"custom.{field_id}")


def grants(before: Customer | None, after: Customer) -> bool:
    """Whether an edit gives what others must pay for: a group's terms, an exemption, a lost card made good again."""
    if before is None:
        return after.group != EVERYBODY or after.exemption is not None
    unblocked = set(before.blocked_codes) & set(after.codes)
    forgotten = set(before.blocked_codes) - set(after.blocked_codes)
    return after.group != before.group or after.exemption != before.exemption or bool(unblocked | forgotten)


def addition(before: Customer, command: AddDetails) -> UpdateCustomer:
    """The edit that adds to what is there; what stands there twice then is left out as it is normalised."""
    given: dict[str, Any] = {
        name: (*getattr(before, name), *more) for name in _ADDED if (more := getattr(command, name))
    }
    if command.note.strip():
        given["notes"] = f"{before.notes}\n{command.note}".strip()
    return UpdateCustomer(before.customer_id, before.revision, save_anyway=command.save_anyway, **given)


def prove_fits(customer: Customer) -> None:
    """Check that a record to which something was added is one that can be edited.

    Rejections:
        DetailInvalid: there are more of a kind than a record holds, or the notes are too long.
    """
    for name in (*_ADDED, "notes"):
        if len(getattr(customer, name)) > MOST[name]:
            raise DetailInvalid(field=name, rule=f"at-most-{MOST[name]}")


def of_country(rules: Rules, country: str | None) -> Rules:
    """The store's rules where phones and addresses without a country belong to another one."""
    return rules if country is None else msgspec.structs.replace(rules, country=country)
