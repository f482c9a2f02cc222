"""A sale's life by the rules: lines, customer, decision, tenders, the end."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Rejection
from contracts.checkout import LineItemNotFound, SaleBeingPaid, Share
from contracts.checkout.crediting import SharesInvalid
from contracts.checkout.paying import (
    CheckoutBlocked,
    CustomerMissing,
    NothingToPay,
    PolicyUnavailable,
    SaleEmpty,
    SaleNotPaid,
    TenderExists,
    TenderNotFound,
    TenderTooLarge,
    TooManyTenders,
)
from contracts.checkout.selling import (
    AmountTooLarge,
    LineItemExists,
    LineItemFollows,
    QuantityInvalid,
    TooManyLineItems,
)
from contracts.ids import DecisionId
from contracts.money import LARGEST
from contracts.policy import TenderKind
from contracts.policy.checking import Outcome
from services.checkout.model.decisions import KnownPolicy, Verdict
from services.checkout.model.items import PricedItem
from services.checkout.model.sale import MOST_LINES, MOST_TENDERS, OpenedSale
from tests.services.checkout.sales import (
    ANNA,
    BEN,
    DAY,
    away,
    customer,
    decide,
    deposit,
    ending,
    item,
    line_id,
    opened,
    pay,
    tax,
    tender_id,
    uuid,
    verdict,
    with_lines,
)

PRICES = st.lists(st.integers(0, 100_000), min_size=1, max_size=8)
ITEMS = st.builds(
    lambda price, rate, quantity: (item(f"i{price}", price, tax(rate)), quantity),
    st.integers(0, 1_000_000),
    st.sampled_from(["19", "7"]),
    st.decimals("0.001", "99", places=3),
)
ALLOWED = KnownPolicy(on_unavailable="allow_flagged")


def with_bottle(quantity: str = "1") -> OpenedSale:
    sale = opened()
    sale.add_line_item(line_id(), item("cola", 99), Decimal(quantity), DAY, [(line_id(), deposit())])
    return sale


def test_a_bottle_brings_its_deposit_as_a_line_that_follows_with_a_class_of_its_own() -> None:
    sale = with_bottle("3").state()

    bottle, charge = sale.lines
    assert (bottle.amount, charge.amount) == (297, 75)
    assert charge.follows == bottle.line_item_id
    assert charge.taxes[0].tax_class == "deposit_drinks"
    assert charge.discount == 0


def test_a_deposit_follows_its_bottles_quantity_and_removal() -> None:
    sale = with_bottle()
    bottle = sale.lines[0].line_item_id

    sale.set_quantity(bottle, Decimal(6))
    assert [line.quantity for line in sale.lines] == [6, 6]

    sale.remove_line_item(bottle)
    assert sale.lines == []


def test_a_deposit_cannot_be_changed_by_itself() -> None:
    sale = with_bottle()
    charge = sale.lines[1].line_item_id

    with pytest.raises(LineItemFollows):
        sale.set_quantity(charge, Decimal(2))
    with pytest.raises(LineItemFollows):
        sale.remove_line_item(charge)


def test_a_line_is_not_added_twice() -> None:
    sale = with_lines(100)

    with pytest.raises(LineItemExists):
        sale.add_line_item(sale.lines[0].line_item_id, item(), Decimal(1), DAY)


def test_a_line_that_is_not_there_cannot_change() -> None:
    sale = with_lines(100)

    with pytest.raises(LineItemNotFound):
        sale.set_quantity(line_id(), Decimal(1))
    with pytest.raises(LineItemNotFound):
        sale.remove_line_item(line_id())
    with pytest.raises(LineItemNotFound):
        sale.attribute_lines([Share(ANNA, 10_000)], [line_id()])


def test_a_sale_that_is_full_or_too_large_stays_as_it_was() -> None:
    sale = with_lines(LARGEST)
    before = sale.content()

    with pytest.raises(AmountTooLarge):
        sale.add_line_item(line_id(), item(price=1), Decimal(1), DAY)
    with pytest.raises(AmountTooLarge):
        sale.set_quantity(sale.lines[0].line_item_id, Decimal(2))
    with pytest.raises(QuantityInvalid):
        sale.set_quantity(sale.lines[0].line_item_id, Decimal(0))

    assert sale.content() == before


def test_a_sale_takes_no_line_past_the_last() -> None:
    sale = with_lines(*[1] * (MOST_LINES - 1))

    with pytest.raises(TooManyLineItems):
        sale.add_line_item(line_id(), item(), Decimal(1), DAY, [(line_id(), deposit())])
    sale.add_line_item(line_id(), item(), Decimal(1), DAY)
    assert len(sale.lines) == MOST_LINES


@given(st.lists(ITEMS, max_size=10))
def test_lines_add_up_to_rates_and_rates_to_the_sale(items: list[tuple[PricedItem, Decimal]]) -> None:
    sale = opened()
    for each, quantity in items:
        sale.add_line_item(line_id(), each, quantity, DAY)

    state = sale.state()

    assert sum(line.amount for line in state.lines) == state.totals.total
    assert sum(rate.gross for rate in state.totals.rates) == state.totals.total
    assert state.totals.net + state.totals.tax == state.totals.total
    assert sum(tax.tax for line in state.lines for tax in line.taxes) == state.totals.tax


@given(st.lists(ITEMS, min_size=1, max_size=6), ITEMS, st.decimals("0.001", "99", places=3))
def test_what_is_changed_and_changed_back_leaves_no_trace(
    items: list[tuple[PricedItem, Decimal]], passing: tuple[PricedItem, Decimal], quantity: Decimal
) -> None:
    sale = opened()
    for each, amount in items:
        sale.add_line_item(line_id(), each, amount, DAY)
    before = msgspec.json.encode(sale)
    added, first, kept = line_id(), sale.lines[0].line_item_id, sale.lines[0].quantity

    sale.add_line_item(added, passing[0], passing[1], DAY, [(line_id(), deposit())])
    sale.set_quantity(first, quantity)
    sale.set_quantity(first, kept)
    sale.remove_line_item(added)

    assert msgspec.json.encode(sale) == before


@given(PRICES)
def test_an_open_sale_is_the_same_after_being_stored(prices: list[int]) -> None:
    sale = with_lines(*prices)
    sale.attach_customer(customer())
    decide(sale, verdict("prompt"))
    if sale.total:
        pay(sale, 1)

    assert msgspec.json.decode(msgspec.json.encode(sale), type=OpenedSale) == sale


def test_credit_goes_to_chosen_lines_or_to_all_but_never_to_a_deposit() -> None:
    sale = with_bottle()
    sale.add_line_item(line_id(), item(), Decimal(1), DAY)
    halves = [Share(ANNA, 5000), Share(BEN, 5000)]

    sale.attribute_lines([Share(ANNA, 10_000)])
    sale.attribute_lines(halves, [sale.lines[2].line_item_id])

    assert [line.attribution for line in sale.lines] == [(Share(ANNA, 10_000),), (), tuple(halves)]
    with pytest.raises(SharesInvalid):
        sale.attribute_lines([Share(ANNA, 10_000)], [sale.lines[1].line_item_id])


def test_policy_is_told_facts_and_counts() -> None:
    sale = with_bottle()
    sale.add_line_item(line_id(), item("drill", 9900, tags=("serialised", "warranty")), Decimal(1), DAY)
    sale.attribute_lines([Share(ANNA, 10_000)], [sale.lines[0].line_item_id])
    sale.attach_customer(customer())

    facts = sale.checkout_facts("card", signed_on=True)

    assert (facts.goods_lines, facts.unattributed_lines, facts.total) == (2, 1, 99 + 25 + 9900)
    assert facts.item_tags == ("serialised", "warranty")
    assert facts.tender_kind == "card"
    assert facts.signed_on
    assert facts.customer == customer()


def test_automatic_attribution_gives_the_seller_every_line_that_has_none() -> None:
    sale = with_bottle()
    sale.add_line_item(line_id(), item(), Decimal(1), DAY)
    sale.attribute_lines([Share(BEN, 10_000)], [sale.lines[2].line_item_id])

    decide(sale, verdict(attribution="automatic"))

    assert [line.attribution for line in sale.lines] == [(Share(ANNA, 10_000),), (), (Share(BEN, 10_000),)]


def test_automatic_attribution_goes_on_while_policy_is_away() -> None:
    sale = with_lines(100)

    decide(sale, away(KnownPolicy("allow_flagged", "automatic")))

    assert sale.lines[0].attribution == (Share(ANNA, 10_000),)


@pytest.mark.parametrize(
    "said", [verdict("block", "automatic"), away(KnownPolicy("refuse", "automatic"))], ids=["block", "no answer"]
)
def test_automatic_attribution_gives_nothing_where_no_money_may_be_taken(said: Verdict) -> None:
    sale = with_lines(100)

    decide(sale, said)
    blocked = sale.lines[0].attribution
    sale.decide(DecisionId(uuid(9)), verdict(attribution="automatic"), "cash", BEN)

    assert blocked == ()
    assert sale.lines[0].attribution == (Share(BEN, 10_000),)


def test_automatic_attribution_goes_to_whoever_sells_while_somebody_lets_it_pass_without_policy() -> None:
    sale = with_lines(100)

    sale.decide(DecisionId(uuid(9)), away(KnownPolicy("refuse", "automatic")), "cash", BEN, passing=True)

    assert sale.lines[0].attribution == (Share(BEN, 10_000),)


def test_what_changes_the_sale_drops_a_decision_that_is_not_held() -> None:
    sale = with_lines(100)

    def is_dropped() -> bool:
        dropped = sale.decision is None
        decide(sale, verdict("block"))
        return dropped

    decide(sale, verdict("block"))
    sale.add_line_item(line_id(), item(), Decimal(1), DAY)
    assert is_dropped()
    sale.set_quantity(sale.lines[0].line_item_id, Decimal(2))
    assert is_dropped()
    sale.remove_line_item(sale.lines[1].line_item_id)
    assert is_dropped()
    sale.attach_customer(customer())
    assert is_dropped()
    sale.attribute_lines([Share(ANNA, 10_000)])
    assert is_dropped()
    sale.refresh_customer(customer(revision=2))
    assert is_dropped()


def test_a_block_says_what_is_missing_and_nothing_of_what_is_there() -> None:
    sale = with_lines(100)
    said = verdict("block")
    decided = sale.decide(DecisionId(uuid(9)), said, "cash", ANNA)

    with pytest.raises(CheckoutBlocked) as refused:
        decided.prove_payable(said)

    assert not said.lets_pay(passing=True)
    assert refused.value.keep
    assert refused.value.details["items"] == [{"field": "contact", "level": "required", "code": "contact-missing"}]


def test_a_prompt_does_not_stop_a_tender() -> None:
    sale = with_lines(100)

    pay(sale, 100, said=verdict("prompt"))

    decision = sale.state().decision
    assert decision is not None
    assert (decision.outcome, decision.held) == ("prompt", True)


def test_without_policy_the_store_refuses_or_flags() -> None:
    sale = with_lines(100)
    decided = sale.decide(DecisionId(uuid(9)), away(), "cash", ANNA)

    with pytest.raises(PolicyUnavailable):
        decided.prove_payable(away())
    decided.prove_payable(away(ALLOWED))
    shown = sale.state().decision
    assert shown is not None
    assert (shown.outcome, shown.settings_revision, shown.items, shown.held) == ("unavailable", None, (), False)

    sale.add_tender(tender_id(), "cash", 100, "off", decided=decided)
    assert sale.flags == ["policy_unavailable"]
    sale.complete("till-1-000001", ending())
    assert sale.flags == ["policy_unavailable"]


def test_a_sale_that_is_being_paid_does_not_change() -> None:
    sale = with_lines(1000)
    line = sale.lines[0].line_item_id
    pay(sale, 100)

    changes: tuple[Callable[[], object], ...] = (
        lambda: sale.add_line_item(line_id(), item(), Decimal(1), DAY),
        lambda: sale.set_quantity(line, Decimal(2)),
        lambda: sale.remove_line_item(line),
        lambda: sale.attach_customer(customer()),
        lambda: sale.attribute_lines([Share(ANNA, 10_000)]),
        lambda: sale.void(ending()),
    )
    for change in changes:
        with pytest.raises(SaleBeingPaid):
            change()


def asks(sale: OpenedSale) -> list[TenderKind]:
    """About which of two kinds of tender policy is to be asked."""
    kinds: tuple[TenderKind, ...] = ("cash", "card")
    return [kind for kind in kinds if sale.must_ask(kind)]


def test_policy_is_asked_before_the_first_tender_of_each_kind_and_its_first_answer_is_held() -> None:
    sale = with_lines(1000)
    decide(sale, verdict(), "cash")
    assert asks(sale) == ["cash", "card"]

    cash = pay(sale, 100, "cash", verdict(revision=7))
    assert asks(sale) == ["card"]
    card = pay(sale, 100, "card", verdict(revision=7))
    assert asks(sale) == []
    assert sale.held is not None
    assert (sale.held.outcome, sale.held.settings_revision, sale.held.tender_kind) == ("proceed", 7, "cash")

    sale.remove_tender(cash)
    assert asks(sale) == []

    sale.remove_tender(card)
    assert asks(sale) == ["cash", "card"]


def test_a_kind_of_tender_that_was_given_back_is_asked_about_again() -> None:
    sale = with_lines(1000)
    pay(sale, 100, "cash")
    card = pay(sale, 100, "card", verdict("block"))

    sale.remove_tender(card)

    assert asks(sale) == ["card"]
    assert sale.flags == []


@given(st.lists(st.tuples(st.sampled_from(["cash", "card", "voucher"]), st.booleans()), max_size=12))
def test_a_sale_is_flagged_unsatisfied_exactly_while_it_has_a_tender_that_policy_blocked(
    acts: list[tuple[TenderKind, bool]],
) -> None:
    sale = with_lines(1_000_000)
    said: dict[TenderKind, Outcome] = {"cash": "proceed", "card": "block", "voucher": "prompt"}
    pay(sale, 1, "cash")
    held = sale.held
    for kind, taken in acts:
        if taken:
            pay(sale, 1, kind, verdict(said[kind]))
        else:
            given = next((tender for tender in sale.tenders[1:] if tender.kind == kind), None)
            if given is not None:
                sale.remove_tender(given.tender_id)

        assert ("policy_unsatisfied" in sale.flags) == any(tender.kind == "card" for tender in sale.tenders)
        assert sale.held == held


def test_a_block_by_settings_that_were_changed_since_counts_for_nothing() -> None:
    sale = with_lines(1000)
    pay(sale, 100, "cash", verdict(revision=7))
    sale_without_policy = with_lines(1000)
    pay(sale_without_policy, 100, "cash", away(ALLOWED))

    def heeded(sale: OpenedSale, said: Verdict) -> bool:
        assert sale.heeds(said) != sale.takes("voucher", said) or said.answer is None
        return sale.heeds(said)

    assert [heeded(sale, verdict("block", revision=revision)) for revision in (6, 7, 8)] == [False, True, False]
    assert heeded(sale, away())
    assert heeded(sale_without_policy, verdict("block", revision=8))


def test_a_held_decision_outlives_a_block_that_came_later() -> None:
    sale = with_lines(1000)
    pay(sale, 400, said=verdict(revision=7))
    decide(sale, verdict("block", revision=8), "card")

    shown = sale.state().decision
    assert shown is not None
    assert (shown.outcome, shown.held) == ("block", False)

    pay(sale, 600)
    sale.complete("till-1-000001", ending())
    kept = sale.state().decision
    assert kept is not None
    assert (kept.outcome, kept.settings_revision, kept.held) == ("proceed", 7, True)
    assert sale.flags == []


def test_facts_that_become_known_while_the_sale_is_paid_leave_the_held_decision_alone() -> None:
    sale = with_lines(1000)
    sale.attach_customer(customer())
    pay(sale, 1000)

    assert sale.refresh_customer(customer(revision=2))

    sale.complete("till-1-000001", ending())
    assert sale.flags == []


def test_only_newer_facts_of_the_attached_customer_are_taken_over() -> None:
    sale = with_lines(1000)
    assert not sale.refresh_customer(customer(revision=5))

    sale.attach_customer(customer(revision=3))
    assert not sale.refresh_customer(customer(revision=3))
    assert not sale.refresh_customer(customer(number=51, revision=9))
    assert sale.customer == customer(revision=3)


def test_with_the_last_tender_gone_the_sale_may_change_and_policy_is_asked_again() -> None:
    sale = with_lines(1000)
    decided = sale.decide(DecisionId(uuid(9)), away(), "cash", ANNA)
    tender = tender_id()
    sale.add_tender(tender, "cash", 100, "off", decided=decided)

    sale.remove_tender(tender)

    assert sale.flags == []
    assert sale.held is None
    assert asks(sale) == ["cash", "card"]
    sale.add_line_item(line_id(), item(), Decimal(1), DAY)


def test_cash_that_settled_with_rounding_counts_unrounded_when_another_tender_goes() -> None:
    sale = with_lines(1002)
    card = pay(sale, 500, "card")
    decided = sale.decide(DecisionId(uuid(9)), verdict(), "cash", ANNA)
    sale.add_tender(tender_id(), "cash", 500, "five_cents", decided=decided)
    assert (sale.due, sale.state().totals.rounding) == (0, -2)

    sale.remove_tender(card)

    assert (sale.due, sale.state().totals.rounding) == (502, 0)


@given(st.integers(1, 10_000_000), st.lists(st.integers(1, 1_000_000), max_size=5), st.booleans())
def test_a_sale_paid_in_cash_ends_with_nothing_due_and_all_tenders_adding_up(
    total: int, parts: list[int], rounds: bool
) -> None:
    sale = with_lines(total)
    decided = sale.decide(DecisionId(uuid(9)), verdict(), "cash", ANNA)
    for part in [*parts, 2 * total + 5]:
        if sale.due:
            sale.add_tender(tender_id(), "cash", part, "five_cents" if rounds else "off", decided=decided)

    totals = sale.state().totals

    assert totals.due == 0
    assert totals.paid == totals.total + totals.rounding
    assert abs(totals.rounding) <= (2 if rounds else 0)
    assert sum(tender.tendered - tender.change for tender in sale.tenders) == totals.paid


def test_tenders_that_do_not_fit_are_refused() -> None:
    sale = with_lines(1000)
    first = pay(sale, 500)

    def refused(rejection: type[Rejection]) -> pytest.RaisesExc[Rejection]:
        return pytest.raises(rejection)

    with refused(TenderExists):
        sale.add_tender(first, "cash", 500, "off")
    with refused(CustomerMissing):
        sale.add_tender(tender_id(), "store_credit", 500, "off")
    with refused(TenderTooLarge):
        sale.add_tender(tender_id(), "voucher", 501, "off")
    with refused(TenderTooLarge):
        sale.add_tender(tender_id(), "card", 501, "off")
    with refused(TenderNotFound):
        sale.remove_tender(tender_id())
    pay(sale, 500)
    with refused(NothingToPay):
        sale.prove_takes(tender_id(), "cash", 1, "off")
    with refused(SaleEmpty):
        opened().prove_takes(tender_id(), "cash", 1, "off")


def test_a_sale_takes_no_tender_past_the_last() -> None:
    sale = with_lines(1000)
    for _ in range(MOST_TENDERS):
        pay(sale, 1)

    with pytest.raises(TooManyTenders):
        pay(sale, 1)


def test_only_a_paid_sale_with_lines_is_completed() -> None:
    with pytest.raises(SaleEmpty):
        opened().complete("till-1-000001", ending())
    sale = with_lines(1000)
    pay(sale, 999)
    with pytest.raises(SaleNotPaid) as refused:
        sale.complete("till-1-000001", ending())
    assert refused.value.details == {"due": 1}


def test_a_completed_sale_names_who_ended_it_and_when() -> None:
    sale = with_lines(1000)
    pay(sale, 1000)

    sale.complete("till-1-000007", ending(BEN, clock_unsure=True))

    state = sale.state()
    assert (state.status, state.receipt_number, state.cashier) == ("completed", "till-1-000007", BEN)
    assert state.flags == ("clock_unsure",)
    assert state.ended_at is not None


def test_a_decision_about_other_content_flags_the_sale_but_never_stops_it() -> None:
    sale = with_lines(1000)
    pay(sale, 1000)
    sale.lines[0].quantity = Decimal(1)
    sale.customer = customer()

    sale.complete("till-1-000001", ending())

    assert sale.status == "completed"
    assert sale.flags == ["policy_unsatisfied"]


@pytest.mark.parametrize(
    ("said", "flags"), [(verdict(), []), (verdict("prompt"), []), (away(ALLOWED), ["policy_unavailable"])]
)
def test_a_sale_of_nothing_is_completed_by_the_decision_made_at_its_end(said: Verdict, flags: list[str]) -> None:
    sale = with_lines(0)
    assert sale.must_ask_to_complete()

    decide(sale, said, None)
    sale.complete("till-1-000001", ending())

    assert sale.flags == flags


def test_a_voided_sale_takes_no_receipt_number() -> None:
    sale = with_lines(1000)

    sale.void(ending())

    assert (sale.status, sale.receipt_number) == ("voided", None)
