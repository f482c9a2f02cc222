"""How overrides are weighed: examples of each rule, their algebra, and an obvious way to the same answer."""

import random
from collections.abc import Iterable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.customers import CustomerFacts
from contracts.policy import (
    ContactRule,
    DetailRule,
    Level,
    Override,
    OverrideWhen,
    PolicySettings,
    RulePurpose,
    Sentences,
)
from contracts.policy.checking import CheckoutFacts, RuleKind, Settled
from services.policy.model.decision import Finding, Verdict
from services.policy.model.decision import decide as decide_by
from services.policy.model.rulebook import Rulebook
from tests.services.policy.examples import (
    ATTRIBUTIONS,
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
    exactly,
)
from tests.services.policy.model.any_settings import (
    at_leisure,
    contacts,
    narrow_overrides,
    overrides,
    some_customers,
    some_sales,
    some_settings,
    whens,
)

WHEN_SALE = OverrideWhen(transaction_kind="sale")
TILL_1 = OverrideWhen(register="till-1")  # type: ignore[arg-type] # a register's id is a string
VIP = OverrideWhen(customer_group="vip")  # type: ignore[arg-type] # so is a group's


def required(mode: str) -> ContactRule:
    return ContactRule("required", mode)  # type: ignore[arg-type] # one of the modes


def test_exactly_replaces_the_stores_rule_by_a_milder_one_and_leaves_the_others() -> None:
    mild = exactly("mild", TILL_1, first_name=DetailRule("not_required"), contact=ContactRule("recommended", "email"))
    rules = msgspec.structs.replace(EVERYTHING, overrides=(mild,))

    assert codes(rules, a_sale()) == ["last-name-missing", "email-missing", "attribution-ok"]
    assert codes(rules, a_sale(register="till-2")) == codes(EVERYTHING, a_sale())


def test_at_least_raises_and_never_replaces_by_something_milder() -> None:
    rules = PolicySettings(
        last_name=DetailRule("required"),
        attribution="automatic",
        overrides=(
            at_least("raise", TILL_1, first_name=DetailRule("recommended"), last_name=DetailRule("recommended")),
            at_least("more", TILL_1, attribution="manual"),
            at_least("less", WHEN_SALE, attribution="not_required"),
        ),
    )

    verdict = decide(rules, a_sale())

    assert [(each.field, each.level) for each in verdict.findings[:2]] == [
        ("first_name", "recommended"),
        ("last_name", "required"),
    ]
    assert verdict.attribution == "manual"


def test_the_narrowest_exactly_wins_then_at_least_raises_it() -> None:
    rules = PolicySettings(
        contact=required("email_and_phone"),
        overrides=(
            exactly("till", TILL_1, contact=required("email")),
            exactly("till-card", msgspec.structs.replace(TILL_1, tender_kind="card"), contact=ContactRule()),
            at_least("vip", VIP, contact=required("phone")),
        ),
    )

    assert codes(rules, a_sale()) == ["email-missing"]
    assert codes(rules, a_sale(tender="card")) == []
    assert codes(rules, a_sale(a_customer(group="vip"), tender="card")) == ["phone-missing"]
    assert codes(rules, a_sale(a_customer(group="vip"))) == ["email-and-phone-missing"]


def test_the_higher_total_is_narrower_and_counts_from_itself_on() -> None:
    def from_total(total: int, level: Level) -> Override:
        return exactly(f"from-{total}", OverrideWhen(total_from=total), last_name=DetailRule(level))

    rules = PolicySettings(overrides=(from_total(10_000, "required"), from_total(5_000, "recommended")))

    assert [decide(rules, a_sale(total=total)).outcome for total in (4_999, 5_000, 9_999, 10_000, 10_001)] == [
        "proceed",
        "prompt",
        "prompt",
        "block",
        "block",
    ]
    assert decide(rules, a_sale(total=-20_000)).outcome == "proceed"


def test_of_two_tags_the_one_named_with_the_higher_total_is_narrower() -> None:
    def tagged(tag: str, total: int, mode: str) -> Override:
        return exactly(tag, OverrideWhen(item_tag=tag, total_from=total), contact=required(mode))

    rules = PolicySettings(overrides=(tagged("serialised", 100, "phone"), tagged("warranty", 200, "email")))

    assert codes(rules, a_sale(total=150, tags=("serialised", "warranty"))) == ["phone-missing"]
    assert codes(rules, a_sale(total=200, tags=("serialised", "warranty"))) == ["email-missing"]


