"""What stays of a sale's checks: skips, waivers and findings are about one customer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout import NothingToSkip, NotWaivable, SaleBeingPaid, Skip, Waiver
from contracts.customers import CustomerFacts
from contracts.ids import DecisionId
from contracts.policy import CheckAnswer, CheckItem, Level, RuleKind, Settled
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


def missing(field: RuleKind, level: Level, *, waivable: bool = False, settled: Settled | None = None) -> CheckItem:
    return CheckItem(
        field=field,
        level=level,
        satisfied=False,
        code=f"{field.replace('_', '-')}-missing",
        sentence="Ask for it.",
        waivable_by=("manager",) if waivable else (),
        settled=settled,
    )


EVERYTHING = (
    missing("first_name", "recommended"),
    missing("last_name", "recommended"),
    missing("contact", "required", waivable=True),
)


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
        decide(sale, *EVERYTHING)
        if act == "attach" and (what is None or isinstance(what, int)):
            before, sale_before = sale.customer_id, list(sale.checking.skips)
            sale.attach_customer(somebody(what))
            if sale.customer_id != before:
                since = set()
            else:
                assert sale.checking.skips == sale_before
        elif act == "skip" and isinstance(what, str) and what not in since:
            sale.skip(Skip(what, "other", ANNA))
            since.add(what)
        elif act == "waive" and isinstance(what, str):
            sale.waive(Waiver(what, ANNA, BEN))
            since.add(what)
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
        sale.skip(Skip("contact", "other", ANNA))
    with pytest.raises(NotWaivable) as not_waived:
        sale.waive(Waiver("first_name", ANNA, ANNA))

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
    sale.skip(Skip("first_name", "other", ANNA))
    assert sale.decision is None

    decide(sale, *EVERYTHING)
    sale.waive(Waiver("contact", ANNA, BEN))
    assert sale.decision is None


def test_while_a_sale_is_being_paid_nothing_is_skipped_or_waived() -> None:
    sale = with_lines(100)
    pay(sale, 50)

    with pytest.raises(SaleBeingPaid):
        sale.skip(Skip("first_name", "other", ANNA))
    with pytest.raises(SaleBeingPaid):
        sale.waive(Waiver("contact", ANNA, BEN))


def test_a_prompt_is_left_unanswered_once_each() -> None:
    sale = with_lines(100)
    decided = decide(sale, *EVERYTHING)

    left = sale.checking.leave_unanswered(decided, BEN)

    assert [(skip.field, skip.reason, skip.staff_id) for skip in left] == [
        ("first_name", "unanswered", BEN),
        ("last_name", "unanswered", BEN),
    ]
    assert sale.checkout_facts("cash", signed_on=True).skipped == ("first_name", "last_name")


def test_what_was_left_unanswered_is_not_skipped_again_once_the_tenders_are_given_back() -> None:
    sale = with_lines(100)
    said = verdict("prompt")
    tender = pay(sale, 50, said=said)
    assert sale.held is not None
    sale.checking.leave_unanswered(sale.held, ANNA)
    sale.remove_tender(tender)
    assert sale.decision is not None

    with pytest.raises(NothingToSkip):
        sale.skip(Skip("contact", "customer_declined", ANNA))
    assert sale.checking.leave_unanswered(sale.decision, ANNA) == []


def test_a_finding_is_anew_if_its_rule_level_or_code_is() -> None:
    sale = with_lines(100)

    def anew(*items: CheckItem) -> list[bool]:
        return [item.anew for item in sale.checking.tell(decide(sale, *items))]

    assert anew(*EVERYTHING) == [True, True, True]
    assert anew(*EVERYTHING) == [False, False, False]
    assert anew(missing("first_name", "required"), missing("contact", "required", settled="waived")) == [True, False]
    sale.attach_customer(customer())
    assert anew(*EVERYTHING) == [True, True, True]


def test_what_was_found_at_the_start_stays_in_sight_until_payment_starts() -> None:
    sale = with_lines(100)
    line = sale.lines[0].line_item_id
    sale.decide(DecisionId(uuid(9)), verdict("prompt"), None, ANNA, for_payment=False)

    sale.remove_line_item(line)
    assert sale.decision is not None
    sale.attach_customer(customer())
    assert sale.decision is None
