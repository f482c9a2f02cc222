"""What policy says to people: one sentence for each stable code, in the asker's language.

Belongs here: codes and their English sentences (the msgids of ``locale/*.po``), and putting a verdict into the form
that travels. Never here: a rule.
"""

import typing
from pathlib import Path

from contracts.customers import LanguageCode
from contracts.policy import PolicySettings, RulePurpose
from contracts.policy.checking import CheckAnswer, CheckItem, ChosenSkipReason, SkipReasonText
from services.policy.model.decision import Finding, Verdict
from services.runtime.texts import Texts

SENTENCES: dict[str, str] = {
    "first-name-missing": "Please ask for the customer's first name.",
    "first-name-ok": "The first name is on file.",
    "first-name-skipped": "The first name was skipped for this sale.",
    "first-name-waived": "The first name was waived for this sale.",
    "last-name-missing": "Please ask for the customer's last name.",
    "last-name-ok": "The last name is on file.",
    "last-name-skipped": "The last name was skipped for this sale.",
    "last-name-waived": "The last name was waived for this sale.",
    "phone-missing": "Please ask for the customer's phone number.",
    "phone-ok": "A phone number is on file.",
    "phone-skipped": "The phone number was skipped for this sale.",
    "phone-waived": "The phone number was waived for this sale.",
    "email-missing": "Please ask for the customer's email address.",
    "email-ok": "An email address is on file.",
    "email-skipped": "The email address was skipped for this sale.",
    "email-waived": "The email address was waived for this sale.",
    "email-or-phone-missing": "Please ask for an email address or a phone number.",
    "email-or-phone-ok": "An email address or a phone number is on file.",
    "email-or-phone-skipped": "An email address or phone number was skipped for this sale.",
    "email-or-phone-waived": "An email address or phone number was waived for this sale.",
    "email-and-phone-missing": "Please ask for an email address and a phone number.",
    "email-and-phone-ok": "An email address and a phone number are on file.",
    "email-and-phone-skipped": "Email address and phone number were skipped for this sale.",
    "email-and-phone-waived": "Email address and phone number were waived for this sale.",
    "attribution-missing": "Please say for every line item who gets the credit.",
    "attribution-ok": "Every line item has somebody who gets the credit.",
    "attribution-waived": "Who gets the credit was waived for this sale.",
    "sign-on-missing": "Please sign on so that the sale is credited to somebody.",
    "sign-on-waived": "The sale goes on without anybody signed on to get the credit.",
}
"""Every code that a rule can give, with its msgid."""

SKIP_REASONS: dict[ChosenSkipReason, str] = {
    "customer_declined": "The customer would rather not say.",
    "no_time": "There was no time to ask.",
    "language": "We had no language in common.",
    "already_given": "The customer says we have it already.",
    "other": "Another reason.",
}
"""Every reason to skip a prompt, with its msgid."""

TEXTS = Texts(Path(__file__).parent / "locale")


def answer(
    verdict: Verdict, settings: PolicySettings, language: LanguageCode, may_waive: tuple[str, ...] = ()
) -> CheckAnswer:
    """Put a verdict into words; a language that policy does not speak is answered in English.

    Args:
        verdict: What was decided.
        settings: By which settings.
        language: That of whoever reads it.
        may_waive: The roles that may let a rule pass; told with what blocks, where the settings allow it at all.
    """
    waivable_by = may_waive if settings.waivable else ()
    return CheckAnswer(
        outcome=verdict.outcome,
        settings_revision=verdict.settings_revision,
        items=tuple(_item(finding, language, waivable_by) for finding in verdict.findings),
        attribution=verdict.attribution,
        on_policy_unavailable=settings.on_policy_unavailable,
        moment=settings.moment,
    )


def skip_reasons(language: LanguageCode) -> tuple[SkipReasonText, ...]:
    """The reasons to skip a prompt in the words of staff, the most usual first."""
    return tuple(
        SkipReasonText(reason, TEXTS.get(language, SKIP_REASONS[reason]))
        for reason in typing.get_args(ChosenSkipReason)
    )


def _item(finding: Finding, language: LanguageCode, waivable_by: tuple[str, ...]) -> CheckItem:
    return CheckItem(
        field=finding.field,
        level=finding.level,
        satisfied=finding.satisfied,
        code=finding.code,
        sentence=TEXTS.get(language, SENTENCES[finding.code]),
        purpose=None if finding.purpose is None else _purpose(finding.purpose, language),
        waivable_by=waivable_by if finding.blocks else (),
        settled=finding.settled,
    )


def _purpose(purpose: RulePurpose, language: LanguageCode) -> str:
    sentence: str = getattr(purpose.sentences, language, purpose.sentences.en)
    return sentence