def test_a_total_is_a_condition_as_any_other() -> None:
    def alone(when: OverrideWhen) -> PolicySettings:
        dear = exactly("dear", OverrideWhen(total_from=100), contact=required("phone"))
        return PolicySettings(overrides=(dear, exactly("other", when, contact=required("email"))))

    dear_at_the_till = msgspec.structs.replace(TILL_1, total_from=50)

    assert codes(alone(TILL_1), a_sale(total=100)) == ["email-and-phone-missing"]
    assert codes(alone(dear_at_the_till), a_sale(total=100)) == ["email-missing"]
    assert codes(alone(msgspec.structs.replace(TILL_1, tender_kind="card")), a_sale(total=100)) == ["phone-missing"]


def test_ties_go_to_the_more_demanding() -> None:
    rules = PolicySettings(
        overrides=(
            exactly("tag-1", OverrideWhen(item_tag="serialised"), contact=required("phone")),
            exactly("tag-2", OverrideWhen(item_tag="warranty"), contact=required("email")),
            exactly("till", TILL_1, contact=ContactRule()),
        )
    )

    assert codes(rules, a_sale(tags=("serialised", "warranty"))) == ["email-and-phone-missing"]
    assert codes(rules, a_sale(tags=("serialised",))) == ["phone-missing"]


def test_every_line_items_tag_counts() -> None:
    rules = PolicySettings(
        overrides=(at_least("tag", OverrideWhen(item_tag="warranty"), last_name=DetailRule("required")),)
    )

    assert decide(rules, a_sale(tags=("food", "warranty"))).outcome == "block"
    assert decide(rules, a_sale(tags=("food",))).outcome == "proceed"


def test_without_a_tender_kind_no_override_for_one_counts() -> None:
    rules = PolicySettings(
        overrides=(at_least("cash", OverrideWhen(tender_kind="cash"), last_name=DetailRule("required")),)
    )

    assert [decide(rules, a_sale(tender=tender)).outcome for tender in (None, "card", "cash")] == [
        "proceed",
        "proceed",
        "block",
    ]


def test_without_a_customer_no_override_for_a_group_counts() -> None:
    everybody = OverrideWhen(customer_group="all")  # type: ignore[arg-type] # a group's id is a string
    rules = PolicySettings(overrides=(at_least("all", everybody, last_name=DetailRule("required")),))

    assert decide(rules, a_sale()).outcome == "proceed"
    assert decide(rules, a_sale(a_customer())).outcome == "block"


def test_a_required_phone_raised_by_a_recommended_email_blocks_on_one_and_prompts_for_the_other() -> None:
    rules = PolicySettings(
        contact=required("phone"),
        overrides=(at_least("both", WHEN_SALE, contact=ContactRule("recommended", "email_and_phone")),),
    )

    def found(*, phone: bool = False, email: bool = False) -> list[tuple[Level, str]]:
        sale = a_sale(a_customer(phone=phone, email=email))
        return [(each.level, each.code) for each in decide(rules, sale).findings]

    assert found() == [("required", "phone-missing")]
    assert found(email=True) == [("required", "phone-missing")]
    assert found(phone=True) == [("recommended", "email-missing")]
    assert found(phone=True, email=True) == [("required", "phone-ok")]
    assert decide(rules, a_sale(a_customer(phone=True), skipped=("email-missing",))).outcome == "proceed"


def test_the_purpose_told_is_that_of_the_demand_that_is_missing() -> None:
    law = RulePurpose("law", Sentences(en="The law.", de="Gesetz.", nl="De wet.", fi="Laki."))
    warranty = RulePurpose("warranty", SENTENCES)
    rules = PolicySettings(
        contact=ContactRule("required", "phone", law),
        overrides=(at_least("both", WHEN_SALE, contact=ContactRule("recommended", "email", warranty)),),
    )

    assert [each.purpose for each in decide(rules, a_sale()).findings] == [law]
    assert [each.purpose for each in decide(rules, a_sale(a_customer(phone=True))).findings] == [warranty]


def test_a_refund_is_asked_for_something_only_by_an_override_that_names_it() -> None:
    by_kind = OverrideWhen(transaction_kind="return", tender_kind="cash")
    rules = msgspec.structs.replace(
        EVERYTHING,
        overrides=(
            at_least("till", TILL_1, first_name=DetailRule("required")),
            exactly("cash-refund", by_kind, last_name=DetailRule("required")),
        ),
    )

    assert codes(rules, a_sale(kind="return", tender="cash")) == ["last-name-missing"]
    assert codes(rules, a_sale(kind="return", tender="card")) == []
    assert codes(rules, a_sale(kind="deposit_return", tender="cash")) == []


