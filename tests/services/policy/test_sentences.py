"""Every code has its sentence in every language of the shop."""

import itertools
import typing

import pytest

from contracts.policy import ContactMode, ContactRule, DetailRule, PolicySettings, RulePurpose, Sentences
from services.policy.model import decide
from services.policy.sentences import SENTENCES, TEXTS, answer
from tests.services.policy.examples import ATTRIBUTIONS, EVERYTHING, a_customer, a_sale

LANGUAGES = ("en", "de", "nl", "fi")


def test_every_sentence_is_there_in_every_language() -> None:
    assert TEXTS.missing(LANGUAGES, SENTENCES.values()) == ()
    assert TEXTS.missing(LANGUAGES) == ()


def test_every_code_that_a_rule_can_give_has_a_sentence_and_no_other() -> None:
    given = set()
    for mode, attribution in itertools.product(typing.get_args(ContactMode), ATTRIBUTIONS):
        settings = PolicySettings(
            DetailRule("required"), DetailRule("required"), ContactRule("required", mode), attribution
        )
        for email, phone, names, signed_on in itertools.product((False, True), repeat=4):
            customer = a_customer(first_name=names, last_name=names, email=email, phone=phone)
            for unattributed in (0, 1):
                sale = a_sale(customer, unattributed=unattributed, signed_on=signed_on)
                given |= {finding.code for finding in decide(settings, sale, 1).findings}

    assert given == set(SENTENCES)


@pytest.mark.parametrize(
    ("language", "sentence", "purpose"),
    [
        ("en", "Please ask for the customer's first name.", "For the warranty."),
        ("de", "Bitte den Vornamen der Kundin oder des Kunden erfragen.", "Für die Garantie."),
        ("nl", "Vraag de klant naar de voornaam.", "Voor de garantie."),
        ("fi", "Kysy asiakkaan etunimi.", "Takuuta varten."),
        ("sv", "Please ask for the customer's first name.", "For the warranty."),
    ],
)
def test_the_asker_is_answered_in_their_language_else_in_english(language: str, sentence: str, purpose: str) -> None:
    sentences = Sentences(en="For the warranty.", de="Für die Garantie.", nl="Voor de garantie.", fi="Takuuta varten.")
    settings = PolicySettings(first_name=DetailRule("required", RulePurpose("warranty", sentences)))

    told = answer(decide(settings, a_sale(), 4), settings, language)

    assert (told.outcome, told.settings_revision) == ("block", 4)
    assert [(item.sentence, item.purpose) for item in told.items] == [(sentence, purpose)]


def test_what_to_do_when_policy_is_away_travels_with_every_answer() -> None:
    settings = PolicySettings(on_policy_unavailable="allow_flagged")

    assert answer(decide(settings, a_sale(), 1), settings, "en").on_policy_unavailable == "allow_flagged"
    assert answer(decide(EVERYTHING, a_sale(), 1), EVERYTHING, "en").on_policy_unavailable == "refuse"
