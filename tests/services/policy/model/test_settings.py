"""Settings that a store may not put in force, and what is said about those it may."""

from typing import Any

import msgspec
import pytest

from contracts.base import Malformed
from contracts.policy import (
    ContactRule,
    DetailRule,
    Level,
    Override,
    OverrideWhen,
    PolicySettings,
    Purpose,
    PurposeRefused,
    RulePurpose,
    UnknownGroup,
    UnknownRegister,
)
from services.policy.model.settings import (
    CONTACT_REQUIRED_STORE_WIDE,
    REFUND_MAY_BE_BLOCKED,
    Known,
    check_known,
    check_settings,
    settings_hash,
    warnings,
)
from tests.services.policy.examples import EVERYTHING, SENTENCES, at_least, exactly

CASH = OverrideWhen(tender_kind="cash")
RECOMMENDED = DetailRule("recommended")


def with_overrides(*overrides: Override) -> PolicySettings:
    return PolicySettings(overrides=overrides)


def marketing(field: str, level: Level, kind: Purpose = "marketing") -> dict[str, Any]:
    purpose = RulePurpose(kind, SENTENCES)
    return {field: ContactRule(level, purpose=purpose) if field == "contact" else DetailRule(level, purpose)}


@pytest.mark.parametrize("field", ["first_name", "last_name", "contact"])
def test_marketing_is_no_purpose_of_a_required_rule(field: str) -> None:
    def settings(level: Level, kind: Purpose) -> PolicySettings:
        return msgspec.structs.replace(PolicySettings(), **marketing(field, level, kind))

    with pytest.raises(PurposeRefused) as refused:
        check_settings(settings("required", "marketing"))

    assert refused.value.details == {"field": f"settings.{field}.purpose.kind"}
    check_settings(settings("recommended", "marketing"))
    check_settings(settings("required", "law"))


@pytest.mark.parametrize("field", ["first_name", "last_name", "contact"])
def test_marketing_is_no_purpose_of_a_required_rule_in_an_override_either(field: str) -> None:
    fine = exactly("fine", CASH, **marketing(field, "recommended"))

    with pytest.raises(PurposeRefused) as refused:
        check_settings(with_overrides(fine, at_least("not", CASH, **marketing(field, "required"))))

    assert refused.value.details == {"field": f"settings.overrides[1].{field}.purpose.kind"}
    check_settings(with_overrides(fine))


@pytest.mark.parametrize("sentence", ["   ", "two\nlines", "a\x00b", "a\u2028b"])
def test_a_purpose_is_one_line_that_says_something(sentence: str) -> None:
    rule = DetailRule("required", RulePurpose("law", msgspec.structs.replace(SENTENCES, nl=sentence)))

    for settings, path in (
        (PolicySettings(last_name=rule), "last_name"),
        (with_overrides(exactly("one", CASH, last_name=rule)), "overrides[0].last_name"),
    ):
        with pytest.raises(Malformed) as refused:
            check_settings(settings)
        assert refused.value.details["field"] == f"$.settings.{path}.purpose.sentences.nl"
        assert sentence not in str(refused.value.details)


@pytest.mark.parametrize(
    ("override", "field"),
    [
        (exactly("one", CASH, first_name=RECOMMENDED), ".override_id"),
        (exactly("two", OverrideWhen(), first_name=RECOMMENDED), ".when"),
        (exactly("two", CASH), ""),
    ],
)
def test_an_override_has_an_id_of_its_own_a_condition_and_a_rule(override: Override, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_settings(with_overrides(at_least("one", CASH, attribution="manual"), override))

    assert refused.value.details["field"] == f"$.settings.overrides[1]{field}"


def test_an_override_of_an_unknown_register_is_refused_by_name() -> None:
    till_9 = OverrideWhen(register="till-9")  # type: ignore[arg-type] # a register's id is a string
    settings = with_overrides(
        exactly("one", CASH, first_name=RECOMMENDED), exactly("two", till_9, first_name=RECOMMENDED)
    )

    with pytest.raises(UnknownRegister) as refused:
        check_known(settings, Known(frozenset({"till-1"})))

    assert refused.value.details == {
        "field": "$.settings.overrides[1].when.register",
        "register": "till-9",
        "override_id": "two",
    }
    check_known(settings, Known(frozenset({"till-1", "till-9"})))


def test_an_override_of_an_unknown_group_is_refused_by_name_where_groups_are_known() -> None:
    vip = OverrideWhen(customer_group="vip")  # type: ignore[arg-type] # a group's id is a string
    settings = with_overrides(exactly("one", vip, first_name=RECOMMENDED))

    with pytest.raises(UnknownGroup) as refused:
        check_known(settings, Known(frozenset(), frozenset({"all"})))

    assert refused.value.details == {
        "field": "$.settings.overrides[0].when.customer_group",
        "group": "vip",
        "override_id": "one",
    }
    check_known(settings, Known(frozenset(), frozenset({"all", "vip"})))
    check_known(settings, Known(frozenset()))


def test_a_contact_required_of_everybody_is_warned_about() -> None:
    assert warnings(PolicySettings(contact=ContactRule("required"))) == (CONTACT_REQUIRED_STORE_WIDE,)
    assert warnings(PolicySettings(contact=ContactRule("recommended"), first_name=DetailRule("required"))) == ()


@pytest.mark.parametrize(
    ("kind", "rules", "told"),
    [
        ("return", {"first_name": DetailRule("required")}, (REFUND_MAY_BE_BLOCKED,)),
        ("deposit_return", {"attribution": "manual"}, (REFUND_MAY_BE_BLOCKED,)),
        ("return", {"first_name": RECOMMENDED, "attribution": "not_required"}, ()),
        ("sale", {"first_name": DetailRule("required")}, ()),
    ],
)
def test_an_override_that_may_block_a_refund_is_warned_about(
    kind: Any, rules: dict[str, Any], told: tuple[str, ...]
) -> None:
    assert warnings(with_overrides(exactly("one", OverrideWhen(transaction_kind=kind), **rules))) == told


def test_the_hash_tells_settings_apart() -> None:
    assert settings_hash(EVERYTHING) == settings_hash(msgspec.structs.replace(EVERYTHING))
    assert settings_hash(EVERYTHING) != settings_hash(msgspec.structs.replace(EVERYTHING, waivable=True))
    assert len(settings_hash(EVERYTHING)) == 64
