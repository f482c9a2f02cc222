"""What a checkout must collect by the store-wide rules: examples of each, and the order between milder and stricter."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.customers import CustomerFacts
from contracts.policy import (
    ContactMode,
    ContactRule,
    DetailRule,
    Level,
    OverrideWhen,
    PolicySettings,
    RulePurpose,
    TransactionKind,
)
from contracts.policy.checking import CheckoutFacts, Outcome, RuleKind
from tests.services.policy.examples import (
    ATTRIBUTIONS,
    EVERYBODY,
    EVERYTHING,
    LEVELS,
    MODES,
    OUTCOMES,
    SENTENCES,
    a_customer,
    a_sale,
    at_least,
    codes,
    decide,
)
from tests.services.policy.model.any_settings import KINDS, at_leisure, some_codes, some_sales, some_settings

STRICTER_MODES: dict[ContactMode, tuple[ContactMode, ...]] = {
    "email_or_phone": ("email_or_phone", "email", "phone", "email_and_phone"),
    "email": ("email", "email_and_phone"),
    "phone": ("phone", "email_and_phone"),
    "email_and_phone": ("email_and_phone",),
}
DETAILS: tuple[RuleKind, ...] = ("first_name", "last_name", "contact")
MISSING: dict[RuleKind, str] = {
    "first_name": "first-name-missing",
    "last_name": "last-name-missing",
    "contact": "email-or-phone-missing",
}


def asking(field: str, level: Level) -> PolicySettings:
    rule = ContactRule(level) if field == "contact" else DetailRule(level)
    return msgspec.structs.replace(PolicySettings(), **{field: rule})


def test_nothing_required_asks_for_nothing() -> None:
    verdict = decide(PolicySettings(), a_sale(unattributed=2), 0)

    assert (verdict.outcome, verdict.findings, verdict.settings_revision) == ("proceed", (), 0)


@pytest.mark.parametrize(("level", "outcome"), [("recommended", "prompt"), ("required", "block")])
@pytest.mark.parametrize("field", DETAILS)
def test_a_missing_detail_prompts_when_recommended_and_blocks_when_required(
    field: str, level: Level, outcome: Outcome
) -> None:
    settings = asking(field, level)

    verdict = decide(settings, a_sale(a_customer()), 7)

    assert verdict.outcome == outcome
    assert verdict.settings_revision == 7
    assert verdict.missing == (field,)
    assert [(each.field, each.level, each.satisfied) for each in verdict.findings] == [(field, level, False)]
    assert decide(settings, a_sale(EVERYBODY)).outcome == "proceed"
    assert [each.satisfied for each in decide(settings, a_sale(EVERYBODY)).findings] == [True]


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

    verdict = decide(settings, a_sale(a_customer(email=email, phone=phone)))

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

    assert decide(settings, a_sale(unattributed=1, signed_on=True)).outcome == "block"
    assert codes(settings, a_sale(unattributed=1, signed_on=True)) == ["attribution-missing"]
    assert codes(settings, a_sale(unattributed=0)) == ["attribution-ok"]


def test_automatic_attribution_wants_somebody_signed_on_for_lines_without_anybody() -> None:
    settings = PolicySettings(attribution="automatic")

    assert codes(settings, a_sale(unattributed=2, signed_on=True)) == ["attribution-ok"]
    assert codes(settings, a_sale(unattributed=2)) == ["sign-on-missing"]
    assert codes(settings, a_sale(unattributed=0)) == ["attribution-ok"]
    assert decide(settings, a_sale(unattributed=2)).attribution == "automatic"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_owed_to_the_customer_is_never_blocked_by_store_wide_rules(kind: TransactionKind) -> None:
    verdict = decide(EVERYTHING, a_sale(kind=kind, unattributed=1))

    never_asked = kind in {"return", "deposit_return", "account_payment"}
    assert verdict.outcome == ("proceed" if never_asked else "block")
    assert bool(verdict.findings) is not never_asked
    assert verdict.attribution == ("not_required" if never_asked else "manual")


def test_a_purpose_travels_with_its_finding() -> None:
    purpose = RulePurpose("warranty", SENTENCES)

    verdict = decide(PolicySettings(contact=ContactRule("required", purpose=purpose)), a_sale())

    assert [each.purpose for each in verdict.findings] == [purpose]


@pytest.mark.parametrize("field", DETAILS)
def test_a_skipped_recommendation_prompts_no_more_and_is_told_as_skipped(field: RuleKind) -> None:
    settings = asking(field, "recommended")

    (finding,) = (verdict := decide(settings, a_sale(skipped=(MISSING[field],)))).findings

    assert (verdict.outcome, verdict.missing) == ("proceed", ())
    assert (finding.satisfied, finding.settled, finding.code[-8:]) == (False, "skipped", "-skipped")


@pytest.mark.parametrize("field", DETAILS)
def test_a_skip_never_satisfies_what_is_required(field: RuleKind) -> None:
    verdict = decide(asking(field, "required"), a_sale(skipped=(MISSING[field],)))

    assert (verdict.outcome, [each.settled for each in verdict.findings]) == ("block", [None])


@pytest.mark.parametrize("field", DETAILS)
def test_a_waiver_lets_pass_what_is_required_as_long_as_the_settings_are_waivable(field: RuleKind) -> None:
    settings, sale = asking(field, "required"), a_sale(waived=(MISSING[field],))

    assert decide(settings, sale).outcome == "block"
    (finding,) = (verdict := decide(msgspec.structs.replace(settings, waivable=True), sale)).findings
    assert (verdict.outcome, finding.satisfied, finding.settled) == ("proceed", False, "waived")
    assert finding.code.endswith("-waived")


@pytest.mark.parametrize(("mode", "code"), [("manual", "attribution-waived"), ("automatic", "sign-on-waived")])
def test_attribution_can_be_waived_and_not_skipped(mode: str, code: str) -> None:
    settings = PolicySettings(attribution=mode, waivable=True)  # type: ignore[arg-type] # one of the modes
    told = tuple(codes(settings, a_sale(unattributed=1)))

    assert codes(settings, a_sale(unattributed=1, waived=told)) == [code]
    assert decide(settings, a_sale(unattributed=1, waived=told)).outcome == "proceed"
    assert decide(settings, a_sale(unattributed=1, skipped=told)).outcome == "block"


def test_a_waived_sign_on_leaves_open_who_gets_the_credit_and_not_the_other_way_round() -> None:
    manual, automatic = (PolicySettings(attribution=mode, waivable=True) for mode in ("manual", "automatic"))

    assert codes(manual, a_sale(unattributed=1, waived=("sign-on-missing",))) == ["attribution-missing"]
    assert codes(automatic, a_sale(unattributed=1, waived=("attribution-missing",))) == ["sign-on-waived"]


def test_a_waiver_also_quiets_what_has_become_a_recommendation() -> None:
    verdict = decide(asking("last_name", "recommended"), a_sale(waived=("last-name-missing",)))

    assert (verdict.outcome, [each.code for each in verdict.findings]) == ("proceed", ["last-name-waived"])


def test_a_skip_of_one_rule_is_none_of_another() -> None:
    settings = PolicySettings(DetailRule("recommended"), DetailRule("recommended"))

    assert codes(settings, a_sale(skipped=("first-name-missing",))) == ["first-name-skipped", "last-name-missing"]


@pytest.mark.parametrize(
    ("settled", "covered"),
    [
        ("email-or-phone-missing", {"email_or_phone"}),
        ("email-missing", {"email_or_phone", "email"}),
        ("phone-missing", {"email_or_phone", "phone"}),
        ("email-and-phone-missing", {"email_or_phone", "email", "phone", "email_and_phone"}),
        ("first-name-missing", set()),
        ("contact", set()),
        ("email-ok", set()),
    ],
)
def test_what_was_settled_of_a_contact_covers_itself_and_what_asks_for_less(settled: str, covered: set[str]) -> None:
    """Of a skip and of a waiver alike, and of nothing that is no code of that rule."""

    def passes(level: Level, **how: tuple[str, ...]) -> set[str]:
        rules = {mode: PolicySettings(contact=ContactRule(level, mode), waivable=True) for mode in MODES}
        return {mode for mode, settings in rules.items() if decide(settings, a_sale(**how)).outcome == "proceed"}  # type: ignore[arg-type] # skipped or waived

    assert passes("recommended", skipped=(settled,)) == covered
    assert passes("recommended", waived=(settled,)) == covered
    assert passes("required", waived=(settled,)) == covered


def test_what_a_customer_has_need_not_be_covered() -> None:
    both = PolicySettings(contact=ContactRule("required", "email_and_phone"), waivable=True)

    assert codes(both, a_sale(a_customer(phone=True), waived=("email-missing",))) == ["email-waived"]
    assert codes(both, a_sale(waived=("email-missing", "phone-missing"))) == ["email-and-phone-missing"]


def test_where_what_is_required_was_waived_what_is_recommended_besides_is_not_asked() -> None:
    by_card = at_least("card", OverrideWhen(tender_kind="card"), contact=ContactRule("required", "phone"))
    settings = PolicySettings(contact=ContactRule("recommended", "email"), overrides=(by_card,), waivable=True)

    assert codes(settings, a_sale(tender="card", waived=("phone-missing",))) == ["phone-waived"]
    assert codes(settings, a_sale(tender="cash", waived=("phone-missing",))) == ["email-missing"]


def quieting_nothing(settings: PolicySettings, sale: CheckoutFacts) -> CheckoutFacts:
    """The sale without waivers of a contact where they might quiet what is recommended besides."""
    contacts = [settings.contact, *(each.contact for each in settings.overrides if each.contact is not None)]
    if all(each.level != "recommended" for each in contacts):
        return sale
    others = tuple(code for code in sale.waived if "email" not in code and "phone" not in code)
    return msgspec.structs.replace(sale, waived=others)


@st.composite
def stricter(draw: st.DrawFn, settings: PolicySettings) -> PolicySettings:
    """Settings that ask for at least as much in every store-wide rule, with the same overrides."""

    def at_least(level: Level) -> Level:
        return draw(st.sampled_from(LEVELS[LEVELS.index(level) :]))

    return msgspec.structs.replace(
        settings,
        first_name=DetailRule(at_least(settings.first_name.level)),
        last_name=DetailRule(at_least(settings.last_name.level)),
        contact=ContactRule(
            at_least(settings.contact.level), mode=draw(st.sampled_from(STRICTER_MODES[settings.contact.mode]))
        ),
        attribution=draw(st.sampled_from(ATTRIBUTIONS[ATTRIBUTIONS.index(settings.attribution) :])),
    )


@at_leisure
@given(st.data(), some_settings, some_sales)
def test_stricter_settings_never_give_a_milder_outcome(
    data: st.DataObject, settings: PolicySettings, sale: CheckoutFacts
) -> None:
    sale = quieting_nothing(settings, sale)
    demanding = data.draw(stricter(settings))

    before, after = decide(settings, sale).outcome, decide(demanding, sale).outcome

    assert OUTCOMES.index(after) >= OUTCOMES.index(before)


@at_leisure
@given(some_settings, some_sales, st.data())
def test_more_facts_never_make_it_stricter(settings: PolicySettings, sale: CheckoutFacts, data: st.DataObject) -> None:
    """Whose sale it is stays as it is: another group may have other rules."""
    sale, known = quieting_nothing(settings, sale), sale.customer
    more = msgspec.structs.replace(
        sale,
        unattributed_lines=data.draw(st.integers(0, sale.unattributed_lines)),
        signed_on=sale.signed_on or data.draw(st.booleans()),
        skipped=(*sale.skipped, *data.draw(some_codes)),
        waived=(*sale.waived, *quieting_nothing(settings, a_sale(waived=data.draw(some_codes))).waived),
        customer=known
        and msgspec.structs.replace(
            known,
            has_first_name=known.has_first_name or data.draw(st.booleans()),
            has_last_name=known.has_last_name or data.draw(st.booleans()),
            has_email=known.has_email or data.draw(st.booleans()),
            has_phone=known.has_phone or data.draw(st.booleans()),
            placeholder=known.placeholder and data.draw(st.booleans()),
        ),
    )

    before, after = decide(settings, sale).outcome, decide(settings, more).outcome

    assert OUTCOMES.index(after) <= OUTCOMES.index(before)


@at_leisure
@given(some_settings, some_sales)
def test_attaching_somebody_never_makes_it_stricter_where_groups_have_no_rules(
    settings: PolicySettings, sale: CheckoutFacts
) -> None:
    for_all = tuple(each for each in settings.overrides if each.when.customer_group is None)
    settings = msgspec.structs.replace(settings, overrides=for_all)
    sale = quieting_nothing(settings, sale)

    before = decide(settings, msgspec.structs.replace(sale, customer=None)).outcome

    assert OUTCOMES.index(decide(settings, sale).outcome) <= OUTCOMES.index(before)


@at_leisure
@given(some_settings, some_sales)
def test_the_strictest_finding_decides(settings: PolicySettings, sale: CheckoutFacts) -> None:
    verdict = decide(settings, sale)

    open_levels = {each.level for each in verdict.findings if not each.satisfied and each.settled is None}
    assert verdict.outcome == (
        "block" if "required" in open_levels else "prompt" if "recommended" in open_levels else "proceed"
    )
    assert "not_required" not in {each.level for each in verdict.findings}
    assert len({each.field for each in verdict.findings}) == len(verdict.findings)
