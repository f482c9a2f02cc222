"""What policy says to people: one sentence for each stable code, in the asker's language.

Belongs here: codes and their English sentences (the msgids of ``locale/*.po``), and putting a verdict into the form
that travels. Never here: a rule.
"""

from pathlib import Path

from contracts.customers import LanguageCode
from contracts.policy import CheckAnswer, CheckItem, PolicySettings, RulePurpose
from services.policy.model import Finding, Verdict
from services.runtime.texts import Texts

SENTENCES: dict[str, str] = {
    "first-name-missing": "Please ask for the customer's first name.",
    "first-name-ok": "The first name is on file.",
    "last-name-missing": "Please ask for the customer's last name.",
    "last-name-ok": "The last name is on file.",
    "phone-missing": "Please ask for the customer's phone number.",
    "phone-ok": "A phone number is on file.",
    "email-missing": "Please ask for the customer's email address.",
    "email-ok": "An email address is on file.",
    "email-or-phone-missing": "Please ask for an email address or a phone number.",
    "email-or-phone-ok": "An email address or a phone number is on file.",
    "email-and-phone-missing": "Please ask for an email address and a phone number.",
    "email-and-phone-ok": "An email address and a phone number are on file.",
    "attribution-missing": "Please say for every line item who gets the credit.",
    "attribution-ok": "Every line item has somebody who gets the credit.",
    "sign-on-missing": "Please sign on so that the sale is credited to somebody.",
}
"""Every code that a rule can give, with its msgid."""

TEXTS = Texts(Path(__file__).parent / "locale")


def answer(verdict: Verdict, settings: PolicySettings, language: LanguageCode) -> CheckAnswer:
    """Put a verdict into words; a language that policy does not speak is answered in English."""
    return CheckAnswer(
        outcome=verdict.outcome,
        settings_revision=verdict.settings_revision,
        items=tuple(_item(finding, language) for finding in verdict.findings),
        attribution=verdict.attribution,
        on_policy_unavailable=settings.on_policy_unavailable,
    )


def _item(finding: Finding, language: LanguageCode) -> CheckItem:
    return CheckItem(
        field=finding.field,
        level=finding.level,
        satisfied=finding.satisfied,
        code=finding.code,
        sentence=TEXTS.get(language, SENTENCES[finding.code]),
        purpose=None if finding.purpose is None else _purpose(finding.purpose, language),
    )


def _purpose(purpose: RulePurpose, language: LanguageCode) -> str:
    sentence: str = getattr(purpose.sentences, language, purpose.sentences.en)
    return sentence
