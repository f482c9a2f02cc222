"""What a checkout must collect: examples of each rule, and the order between milder and stricter."""

from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Malformed
from contracts.customers import CustomerFacts
from contracts.policy import (
    CheckoutFacts,
    ContactMode,
    ContactRule,
    DetailRule,
    Level,
    Outcome,
    PolicySettings,
    Purpose,
    PurposeRefused,
    RulePurpose,
    TransactionKind,
)
from services.policy.model import (
    CONTACT_REQUIRED_STORE_WIDE,
    check_settings,
    decide,
    settings_hash,
    warnings,
)
from services.policy.sentences import answer
from tests.services.policy.examples import ATTRIBUTIONS, EVERYBODY, EVERYTHING, SENTENCES, a_customer, a_sale

LEVELS: tuple[Level, ...] = ("not_required", "recommended", "required")
OUTCOMES: tuple[Outcome, ...] = ("proceed", "prompt", "block")
STRICTER_MODES: dict[ContactMode, tuple[ContactMode, ...]] = {
    "email_or_phone": ("email_or_phone", "email", "phone", "email_and_phone"),
    "email": ("email", "email_and_phone"),
    "phone": ("phone", "email_and_phone"),
    "email_and_phone": ("email_and_phone",),
}
KINDS: tuple[TransactionKind, ...] = (
    "sale",
    "return",
    "deposit_return",
    "exchange",
    "order",
    "workshop",
    "account_payment",
)


def codes(settings: PolicySettings, facts: CheckoutFacts) -> list[str]:
    return [finding.code for finding in decide(settings, facts, 1).findings]


def test_nothing_required_asks_for_nothing() -> None:
    verdict = decide(PolicySettings(), a_sale(unattributed=2), 0)

    assert (verdict.outcome, verdict.findings, verdict.settings_revision) == ("proceed", (), 0)


@pytest.mark.parametrize(("level", "outcome"), [("recommended", "prompt"), ("required", "block")])
@pytest.mark.parametrize("field", ["first_name", "last_name", "contact"])
def test_a_missing_detail_prompts_when_recommended_and_blocks_when_required(
    field: str, level: Level, outcome: Outcome
) -> None:
    rule = ContactRule(level) if field == "contact" else DetailRule(level)
    settings = msgspec.structs.replace(PolicySettings(), **{field: rule})

    verdict = decide(settings, a_sale(a_customer()), 7)

    assert verdict.outcome == outcome
    assert verdict.settings_revision == 7
    assert [(each.field, each.level, each.satisfied) for each in verdict.findings] == [(field, level, False)]
    assert decide(settings, a_sale(EVERYBODY), 7).outcome == "proceed"
    assert [each.satisfied for each in decide(settings, a_sale(EVERYBODY), 7).findings] == [True]


@pytest.mark.parametrize(
    ("mode", "email", "phone", "code"),
    [
        ("email", False, True, "email-missing"),
        ("email", True, False, "email-ok"),
        ("phone", True, False, "phone-missing"),
        ("phone", False, True, "phone-ok"),
        ("email_or_phone", False, False, "email-or-phone-missing"),
        ("email_or_phone", True, False, "email-or-phone-ok"),
        ("email_or_phone", False, True, "email-or-phone-ok"),
        ("email_and_phone", False, False, "email-and-phone-missing"),
        ("email_and_phone", True, False, "phone-missing"),
        ("email_and_phone", False, True, "email-missing"),
        ("email_and_phone", True, True, "email-and-phone-ok"),
    ],
)
def test_contact_is_satisfied_as_its_mode_says(mode: ContactMode, *, email: bool, phone: bool, code: str) -> None:
    settings = PolicySettings(contact=ContactRule("required", mode=mode))

    verdict = decide(settings, a_sale(a_customer(email=email, phone=phone)), 1)

    assert [each.code for each in verdict.findings] == [code]
    assert verdict.outcome == ("proceed" if code.endswith("-ok") else "block")