@at_leisure
@given(some_settings, some_sales)
def test_a_refund_is_never_blocked_by_what_names_no_refund(rules: PolicySettings, sale: CheckoutFacts) -> None:
    for_others = tuple(each for each in rules.overrides if each.when.transaction_kind != "return")
    rules = msgspec.structs.replace(rules, overrides=for_others)

    verdict = decide(rules, msgspec.structs.replace(sale, transaction_kind="return"))

    assert (verdict.outcome, verdict.findings, verdict.attribution) == ("proceed", (), "not_required")


@at_leisure
@given(some_settings, some_sales, st.randoms(use_true_random=False))
def test_the_order_of_overrides_never_matters(
    rules: PolicySettings, sale: CheckoutFacts, chance: random.Random
) -> None:
    shuffled = list(rules.overrides)
    chance.shuffle(shuffled)

    assert decide(msgspec.structs.replace(rules, overrides=tuple(shuffled)), sale) == decide(rules, sale)


@at_leisure
@given(some_settings, overrides, some_sales)
def test_an_at_least_never_makes_a_check_milder(rules: PolicySettings, override: Override, sale: CheckoutFacts) -> None:
    """Only a waiver of what it requires quiets what was recommended besides."""
    raised = raised_by(override, rules)

    before, after = decide(rules, sale), decide(raised, sale)

    assert before.outcome != "block" or after.outcome == "block"
    assert ATTRIBUTIONS.index(after.attribution) >= ATTRIBUTIONS.index(before.attribution)
    sale = msgspec.structs.replace(sale, waived=())
    before, after = decide(rules, sale), decide(raised, sale)
    assert OUTCOMES.index(after.outcome) >= OUTCOMES.index(before.outcome)


@at_leisure
@given(some_settings, st.lists(overrides, max_size=3), some_sales)
def test_what_was_settled_is_never_taken_for_more(
    rules: PolicySettings, raising: list[Override], sale: CheckoutFacts
) -> None:
    """Of a sale settled by the codes it was told, whatever comes to ask for more is open again."""
    nothing = msgspec.structs.replace(sale, skipped=(), waived=())
    told = {each.field: each for each in decide(rules, nothing).findings if not each.satisfied}
    settled = msgspec.structs.replace(
        sale,
        skipped=tuple(each.code for each in told.values() if each.level == "recommended"),
        waived=tuple(each.code for each in told.values() if each.level == "required"),
    )
    for override in raising:
        rules = raised_by(override, rules)

    for after in decide(rules, settled).findings:
        if after.settled is not None:
            before, wanted = told[after.field], after.code.replace(f"-{after.settled}", "-missing")
            assert LEVELS.index(after.level) <= LEVELS.index(before.level)
            assert before.code in COVERED_BY.get(wanted, {wanted, "attribution-missing"})


def test_a_waiver_of_a_cheap_sale_covers_no_dear_one() -> None:
    dear = at_least("dear", OverrideWhen(total_from=10_000), contact=required("email_and_phone"))
    rules = PolicySettings(contact=required("email_or_phone"), overrides=(dear,), waivable=True)
    waived = ("email-or-phone-missing",)

    assert codes(rules, a_sale(total=179, waived=waived)) == ["email-or-phone-waived"]
    assert codes(rules, a_sale(total=33_079, waived=waived)) == ["email-and-phone-missing"]
    assert decide(rules, a_sale(total=33_079, waived=waived)).outcome == "block"
    assert codes(rules, a_sale(total=179, waived=("email-and-phone-missing",))) == ["email-or-phone-waived"]


@at_leisure
@given(some_settings, contacts, whens, some_sales)
def test_the_narrowest_exactly_wins(
    rules: PolicySettings, rule: ContactRule, when: OverrideWhen, sale: CheckoutFacts
) -> None:
    """An override that names all there is to name is narrower than any other, whatever those say."""
    everything = OverrideWhen(
        register=sale.register,
        transaction_kind=sale.transaction_kind,
        tender_kind="cash",
        total_from=501,
        item_tag="warranty",
        customer_group="vip",  # type: ignore[arg-type] # a group's id is a string
    )
    sale = msgspec.structs.replace(
        sale, tender_kind="cash", total=600, item_tags=("warranty",), customer=a_customer(group="vip")
    )
    others = tuple(each for each in rules.overrides if each.effect == "exactly")
    narrow = exactly("narrowest", everything, contact=rule)
    broad = exactly("broad", when, contact=EVERYTHING.contact)

    told = decide(msgspec.structs.replace(rules, overrides=(*others, narrow, broad)), sale)

    alone = decide(
        PolicySettings(contact=rule, waivable=rules.waivable), msgspec.structs.replace(sale, transaction_kind="sale")
    )
    assert [each for each in told.findings if each.field == "contact"] == list(alone.findings)


