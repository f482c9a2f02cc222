"""What customers are asked and told in writing, in their language: the question of consent, the certificate, a copy.

Belongs here: msgids of ``locale/*.po``, and putting them together. Never here: a rule.
"""

from pathlib import Path
from typing import NamedTuple

from contracts.customers.consent import Channel
from services.runtime.texts import FALLBACK, Texts

TEXTS = Texts(Path(__file__).parent / "locale")

QUESTIONS: dict[Channel, str] = {
    "email": "May we write to you by e-mail about our offers? You can end it at any time, for free.",
    "sms": "May we write to you by text message about our offers? You can end it at any time, for free.",
    "phone": "May we call you about our offers? You can end it at any time, for free.",
    "post": "May we write to you by post about our offers? You can end it at any time, for free.",
}
"""Every question, with its msgid; other words get another number in ``WORDING``."""
WORDING = 1
YES = "Yes, gladly"
NO = "No, thank you"
CERTIFICATE = (
    "On {erased_at} we erased everything about the customer {customer_id} that the law does not make us keep. "
    "It was finished in every part of our system on {finished_at}."
)
CERTIFICATE_KEPT = (
    "Sealed records that the law makes us keep: {count}, the last one until {keep_until}; they are deleted then."
)


class Question(NamedTuple):
    """The question as a form shows it."""

    wording_id: str
    language: str
    question: str
    yes: str
    no: str


def question(language: str, channel: Channel) -> Question:
    """The question of marketing consent; a language that is not spoken here is answered in English."""
    spoken = spoken_language(language)
    return Question(
        wording_id=f"marketing-{channel}-{spoken}-{WORDING}",
        language=spoken,
        question=TEXTS.get(spoken, QUESTIONS[channel]),
        yes=TEXTS.get(spoken, YES),
        no=TEXTS.get(spoken, NO),
    )


def certificate_text(  # noqa: PLR0913 - what a certificate says
    language: str, *, customer_id: str, erased_at: str, finished_at: str, count: int, keep_until: str
) -> str:
    """What a certificate of erasure says."""
    spoken = spoken_language(language)
    text = TEXTS.get(
        spoken, CERTIFICATE, customer_id=customer_id, erased_at=erased_at[:10], finished_at=finished_at[:10]
    )
    if not count:
        return text
    return f"{text} {TEXTS.get(spoken, CERTIFICATE_KEPT, count=count, keep_until=keep_until)}"


def spoken_language(language: str | None, shops: str = FALLBACK) -> str:
    """The language itself if there are sentences in it, else the shop's, else English."""
    return next((each for each in (language, shops) if each in TEXTS.languages), FALLBACK)