@pytest.mark.parametrize("customer", [None, msgspec.structs.replace(EVERYBODY, placeholder=True)])
def test_nobody_and_a_placeholder_satisfy_nothing(customer: CustomerFacts | None) -> None:
    assert codes(EVERYTHING, a_sale(customer)) == [
        "first-name-missing",
        "last-name-missing",
        "email-and-phone-missing",
        "attribution-ok",
    ]


def test_manual_attribution_wants_somebody_on_every_goods_line() -> None:
    settings = PolicySettings(attribution="manual")

    assert decide(settings, a_sale(unattributed=1, signed_on=True), 1).outcome == "block"
    assert codes(settings, a_sale(unattributed=1, signed_on=True)) == ["attribution-missing"]
    assert codes(settings, a_sale(unattributed=0)) == ["attribution-ok"]


def test_automatic_attribution_wants_somebody_signed_on_for_lines_without_anybody() -> None:
    settings = PolicySettings(attribution="automatic")

    assert codes(settings, a_sale(unattributed=2, signed_on=True)) == ["attribution-ok"]
    assert codes(settings, a_sale(unattributed=2)) == ["sign-on-missing"]
    assert codes(settings, a_sale(unattributed=0)) == ["attribution-ok"]
    assert decide(settings, a_sale(unattributed=2), 1).attribution == "automatic"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_owed_to_the_customer_is_never_blocked(kind: TransactionKind) -> None:
    verdict = decide(EVERYTHING, a_sale(kind=kind, unattributed=1), 3)

    never_asked = kind in {"return", "deposit_return", "account_payment"}
    assert verdict.outcome == ("proceed" if never_asked else "block")
    assert bool(verdict.findings) is not never_asked
    assert verdict.attribution == ("not_required" if never_asked else "manual")


@pytest.mark.parametrize("moment", ["before_payment", "at_start"])
def test_settings_for_what_is_not_yet_done_are_kept_but_change_no_answer(
    moment: Literal["before_payment", "at_start"],
) -> None:
    settings = PolicySettings(last_name=DetailRule("required"))
    later = msgspec.structs.replace(settings, moment=moment, waivable=True)
    check_settings(later)

    told = answer(decide(later, a_sale(), 1), later, "en")

    assert told == answer(decide(settings, a_sale(), 1), settings, "en")
    assert [each.waivable_by for each in told.items] == [()]


def test_a_purpose_travels_with_its_finding() -> None:
    purpose = RulePurpose("warranty", SENTENCES)

    verdict = decide(PolicySettings(contact=ContactRule("required", purpose=purpose)), a_sale(), 1)

    assert [each.purpose for each in verdict.findings] == [purpose]


@pytest.mark.parametrize("field", ["first_name", "last_name", "contact"])
def test_marketing_is_no_purpose_of_a_required_rule(field: str) -> None:
    def settings(level: Level, kind: Purpose) -> PolicySettings:
        purpose = RulePurpose(kind, SENTENCES)
        rule = ContactRule(level, purpose=purpose) if field == "contact" else DetailRule(level, purpose)
        return msgspec.structs.replace(PolicySettings(), **{field: rule})

    with pytest.raises(PurposeRefused) as refused:
        check_settings(settings("required", "marketing"))

    assert refused.value.details == {"field": f"settings.{field}.purpose.kind"}
    check_settings(settings("recommended", "marketing"))
    check_settings(settings("required", "law"))


@pytest.mark.parametrize("sentence", ["   ", "two\nlines", "a\x00b", "a\u2028b"])
def test_a_purpose_is_one_line_that_says_something(sentence: str) -> None:
    spoilt = msgspec.structs.replace(SENTENCES, nl=sentence)

    with pytest.raises(Malformed) as refused:
        check_settings(PolicySettings(last_name=DetailRule("required", RulePurpose("law", spoilt))))

    assert refused.value.details["field"] == "$.settings.last_name.purpose.sentences.nl"
    assert sentence not in str(refused.value.details)


