"""Every code has its sentence in every language of the shop."""

import itertools
import typing

import pytest

from contracts.policy import ContactMode, ContactRule, DetailRule, Level, PolicySettings, RulePurpose, Sentences
from contracts.policy.checking import ChosenSkipReason
from services.policy.sentences import SENTENCES, SKIP_REASONS, TEXTS, answer, skip_reasons
from tests.services.policy.examples import ATTRIBUTIONS, EVERYTHING, FIRST_NAME, a_customer, a_sale, decide
from tests.services.policy.model.any_settings import MISSING

LANGUAGES = ("en", "de", "nl", "fi")
LEVELS: tuple[Level, ...] = ("recommended", "required")


def test_every_sentence_is_there_in_every_language() -> None:
    assert TEXTS.missing(LANGUAGES, [*SENTENCES.values(), *SKIP_REASONS.values()]) == ()
    assert TEXTS.missing(LANGUAGES) == ()


def test_every_code_that_a_rule_can_give_has_a_sentence_and_no_other() -> None:
    given = set()
    for mode, attribution, level in itertools.product(typing.get_args(ContactMode), ATTRIBUTIONS, LEVELS):
        settings = PolicySettings(
            DetailRule(level), DetailRule(level), ContactRule(level, mode), attribution, waivable=True
        )
        for email, phone, names, signed_on, settled in itertools.product((False, True), repeat=5):
            customer = a_customer(first_name=names, last_name=names, email=email, phone=phone)
            for unattributed in (0, 1):
                sale = a_sale(
                    customer,
                    unattributed=unattributed,
                    signed_on=signed_on,
                    skipped=MISSING if settled else (),
                    waived=MISSING if settled and level == "required" else (),
                )
                given |= {finding.code for finding in decide(settings, sale).findings}

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


def test_the_moment_of_the_first_check_travels_with_every_answer() -> None:
    settings = PolicySettings(moment="at_start")

    assert answer(decide(settings, a_sale()), settings, "en").moment == "at_start"


def test_who_may_waive_is_told_of_what_blocks_where_the_settings_allow_it() -> None:
    waivable = PolicySettings(DetailRule("required"), DetailRule("recommended"), waivable=True)
    roles = ("manager", "owner")

    told = answer(decide(waivable, a_sale()), waivable, "en", roles)
    off = answer(decide(FIRST_NAME, a_sale()), FIRST_NAME, "en", roles)
    waived = answer(decide(waivable, a_sale(waived=("first-name-missing",))), waivable, "en", roles)

    assert [(item.field, item.waivable_by) for item in told.items] == [("first_name", roles), ("last_name", ())]
    assert [item.waivable_by for item in off.items] == [()]
    assert [(item.settled, item.waivable_by) for item in waived.items] == [("waived", ()), (None, ())]


@pytest.mark.parametrize("language", [*LANGUAGES, "sv"])
def test_every_reason_to_skip_has_its_sentence_the_customers_refusal_first(language: str) -> None:
    reasons = skip_reasons(language)

    assert [each.reason for each in reasons] == list(typing.get_args(ChosenSkipReason))
    assert reasons[0].reason == "customer_declined"
    assert len({each.sentence for each in reasons}) == len(reasons)