@settings(max_examples=500, deadline=None)
@given(some_settings, some_sales)
def test_weighing_overrides_one_by_one_gives_the_same(rules: PolicySettings, sale: CheckoutFacts) -> None:
    assert decide_by(Rulebook(rules, 1), sale) == by_reading_them_all(rules, sale)


@settings(max_examples=300, deadline=None)
@given(st.lists(narrow_overrides, min_size=2, max_size=6), some_customers)
def test_where_every_override_fits_weighing_them_one_by_one_gives_the_same(
    fitting: list[Override], customer: CustomerFacts | None
) -> None:
    rules = PolicySettings(contact=required("email_or_phone"), overrides=tuple(fitting))
    sale = a_sale(customer, total=500, tender="cash", tags=("serialised", "warranty"))

    assert decide_by(Rulebook(rules, 1), sale) == by_reading_them_all(rules, sale)


def test_among_ten_thousand_overrides_the_right_ones_are_found() -> None:
    def for_till(number: int) -> Override:
        when = OverrideWhen(register=f"till-{number // 100}", total_from=1 + number % 100)  # type: ignore[arg-type] # a string
        return exactly(f"o-{number}", when, contact=required(MODES[number % 4]))

    rules = PolicySettings(overrides=tuple(for_till(number) for number in range(10_000)))
    rulebook = Rulebook(rules, 1)

    for register, total in (("till-0", 1), ("till-99", 100), ("till-50", 37), ("till-7", 10**6), ("till-100", 50)):
        sale = a_sale(register=register, total=total)
        assert decide_by(rulebook, sale) == by_reading_them_all(rules, sale)


def raised_by(override: Override, rules: PolicySettings) -> PolicySettings:
    raising = msgspec.structs.replace(override, effect="at_least")
    return msgspec.structs.replace(rules, overrides=(*rules.overrides, raising))


# The obvious way: read every override, in the words of the specification.

Want = tuple[int, frozenset[str]]
"""A level above 0, and the details wanted; none named: either will do."""
ALL_OF: dict[str, frozenset[str]] = {
    "email_or_phone": frozenset(),
    "phone": frozenset({"phone"}),
    "email": frozenset({"email"}),
    "email_and_phone": frozenset({"phone", "email"}),
}
CALLED: dict[frozenset[str], str] = {details: mode.replace("_", "-") for mode, details in ALL_OF.items()}


def by_reading_them_all(rules: PolicySettings, sale: CheckoutFacts) -> Verdict:
    fitting = [each for each in rules.overrides if fits(each.when, sale)]
    owed = sale.transaction_kind in {"return", "deposit_return", "account_payment"}
    if owed:
        fitting = [each for each in fitting if each.when.transaction_kind is not None]
    modes = [mode for mode in in_force(rules, fitting, "attribution", owed=owed) if isinstance(mode, str)]
    attribution = max(modes, key=ATTRIBUTIONS.index, default="not_required")
    findings: list[Finding] = []
    for field in ("first_name", "last_name", "contact"):
        wanted = in_force(rules, fitting, field, owed=owed)
        found = about(field, [rule for rule in wanted if isinstance(rule, DetailRule | ContactRule)], rules, sale)
        findings += [] if found is None else [found]
    if attribution != "not_required":
        ok = sale.unattributed_lines == 0 or (attribution == "automatic" and sale.signed_on)
        enough = {"attribution-missing"} if attribution == "manual" else {"attribution-missing", "sign-on-missing"}
        waived = not ok and rules.waivable and bool(enough & set(sale.waived))
        subject = "attribution" if ok or attribution == "manual" else "sign-on"
        ending = "ok" if ok else "waived" if waived else "missing"
        findings.append(
            Finding("attribution", "required", ok, f"{subject}-{ending}", settled="waived" if waived else None)
        )
    waiting = [each.level for each in findings if not each.satisfied and each.settled is None]
    outcome = "block" if "required" in waiting else "prompt" if waiting else "proceed"
    return Verdict(outcome, 1, tuple(findings), attribution)  # type: ignore[arg-type] # one of the modes


