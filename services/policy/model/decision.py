"""Whether a sale may be paid as it stands: the rules themselves, pure.

Belongs here: what a rule finds about the facts of a sale. Never here: a sentence, a table, the bus, a clock.
"""

from typing import NamedTuple

from contracts.customers import CustomerFacts
from contracts.policy import AttributionMode, Level, RulePurpose
from contracts.policy.checking import CheckoutFacts, Outcome, RuleKind, Settled
from services.policy.model.rulebook import (
    ATTRIBUTION_MODES,
    EMAIL,
    NOTHING,
    PHONE,
    RECOMMENDED,
    REQUIRED,
    THE_NAME,
    Demand,
    Demands,
    Rulebook,
    asked,
)

LEVELS: tuple[Level, ...] = ("not_required", "recommended", "required")
SUBJECTS: dict[RuleKind, tuple[str, ...]] = {
    "first_name": ("", "first-name"),
    "last_name": ("", "last-name"),
    "contact": ("email-or-phone", "phone", "email", "email-and-phone"),
}
"""What codes call the bits of a rule."""
_SIGN_ON, _SOMEBODY = 1, 3
"""Whoever lets pass that nobody gets the credit lets pass, too, that nobody is signed on to get it."""
LETS_GO: dict[str, tuple[RuleKind, int]] = {
    "sign-on-missing": ("attribution", _SIGN_ON),
    "attribution-missing": ("attribution", _SOMEBODY),
    **{
        f"{subject}-missing": (field, bits)
        for field, subjects in SUBJECTS.items()
        for bits, subject in enumerate(subjects)
        if subject
    },
}
"""What is let go, as bits of its rule, where a code was skipped or waived."""


class Finding(NamedTuple):
    """What one rule says about one sale; its stable ``code`` ends in ``ok``, ``missing``, ``skipped`` or ``waived``."""

    field: RuleKind
    level: Level
    satisfied: bool
    code: str
    purpose: RulePurpose | None = None
    settled: Settled | None = None

    @property
    def open(self) -> bool:
        """Whether it prompts or blocks."""
        return not self.satisfied and self.settled is None

    @property
    def blocks(self) -> bool:
        """Whether the sale may not be paid because of it."""
        return self.open and self.level == "required"


class Verdict(NamedTuple):
    """Whether a sale may be paid, why, and by which revision of the settings."""

    outcome: Outcome
    settings_revision: int
    findings: tuple[Finding, ...]
    attribution: AttributionMode

    @property
    def missing(self) -> tuple[RuleKind, ...]:
        """The rules that prompt or block."""
        return tuple(finding.field for finding in self.findings if finding.open)


def decide(rulebook: Rulebook, facts: CheckoutFacts) -> Verdict:
    """Say whether a sale may be paid as it stands, with one finding for each rule that asks for something.

    What a rule asks for (first name, last name, contact and attribution, each by itself):

    - The base is the store-wide rule. Returns, deposit returns and account payments have none, and only overrides
      whose ``transaction_kind`` names that kind touch them: a refund is never blocked by what is asked of sales.
    - An override is for the sales that fit every condition it names: ``total_from`` fits its own total and any above,
      ``item_tag`` a tag of any line item, ``customer_group`` the group of the customer attached. Without a tender
      kind nothing fits that names one; without a customer nothing fits that names a group.
    - ``exactly`` replaces the base, by something milder too. The narrowest wins: the one that names more conditions;
      where they name the same kinds of conditions, the one with the higher ``total_from``. Those of which none is
      narrower than another are joined.
    - Every ``at_least`` is joined to that; it never makes anything milder.
    - Joined is what satisfies all: of a contact, ``phone`` with ``email`` is ``email_and_phone``, either of them with
      ``email_or_phone`` is itself. What is required and what is recommended are joined each by itself, so that a
      required phone with a recommended email blocks on the phone and prompts for the email.
      ``manual`` attribution asks for more than ``automatic``, that for more than none.
    - So the order in which overrides stand never matters, and ties go to the more demanding.

    What it finds:

    - A rule that asks for nothing finds nothing.
    - No customer has any detail; a placeholder customer has none either.
    - One finding a rule: about what is required and missing, else about what is recommended and missing. Its code
      names what is missing of the two contacts. If nothing is missing, it tells the highest level as satisfied.
    - ``attribution`` counts as required. ``manual``: every goods line has somebody. ``automatic``: somebody is signed
      on who gets the lines that have nobody, or there is no such line.
    - A waiver lets pass what is required as long as the settings are ``waivable``. A skip or a waiver lets pass what
      is recommended; a skip never what is required, and there is none for attribution.
    - Both are for the code that they were given for and for what asks for less: ``email-and-phone`` covers ``email``,
      and each of these ``email-or-phone``; ``attribution`` covers ``sign-on``. None covers what asks for more, and two
      that each cover a part are not added up: whoever lets something pass has seen all of it.
    - Where a waiver lets pass what a rule requires, what it recommends besides is not asked.
    - The purpose told is that of a demand of the finding's level that is missing: one that has a purpose, then the
      more demanding one, then by the purpose's own text.
    - The strictest finding decides: required and missing is ``block``, recommended and missing is ``prompt``, what
      is settled or satisfied is ``proceed``.

    Args:
        rulebook: The settings in force.
        facts: What checkout tells of the sale.
    """
    return judge(rulebook, rulebook.asked_of(facts), facts)


