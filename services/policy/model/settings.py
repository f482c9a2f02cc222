"""Which settings a store may put in force, and what a careful shop should know about them: pure.

Belongs here: rules about settings as such. Never here: what they make of a sale.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from contracts.base import Malformed
from contracts.customers import GroupId
from contracts.policy import (
    ContactRule,
    DetailRule,
    Override,
    OverrideWhen,
    PolicySettings,
    PurposeRefused,
    TransactionKind,
    UnknownGroup,
    UnknownRegister,
)

FIRST_REVISION = 0
"""The revision of the settings a store starts with, all of them ``not_required``."""

CONTACT_REQUIRED_STORE_WIDE = "contact-required-store-wide"
"""Warning: every customer must give a contact. Regulation (EU) 2016/679, art. 5 (1) c: data minimisation."""
REFUND_MAY_BE_BLOCKED = "refund-may-be-blocked"
"""Warning: an override requires something of a refund. Directive (EU) 2019/771, art. 13 and 16."""
GROUPS_NOT_CHECKED = "groups-not-checked"
"""Warning of a what-if: it names a customer group of which this service does not know whether the store has it."""

_REFUNDS: frozenset[TransactionKind | None] = frozenset({"return", "deposit_return"})
_NO_CONDITION = OverrideWhen()


class Known(NamedTuple):
    """What settings may name: the store's registers and, where they were asked for, its customer groups."""

    registers: frozenset[str]
    groups: frozenset[str] | None = None


def check_settings(settings: PolicySettings) -> None:
    """Refuse settings that a store may not put in force, whatever registers and groups it has.

    Rejections:
        PurposeRefused: a required rule names marketing as its purpose; ``field`` names the rule.
            Regulation (EU) 2016/679, art. 5 (1) c and art. 7 (4): consent to marketing is no condition of a sale.
        Malformed: a purpose's sentence is blank or holds a control character; an override's id stands there twice;
            an override names no condition or sets no rule. ``field`` names it.
    """
    ids: set[str] = set()
    for place, override in enumerate(settings.overrides):
        field = f"$.settings.overrides[{place}]"
        if override.override_id in ids:
            raise Malformed(field=f"{field}.override_id", rule="an override's id stands once in the settings")
        ids.add(override.override_id)
        if override.when == _NO_CONDITION:
            raise Malformed(field=f"{field}.when", rule="an override names at least one condition")
        if override.attribution is None and not any(True for _ in _details(override)):
            raise Malformed(field=field, rule="an override sets at least one rule")
    for path, rule in _all_details(settings):
        _check_purpose(path, rule)


def check_size(settings: PolicySettings, most_bytes: int) -> None:
    """Refuse settings that nobody could read any more, because they fit no message.

    Rejections:
        Malformed: as JSON they are larger than ``most_bytes``.
    """
    if len(msgspec.json.encode(settings)) > most_bytes:
        raise Malformed(field="$.settings.overrides", rule=f"settings are at most {most_bytes} bytes of JSON")


def check_known(settings: PolicySettings, known: Known) -> None:
    """Refuse overrides that name what the store does not have; groups only where they are known.

    Rejections:
        UnknownRegister, UnknownGroup: ``field``, ``override_id`` and the name say which.
    """
    for place, override in enumerate(settings.overrides):
        when, field = override.when, f"$.settings.overrides[{place}].when"
        if when.register is not None and when.register not in known.registers:
            raise UnknownRegister(field=f"{field}.register", register=when.register, override_id=override.override_id)
        if when.customer_group is not None and known.groups is not None and when.customer_group not in known.groups:
            raise UnknownGroup(
                field=f"{field}.customer_group", group=when.customer_group, override_id=override.override_id
            )


def groups_named(settings: PolicySettings) -> frozenset[GroupId]:
    """The customer groups that overrides name."""
    groups = (override.when.customer_group for override in settings.overrides)
    return frozenset(group for group in groups if group is not None)


def warnings(settings: PolicySettings) -> tuple[str, ...]:
    """Stable codes of what a careful shop should know about settings that are allowed."""
    told = []
    if settings.contact.level == "required":
        told.append(CONTACT_REQUIRED_STORE_WIDE)
    if any(override.when.transaction_kind in _REFUNDS and _requires(override) for override in settings.overrides):
        told.append(REFUND_MAY_BE_BLOCKED)
    return tuple(told)


def settings_hash(settings: PolicySettings) -> str:
    """SHA-256 of the settings in hexadecimal, so that an event can name them without telling them."""
    return hashlib.sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()


def _check_purpose(path: str, rule: DetailRule | ContactRule) -> None:
    purpose = rule.purpose
    if purpose is None:
        return
    if purpose.kind == "marketing" and rule.level == "required":
        raise PurposeRefused(field=f"{path}.purpose.kind")
    for language, sentence in msgspec.structs.asdict(purpose.sentences).items():
        field = f"$.{path}.purpose.sentences.{language}"
        if not sentence.strip():
            raise Malformed(field=field, rule="a sentence is not blank")
        if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in sentence):
            raise Malformed(field=field, rule="a sentence is one line without control characters")


def _requires(override: Override) -> bool:
    if override.attribution not in {None, "not_required"}:
        return True
    return any(rule.level == "required" for _, rule in _details(override))


def _all_details(settings: PolicySettings) -> Iterator[tuple[str, DetailRule | ContactRule]]:
    for name, rule in _details(settings):
        yield f"settings.{name}", rule
    for place, override in enumerate(settings.overrides):
        for name, rule in _details(override):
            yield f"settings.overrides[{place}].{name}", rule


def _details(rules: PolicySettings | Override) -> Iterator[tuple[str, DetailRule | ContactRule]]:
    named = (("first_name", rules.first_name), ("last_name", rules.last_name), ("contact", rules.contact))
    return ((name, rule) for name, rule in named if rule is not None)