def fits(when: OverrideWhen, sale: CheckoutFacts) -> bool:
    group = None if sale.customer is None else sale.customer.group
    return (
        when.register in {None, sale.register}
        and when.transaction_kind in {None, sale.transaction_kind}
        and when.tender_kind in {None, sale.tender_kind}
        and when.customer_group in {None, group}
        and (when.item_tag is None or when.item_tag in sale.item_tags)
        and (when.total_from is None or sale.total >= when.total_from)
    )


def narrower(one: OverrideWhen, other: OverrideWhen) -> bool:
    """Whether one names more conditions, or the same kinds with a higher total."""
    mine, theirs = msgspec.structs.asdict(one), msgspec.structs.asdict(other)
    my_kinds, their_kinds = ({kind for kind, value in each.items() if value is not None} for each in (mine, theirs))
    if len(my_kinds) != len(their_kinds):
        return len(my_kinds) > len(their_kinds)
    return my_kinds == their_kinds and (one.total_from or 0) > (other.total_from or 0)


def in_force(rules: PolicySettings, fitting: list[Override], field: str, *, owed: bool) -> list[object]:
    """All that is asked at once: the base, and what raises it."""
    setting = [each for each in fitting if getattr(each, field) is not None]
    exact = [each for each in setting if each.effect == "exactly"]
    narrowest = [each for each in exact if not any(narrower(other.when, each.when) for other in exact)]
    base = [getattr(each, field) for each in narrowest]
    if not exact and not owed:
        base = [getattr(rules, field)]
    return base + [getattr(each, field) for each in setting if each.effect == "at_least"]


def about(
    field: RuleKind, wanted: Iterable[DetailRule | ContactRule], rules: PolicySettings, sale: CheckoutFacts
) -> Finding | None:
    customer = sale.customer if sale.customer is not None and not sale.customer.placeholder else None
    has = frozenset(
        name
        for name in ("first_name", "last_name", "email", "phone")
        if customer is not None and getattr(customer, f"has_{name}")
    )
    asked = [rule for rule in wanted if rule.level != "not_required"]
    if not asked:
        return None

    def details(rule: DetailRule | ContactRule) -> frozenset[str]:
        return ALL_OF[rule.mode] if isinstance(rule, ContactRule) else frozenset({field})

    def met(rule: DetailRule | ContactRule) -> bool:
        return details(rule) <= has and (bool(details(rule)) or bool(has & {"email", "phone"}))

    for level in ("required", "recommended"):
        open_ = [rule for rule in asked if rule.level == level and not met(rule)]
        if open_:
            missing = frozenset().union(*map(details, open_)) - has
            settled = settled_as(f"{called(field, missing)}-missing", level, rules, sale)
            return Finding(
                field, level, False, f"{called(field, missing)}-{settled or 'missing'}", told(open_, details), settled
            )
    level = max((rule.level for rule in asked), key=LEVELS.index)
    met_ones = [rule for rule in asked if rule.level == level]
    together = frozenset().union(*map(details, met_ones))
    return Finding(field, level, True, f"{called(field, together)}-ok", told(met_ones, details))


COVERED_BY: dict[str, set[str]] = {
    "email-or-phone-missing": {
        "email-or-phone-missing",
        "email-missing",
        "phone-missing",
        "email-and-phone-missing",
    },
    "email-missing": {"email-missing", "email-and-phone-missing"},
    "phone-missing": {"phone-missing", "email-and-phone-missing"},
}
"""What else but a code itself lets it pass."""


def settled_as(code: str, level: str, rules: PolicySettings, sale: CheckoutFacts) -> Settled | None:
    enough = COVERED_BY.get(code, {code})
    if enough & set(sale.waived) and (rules.waivable or level == "recommended"):
        return "waived"
    return "skipped" if level == "recommended" and enough & set(sale.skipped) else None


def called(field: str, details: frozenset[str]) -> str:
    return CALLED[details] if field == "contact" else field.replace("_", "-")


def told(asked: list[DetailRule | ContactRule], details: object) -> RulePurpose | None:
    named = [rule for rule in asked if rule.purpose is not None]
    if not named:
        return None
    most = max(len(details(rule)) for rule in named)  # type: ignore[operator] # the function given
    purposes = [rule.purpose for rule in named if len(details(rule)) == most]  # type: ignore[operator] # the same
    return min(purposes, key=msgspec.json.encode)
