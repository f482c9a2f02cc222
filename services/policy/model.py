"""What a checkout must collect before it may be paid: the rules, pure.

Belongs here: settings, facts of a sale, what a rule finds. Never here: a sentence, a table, the bus, a clock.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from contracts.base import Malformed
from contracts.customers import CustomerFacts
from contracts.policy import (
    AttributionMode,
    CheckoutFacts,
    ContactRule,
    DetailRule,
    Level,
    Outcome,
    PolicySettings,
    PurposeRefused,
    RuleKind,
    RulePurpose,
    TransactionKind,
)

FIRST_REVISION = 0
"""The revision of the settings a store starts with, all of them ``not_required``."""

NEVER_ASKED: frozenset[TransactionKind] = frozenset({"return", "deposit_return", "account_payment"})
"""Transactions that pay out or settle what is owed: a refund owed by law is never blocked.

Directive (EU) 2019/771, art. 13 and 16: the consumer's refund depends on no detail of theirs.
"""

CONTACT_REQUIRED_STORE_WIDE = "contact-required-store-wide"
"""Warning: every customer must give a contact. Regulation (EU) 2016/679, art. 5 (1) c: data minimisation."""


class Finding(NamedTuple):
    """What one rule says about one sale. ``code`` is stable and ends in ``-ok`` or ``-missing``."""

    field: RuleKind
    level: Level
    satisfied: bool
    code: str
    purpose: RulePurpose | None = None


class Verdict(NamedTuple):
    """Whether a sale may be paid, why, and by which revision of the settings."""

    outcome: Outcome
    settings_revision: int
    findings: tuple[Finding, ...]
    attribution: AttributionMode


def decide(settings: PolicySettings, facts: CheckoutFacts, revision: int) -> Verdict:
    """Say whether a sale may be paid as it stands, with one finding for each rule that asks for something.

    - A rule that is ``not_required`` finds nothing. Returns, deposit returns and account payments are
      ``not_required`` whatever the settings say.
    - ``first_name`` and ``last_name`` are satisfied by a customer who has that name.
    - ``contact`` is satisfied as its mode says: by a ``phone``, an ``email``, either (``email_or_phone``) or
      both (``email_and_phone``). Of both, the code names the one that is missing.
    - No customer satisfies nothing; a placeholder customer satisfies nothing.
    - ``attribution`` counts as required. ``manual``: every goods line has somebody. ``automatic``: somebody
      is signed on who gets the lines that have nobody, or there is no such line.
    - The strictest finding decides: required and not satisfied is ``block``, recommended and not
      satisfied is ``prompt``, all else is ``proceed``.

    Args:
        settings: The settings in force.
        facts: What checkout tells of the sale.
        revision: The revision of these settings, told with the verdict.
    """
    if facts.transaction_kind in NEVER_ASKED:
        return Verdict("proceed", revision, (), "not_required")
    findings = tuple(finding for rule in RULES if (finding := rule(settings, facts)) is not None)
    return Verdict(_strictest(findings), revision, findings, settings.attribution)


def check_settings(settings: PolicySettings) -> None:
    """Refuse settings that a store may not put in force.

    Rejections:
        PurposeRefused: a required rule names marketing as its purpose; ``field`` names the rule.
            Regulation (EU) 2016/679, art. 5 (1) c and art. 7 (4): consent to marketing is no condition of a sale.
        Malformed: a purpose's sentence is blank or holds a control character; ``field`` names it.
    """
    for name, level, purpose in _purposes(settings):
        if purpose.kind == "marketing" and level == "required":
            raise PurposeRefused(field=f"settings.{name}.purpose.kind")
        for language, sentence in msgspec.structs.asdict(purpose.sentences).items():
            field = f"$.settings.{name}.purpose.sentences.{language}"
            if not sentence.strip():
                raise Malformed(field=field, rule="a sentence is not blank")
            if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in sentence):
                raise Malformed(field=field, rule="a sentence is one line without control characters")


def warnings(settings: PolicySettings) -> tuple[str, ...]:
    """Stable codes of what a careful shop should know about settings that are allowed."""
    return (CONTACT_REQUIRED_STORE_WIDE,) if settings.contact.level == "required" else ()


def settings_hash(settings: PolicySettings) -> str:
    """SHA-256 of the settings in hexadecimal, so that an event can name them without telling them."""
    return hashlib.sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()


def _first_name(settings: PolicySettings, facts: CheckoutFacts) -> Finding | None:
    rule, person = settings.first_name, _person(facts)
    satisfied = person is not None and person.has_first_name
    return _finding("first_name", rule.level, "first-name", satisfied=satisfied, purpose=rule.purpose)


def _last_name(settings: PolicySettings, facts: CheckoutFacts) -> Finding | None:
    rule, person = settings.last_name, _person(facts)
    satisfied = person is not None and person.has_last_name
    return _finding("last_name", rule.level, "last-name", satisfied=satisfied, purpose=rule.purpose)


def _contact(settings: PolicySettings, facts: CheckoutFacts) -> Finding | None:
    rule, person = settings.contact, _person(facts)
    email = person is not None and person.has_email
    phone = person is not None and person.has_phone
    subject, satisfied = {
        "email": ("email", email),
        "phone": ("phone", phone),
        "email_or_phone": ("email-or-phone", email or phone),
        "email_and_phone": (
            "phone" if email and not phone else "email" if phone and not email else "email-and-phone",
            email and phone,
        ),
    }[rule.mode]
    return _finding("contact", rule.level, subject, satisfied=satisfied, purpose=rule.purpose)


def _attribution(settings: PolicySettings, facts: CheckoutFacts) -> Finding | None:
    if settings.attribution == "not_required":
        return None
    attributed = facts.unattributed_lines <= 0
    if settings.attribution == "manual" or attributed:
        return _finding("attribution", "required", "attribution", satisfied=attributed)
    return _finding(
        "attribution", "required", "attribution" if facts.signed_on else "sign-on", satisfied=facts.signed_on
    )


RULES: tuple[Callable[[PolicySettings, CheckoutFacts], Finding | None], ...] = (
    _first_name,
    _last_name,
    _contact,
    _attribution,
)
"""Every kind of rule, in the order in which a register asks; a later kind is one more function here."""


def _finding(
    field: RuleKind, level: Level, subject: str, *, satisfied: bool, purpose: RulePurpose | None = None
) -> Finding | None:
    if level == "not_required":
        return None
    return Finding(field, level, satisfied, f"{subject}-{'ok' if satisfied else 'missing'}", purpose)


def _person(facts: CheckoutFacts) -> CustomerFacts | None:
    return None if facts.customer is None or facts.customer.placeholder else facts.customer


def _blocks(finding: Finding) -> bool:
    return finding.level == "required" and not finding.satisfied


def _strictest(findings: tuple[Finding, ...]) -> Outcome:
    if any(map(_blocks, findings)):
        return "block"
    return "prompt" if any(not finding.satisfied for finding in findings) else "proceed"


def _purposes(settings: PolicySettings) -> Iterator[tuple[RuleKind, Level, RulePurpose]]:
    rules: tuple[tuple[RuleKind, DetailRule | ContactRule], ...] = (
        ("first_name", settings.first_name),
        ("last_name", settings.last_name),
        ("contact", settings.contact),
    )
    return ((name, rule.level, rule.purpose) for name, rule in rules if rule.purpose is not None)