def judge(rulebook: Rulebook, demands: Demands, facts: CheckoutFacts) -> Verdict:
    """Say what demands that are weighed already find about a sale; the second half of ``decide``."""
    first_name, last_name, contact, attribution = demands
    person = _person(facts)
    has_contact = 0
    if person is not None:
        has_contact = PHONE * person.has_phone | EMAIL * person.has_email
    found = (
        _detail(rulebook, facts, "first_name", first_name, THE_NAME * (person is not None and person.has_first_name)),
        _detail(rulebook, facts, "last_name", last_name, THE_NAME * (person is not None and person.has_last_name)),
        _detail(rulebook, facts, "contact", contact, has_contact),
        _attribution(rulebook, facts, attribution),
    )
    findings = tuple(finding for finding in found if finding is not None)
    return Verdict(_strictest(findings), rulebook.revision, findings, _mode(attribution))


def _detail(rulebook: Rulebook, facts: CheckoutFacts, field: RuleKind, demand: Demand, has: int) -> Finding | None:
    if demand == NOTHING:
        return None
    for level in (REQUIRED, RECOMMENDED):
        missing = {bits: purpose for bits, purpose in asked(demand, level).items() if not _has(bits, has)}
        if missing:
            lacks = _together(missing) & ~has
            subject = SUBJECTS[field][lacks]
            settled = _settled(rulebook, facts, field, level, lacks)
            return Finding(
                field,
                LEVELS[level],
                satisfied=False,
                code=f"{subject}-{settled or 'missing'}",
                purpose=_purpose(missing, rulebook),
                settled=settled,
            )
    level = REQUIRED if asked(demand, REQUIRED) else RECOMMENDED
    there = asked(demand, level)
    code = f"{SUBJECTS[field][_together(there)]}-ok"
    return Finding(field, LEVELS[level], satisfied=True, code=code, purpose=_purpose(there, rulebook))


def _attribution(rulebook: Rulebook, facts: CheckoutFacts, demand: Demand) -> Finding | None:
    mode = _mode(demand)
    if mode == "not_required":
        return None
    attributed = facts.unattributed_lines <= 0
    if attributed or (mode == "automatic" and facts.signed_on):
        return Finding("attribution", "required", satisfied=True, code="attribution-ok")
    subject, lacks = ("attribution", _SOMEBODY) if mode == "manual" else ("sign-on", _SIGN_ON)
    settled = _settled(rulebook, facts, "attribution", REQUIRED, lacks)
    return Finding(
        "attribution", "required", satisfied=False, code=f"{subject}-{settled or 'missing'}", settled=settled
    )


def _settled(rulebook: Rulebook, facts: CheckoutFacts, field: RuleKind, level: int, lacks: int) -> Settled | None:
    if (level == RECOMMENDED or rulebook.settings.waivable) and _covered(field, lacks, facts.waived):
        return "waived"
    return "skipped" if level == RECOMMENDED and _covered(field, lacks, facts.skipped) else None


def _covered(field: RuleKind, lacks: int, codes: tuple[str, ...]) -> bool:
    """Whether one of these codes lets go all that is lacking."""
    for code in codes:
        rule, bits = LETS_GO.get(code, (None, 0))
        if rule == field and lacks & ~bits == 0:
            return True
    return False


def _has(bits: int, has: int) -> bool:
    return has & bits == bits and (bits != 0 or has != 0)


def _together(bits: dict[int, int]) -> int:
    together = 0
    for each in bits:
        together |= each
    return together


def _purpose(wants: dict[int, int], rulebook: Rulebook) -> RulePurpose | None:
    none = len(rulebook.purposes) - 1
    told = min((purpose == none, -bits.bit_count(), purpose) for bits, purpose in wants.items())
    return rulebook.purposes[told[2]]


def _mode(attribution: Demand) -> AttributionMode:
    return ATTRIBUTION_MODES[max(asked(attribution, REQUIRED), default=0)]


def _person(facts: CheckoutFacts) -> CustomerFacts | None:
    return None if facts.customer is None or facts.customer.placeholder else facts.customer


def _strictest(findings: tuple[Finding, ...]) -> Outcome:
    if any(finding.blocks for finding in findings):
        return "block"
    return "prompt" if any(finding.open for finding in findings) else "proceed"