def test_a_contact_required_of_everybody_is_warned_about() -> None:
    assert warnings(PolicySettings(contact=ContactRule("required"))) == (CONTACT_REQUIRED_STORE_WIDE,)
    assert warnings(PolicySettings(contact=ContactRule("recommended"), first_name=DetailRule("required"))) == ()


def test_the_hash_tells_settings_apart() -> None:
    assert settings_hash(EVERYTHING) == settings_hash(msgspec.structs.replace(EVERYTHING))
    assert settings_hash(EVERYTHING) != settings_hash(msgspec.structs.replace(EVERYTHING, waivable=True))
    assert len(settings_hash(EVERYTHING)) == 64


levels = st.sampled_from(LEVELS)
some_settings = st.builds(
    PolicySettings,
    first_name=st.builds(DetailRule, level=levels),
    last_name=st.builds(DetailRule, level=levels),
    contact=st.builds(ContactRule, level=levels, mode=st.sampled_from(tuple(STRICTER_MODES))),
    attribution=st.sampled_from(ATTRIBUTIONS),
    waivable=st.booleans(),
)
some_customers = st.none() | st.builds(
    a_customer,
    first_name=st.booleans(),
    last_name=st.booleans(),
    email=st.booleans(),
    phone=st.booleans(),
    placeholder=st.booleans(),
)
some_sales = st.builds(
    a_sale,
    some_customers,
    kind=st.sampled_from(KINDS),
    unattributed=st.integers(0, 3),
    signed_on=st.booleans(),
)


@st.composite
def stricter(draw: st.DrawFn, settings: PolicySettings) -> PolicySettings:
    """Settings that ask for at least as much in every rule."""

    def at_least(level: Level) -> Level:
        return draw(st.sampled_from(LEVELS[LEVELS.index(level) :]))

    return PolicySettings(
        first_name=DetailRule(at_least(settings.first_name.level)),
        last_name=DetailRule(at_least(settings.last_name.level)),
        contact=ContactRule(
            at_least(settings.contact.level), mode=draw(st.sampled_from(STRICTER_MODES[settings.contact.mode]))
        ),
        attribution=draw(st.sampled_from(ATTRIBUTIONS[ATTRIBUTIONS.index(settings.attribution) :])),
    )


@given(st.data(), some_settings, some_sales)
def test_stricter_settings_never_give_a_milder_outcome(
    data: st.DataObject, settings: PolicySettings, sale: CheckoutFacts
) -> None:
    demanding = data.draw(stricter(settings))

    before, after = decide(settings, sale, 1).outcome, decide(demanding, sale, 2).outcome

    assert OUTCOMES.index(after) >= OUTCOMES.index(before)


@given(some_settings, some_sales, st.data())
def test_more_facts_never_make_it_stricter(settings: PolicySettings, sale: CheckoutFacts, data: st.DataObject) -> None:
    known = sale.customer or a_customer()
    more = msgspec.structs.replace(
        sale,
        unattributed_lines=data.draw(st.integers(0, sale.unattributed_lines)),
        signed_on=sale.signed_on or data.draw(st.booleans()),
        customer=msgspec.structs.replace(
            known,
            has_first_name=known.has_first_name or data.draw(st.booleans()),
            has_last_name=known.has_last_name or data.draw(st.booleans()),
            has_email=known.has_email or data.draw(st.booleans()),
            has_phone=known.has_phone or data.draw(st.booleans()),
            placeholder=known.placeholder and data.draw(st.booleans()),
        ),
    )

    before, after = decide(settings, sale, 1).outcome, decide(settings, more, 1).outcome

    assert OUTCOMES.index(after) <= OUTCOMES.index(before)


@given(some_settings, some_sales)
def test_the_strictest_finding_decides(settings: PolicySettings, sale: CheckoutFacts) -> None:
    verdict = decide(settings, sale, 1)

    open_levels = {each.level for each in verdict.findings if not each.satisfied}
    assert verdict.outcome == (
        "block" if "required" in open_levels else "prompt" if "recommended" in open_levels else "proceed"
    )
    assert "not_required" not in {each.level for each in verdict.findings}
