"""What stays of a sale's checks: skips, waivers and findings are about one customer."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout import SaleBeingPaid, Skip, Waiver
from contracts.checkout.paying import NothingToSkip, NotWaivable
from contracts.customers import CustomerFacts
from contracts.ids import DecisionId
from contracts.policy import Level
from contracts.policy.checking import CheckAnswer, CheckItem, RuleKind, Settled
from services.checkout.model.decisions import Decided, KnownPolicy, Verdict
from services.checkout.model.sale import OpenedSale
from tests.services.checkout.sales import ANNA, BEN, customer, pay, uuid, verdict, with_lines

ACTS = st.lists(
    st.one_of(
        st.builds(lambda number: ("attach", number), st.sampled_from([None, 50, 51])),
        st.sampled_from([("skip", "first_name"), ("skip", "last_name"), ("waive", "contact"), ("pay", None)]),
    ),
    max_size=12,
)


def missing(
    field: RuleKind, level: Level, *, waivable: bool = False, settled: Settled | None = None, subject: str = ""
) -> CheckItem:
    return CheckItem(
        field=field,
        level=level,
        satisfied=False,
        code=f"{subject or field.replace('_', '-')}-{settled or 'missing'}",
        sentence="Ask for it.",
        waivable_by=("manager",) if waivable else (),
        settled=settled,
    )


EVERYTHING = (
    missing("first_name", "recommended"),
    missing("last_name", "recommended"),
    missing("contact", "required", waivable=True),
)


def as_settled(item: CheckItem, sale: OpenedSale) -> CheckItem:
    """As policy answers about what was skipped or waived."""
    facts = sale.checkout_facts("cash", signed_on=True)
    if item.code in (*facts.skipped, *facts.waived):
        return missing(item.field, item.level, settled="skipped" if item.level == "recommended" else "waived")
    return item


def decide(sale: OpenedSale, *items: CheckItem) -> Decided:
    answer = CheckAnswer(outcome="block", settings_revision=1, items=items)
    return sale.decide(DecisionId(uuid(9)), Verdict(answer, KnownPolicy()), "cash", ANNA)


def somebody(number: int | None) -> CustomerFacts | None:
    return None if number is None else customer(number)


@given(ACTS)
def test_what_was_skipped_waived_or_told_never_outlives_the_customer_it_was_about(
    acts: list[tuple[str, int | RuleKind | None]],
) -> None:
    sale = with_lines(100)
    since: set[object] = set()
    for act, what in acts:
        decide(sale, *(as_settled(item, sale) for item in EVERYTHING))
        if act == "attach" and (what is None or isinstance(what, int)):
            before, sale_before = sale.customer_id, list(sale.checking.skips)
            sale.attach_customer(somebody(what))
            if sale.customer_id != before:
                since = set()
            else:
                assert sale.checking.skips == sale_before
        elif act == "skip" and isinstance(what, str) and f"{what.replace('_', '-')}-missing" not in since:
            since.add(sale.skip(what, "other", ANNA).code)
        elif act == "waive" and isinstance(what, str) and "contact-missing" not in since:
            since.add(sale.waive(what, ANNA, BEN).code)
        elif act == "pay":
            sale.remove_tender(pay(sale, 1))

    facts = sale.checkout_facts("cash", signed_on=True)
    assert {*facts.skipped, *facts.waived} == since
    assert len(facts.skipped) == len(set(facts.skipped))
    assert len(facts.waived) == len(set(facts.waived))


def test_a_prompt_is_skipped_and_a_block_is_waived_but_not_the_other_way_round() -> None:
    sale = with_lines(100)
    decide(sale, *EVERYTHING)

    with pytest.raises(NothingToSkip) as not_skipped:
        sale.skip("contact", "other", ANNA)
    with pytest.raises(NotWaivable) as not_waived:
        sale.waive("first_name", ANNA, ANNA)

    assert not_skipped.value.details["prompts"] == ["first_name", "last_name"]
    assert not_waived.value.details["waivable"] == ["contact"]
    assert sale.decision is not None


def test_what_is_settled_satisfied_or_waivable_by_nobody_is_not_open() -> None:
    sale = with_lines(100)
    decided = decide(
        sale,
        missing("first_name", "recommended", settled="skipped"),
        missing("last_name", "required", waivable=True, settled="waived"),
        missing("contact", "required"),
    )

    assert (decided.prompts, decided.waivable) == ((), ())
    assert [item.field for item in decided.open_items] == ["contact"]


def test_skipping_and_waiving_drop_the_decision_so_that_policy_is_asked_afresh() -> None:
    sale = with_lines(100)
    decide(sale, *EVERYTHING)
    sale.skip("first_name", "other", ANNA)
    assert sale.decision is None

    decide(sale, *EVERYTHING)
    sale.waive("contact", ANNA, BEN)
    assert sale.decision is None


def test_while_a_sale_is_being_paid_nothing_is_skipped_or_waived() -> None:
    sale = with_lines(100)
    pay(sale, 50)

    with pytest.raises(SaleBeingPaid):
        sale.skip("first_name", "other", ANNA)
    with pytest.raises(SaleBeingPaid):
        sale.waive("contact", ANNA, BEN)


def test_a_prompt_is_left_unanswered_once_each() -> None:
    sale = with_lines(100)
    decided = decide(sale, *EVERYTHING)

    left = sale.checking.leave_unanswered(decided, BEN)

    assert [(skip.field, skip.reason, skip.staff_id) for skip in left] == [
        ("first_name", "unanswered", BEN),
        ("last_name", "unanswered", BEN),
    ]
    assert sale.checkout_facts("cash", signed_on=True).skipped == ("first-name-missing", "last-name-missing")


def test_what_was_left_unanswered_is_not_skipped_again_once_the_tenders_are_given_back() -> None:
    sale = with_lines(100)
    said = verdict("prompt")
    tender = pay(sale, 50, said=said)
    assert sale.held is not None
    sale.checking.leave_unanswered(sale.held, ANNA)
    sale.remove_tender(tender)
    assert sale.decision is not None

    with pytest.raises(NothingToSkip):
        sale.skip("contact", "customer_declined", ANNA)
    assert sale.checking.leave_unanswered(sale.decision, ANNA) == []


def test_a_waiver_is_good_for_what_was_missing_and_gone_once_more_is_asked_for() -> None:
    sale = with_lines(100)
    decide(sale, missing("contact", "required", waivable=True))
    sale.waive("contact", ANNA, BEN)

    decide(sale, missing("contact", "required", waivable=True, settled="waived"))
    assert sale.checkout_facts("cash", signed_on=True).waived == ("contact-missing",)
    decide(sale, missing("contact", "required", waivable=True, subject="email-and-phone"))

    assert sale.checkout_facts("cash", signed_on=True).waived == ()
    assert sale.state().waivers == ()
    sale.waive("contact", BEN, BEN)
    assert sale.state().waivers == (Waiver("contact", "email-and-phone-missing", BEN, BEN),)


def test_a_skip_is_gone_once_more_is_recommended_and_stays_while_the_detail_is_required() -> None:
    sale = with_lines(100)
    decide(sale, missing("contact", "recommended"))
    sale.skip("contact", "no_time", ANNA)

    decide(sale, missing("contact", "required"))
    assert sale.checkout_facts("cash", signed_on=True).skipped == ("contact-missing",)
    decide(sale, missing("contact", "recommended", subject="email-and-phone"))

    assert sale.state().skips == ()
    sale.skip("contact", "other", ANNA)
    assert sale.state().skips == (Skip("contact", "email-and-phone-missing", "other", ANNA),)


@given(st.lists(st.sampled_from([("prompt", "skipped"), ("block", "waived"), ("block", None), ("prompt", None)])))
def test_what_counts_as_settled_or_is_satisfied_is_never_dropped(said: list[tuple[str, Settled | None]]) -> None:
    sale = with_lines(100)
    decide(sale, *EVERYTHING)
    sale.skip("first_name", "other", ANNA)
    decide(sale, *EVERYTHING[1:])
    sale.waive("contact", ANNA, BEN)
    before = sale.checkout_facts("cash", signed_on=True)

    for outcome, settled in said:
        level: Level = "required" if outcome == "block" else "recommended"
        decide(sale, missing("last_name", level, settled=settled), missing("contact", "required", settled="waived"))

    after = sale.checkout_facts("cash", signed_on=True)
    assert (after.skipped, after.waived) == (before.skipped, before.waived)


def test_a_finding_is_anew_if_its_rule_or_level_is_whatever_is_missing() -> None:
    sale = with_lines(100)

    def anew(*items: CheckItem) -> list[bool]:
        return [item.anew for item in sale.checking.tell(decide(sale, *items))]

    assert anew(*EVERYTHING) == [True, True, True]
    assert anew(*EVERYTHING) == [False, False, False]
    assert anew(missing("first_name", "required"), missing("contact", "required", settled="waived")) == [True, False]
    assert anew(missing("contact", "required", subject="email-and-phone")) == [False]
    sale.attach_customer(customer())
    assert anew(*EVERYTHING) == [True, True, True]


def test_a_block_is_anew_although_the_detail_was_satisfied_or_settled_before() -> None:
    sale = with_lines(100)
    satisfied = msgspec.structs.replace(missing("contact", "required"), satisfied=True, code="contact-ok")

    told = [
        sale.checking.tell(decide(sale, item))[0].anew
        for item in (satisfied, satisfied, missing("contact", "required"), missing("contact", "required"), satisfied)
    ]

    assert told == [True, False, True, False, False]


def test_what_was_found_at_the_start_stays_in_sight_until_payment_starts() -> None:
    sale = with_lines(100)
    line = sale.lines[0].line_item_id
    sale.decide(DecisionId(uuid(9)), verdict("prompt"), None, ANNA, for_payment=False)

    sale.remove_line_item(line)
    assert sale.decision is not None
    sale.attach_customer(customer())
    assert sale.decision is None
