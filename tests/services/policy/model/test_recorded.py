"""What settings would have made of decisions of the past."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import SaleId
from contracts.policy import ContactRule, DetailRule, PolicySettings
from contracts.policy.checking import CheckoutFacts
from contracts.policy.reporting import WhatIfCell
from services.policy.model.recorded import Recorded, what_if
from services.policy.model.rulebook import Rulebook
from tests.services.policy.examples import FIRST_NAME, TILL_1, TILL_2, a_customer, a_sale, decide, sale_id
from tests.services.policy.model.any_settings import at_leisure, some_sales, some_settings


def recorded(sale: CheckoutFacts, *, was: str = "proceed", hour: int = 9, number: int | None = 1) -> Recorded:
    """A sale as the decision about it is kept."""
    person = sale.customer
    return Recorded(
        sale_id=None if number is None else sale_id(number),
        outcome=was,
        hour=hour,
        total=sale.total,
        unattributed_lines=sale.unattributed_lines,
        goods_lines=sale.goods_lines,
        register=sale.register,
        transaction_kind=sale.transaction_kind,
        tender_kind=sale.tender_kind,
        signed_on=int(sale.signed_on),
        item_tags=",".join(sale.item_tags),
        has_first_name=None if person is None else int(person.has_first_name),
        has_last_name=None if person is None else int(person.has_last_name),
        has_email=None if person is None else int(person.has_email),
        has_phone=None if person is None else int(person.has_phone),
        placeholder=None if person is None else int(person.placeholder),
        customer_group=None if person is None else person.group,
        skipped=",".join(sale.skipped),
        waived=",".join(sale.waived),
    )


STRICTNESS = {"unavailable": 0, "proceed": 0, "prompt": 1, "block": 2}


@at_leisure
@given(
    some_settings,
    st.lists(
        st.tuples(some_sales, st.sampled_from(tuple(STRICTNESS)), st.none() | st.integers(1, 8), st.integers(8, 10)),
        max_size=30,
    ),
)
def test_a_what_if_counts_what_deciding_one_by_one_gives(
    settings: PolicySettings, checks: list[tuple[CheckoutFacts, str, int | None, int]]
) -> None:
    decisions = [recorded(sale, was=was, number=number, hour=hour) for sale, was, number, hour in checks]

    cells = what_if(Rulebook(settings, 1), decisions)

    sales: dict[object, list[tuple[CheckoutFacts, str, int]]] = {}
    for place, (sale, was, number, hour) in enumerate(checks):
        sales.setdefault(("faded", place) if number is None else number, []).append((sale, was, hour))
    counts: Counter[tuple[str, int, str]] = Counter()
    for answers in sales.values():
        first, _, hour = answers[0]
        would = max(STRICTNESS[decide(settings, sale).outcome] for sale, _, _ in answers)
        did = max(STRICTNESS[was] for _, was, _ in answers)
        told = ("sales", ("", "prompted", "blocked")[would], ("", "was_prompted", "was_blocked")[did])
        counts.update((first.register, hour, what) for what in told if what)
    kinds = ("sales", "prompted", "blocked", "was_prompted", "was_blocked")
    assert {
        (cell.register, cell.hour, what): getattr(cell, what) for cell in cells for what in kinds if getattr(cell, what)
    } == counts


def test_a_sale_counts_once_by_its_strictest_answer_where_and_when_it_was_checked_first() -> None:
    nobody, known = a_sale(), a_sale(a_customer(first_name=True))
    sales = (
        recorded(nobody, was="prompt", hour=9),
        recorded(nobody, was="block", hour=10),
        recorded(a_sale(a_customer(first_name=True), register="till-2"), was="proceed", hour=11),
        recorded(known, was="proceed", hour=10, number=2),
    )

    cells = what_if(Rulebook(FIRST_NAME, 1), sales)

    assert cells == (
        WhatIfCell(TILL_1, 9, 1, 0, 1, was_prompted=0, was_blocked=1, examples=(sale_id(1),)),
        WhatIfCell(TILL_1, 10, 1, 0, 0, was_prompted=0, was_blocked=0),
    )


def test_decisions_that_no_longer_name_their_sale_count_by_themselves() -> None:
    (cell,) = what_if(Rulebook(FIRST_NAME, 1), [recorded(a_sale(), was="block", number=None)] * 2)

    assert cell == WhatIfCell(TILL_1, 9, 2, 0, 2, was_prompted=0, was_blocked=2)


def test_cells_stand_by_register_and_then_by_hour() -> None:
    places = [(till, hour) for till in ("till-2", "till-1") for hour in (17, 8)]
    sales = [recorded(a_sale(register=till), hour=hour, number=n) for n, (till, hour) in enumerate(places)]

    cells = what_if(Rulebook(PolicySettings(), 1), sales)

    assert [(cell.register, cell.hour, cell.sales) for cell in cells] == [
        (TILL_1, 8, 1),
        (TILL_1, 17, 1),
        (TILL_2, 8, 1),
        (TILL_2, 17, 1),
    ]


def test_examples_are_three_sales_that_are_still_named_and_would_be_prompted_or_blocked() -> None:
    nobody, known = a_sale(), a_sale(a_customer(first_name=True))
    sales = (
        recorded(nobody, was="block", number=1),
        recorded(nobody, number=None),
        recorded(known, number=2),
        recorded(nobody, was="prompt", number=3),
        recorded(nobody, number=4),
        recorded(nobody, number=4),
        recorded(nobody, was="unavailable", number=5),
        recorded(nobody, number=6),
    )

    cells = what_if(Rulebook(FIRST_NAME, 1), sales)

    assert cells == (
        WhatIfCell(TILL_1, 9, 7, 0, 6, was_prompted=1, was_blocked=1, examples=tuple(map(sale_id, (1, 3, 4)))),
    )


def test_sales_that_differ_only_in_what_a_rule_asks_about_are_told_apart() -> None:
    manual = PolicySettings(attribution="manual", contact=ContactRule("recommended", "phone"))
    known = a_customer(phone=True)
    sales = (a_sale(known), a_sale(known, unattributed=1), a_sale(a_customer(email=True)))

    (cell,) = what_if(Rulebook(manual, 1), [recorded(sale, number=n) for n, sale in enumerate(sales)])

    assert (cell.sales, cell.prompted, cell.blocked) == (3, 1, 1)


def test_what_was_skipped_or_waived_counts_as_it_did() -> None:
    settings = PolicySettings(DetailRule("recommended"), DetailRule("required"), waivable=True)
    settled = a_sale(skipped=("first-name-missing",), waived=("last-name-missing",))
    half = a_sale(waived=("last-name-missing",))

    (cell,) = what_if(Rulebook(settings, 1), [recorded(settled), recorded(half, number=2)])

    assert (cell.sales, cell.prompted, cell.blocked) == (2, 1, 0)


@at_leisure
@given(some_sales)
def test_a_recorded_sale_is_decided_by_the_facts_it_had(sale: CheckoutFacts) -> None:
    facts = recorded(sale).facts()

    assert facts.sale_id == SaleId(sale_id(1))
    assert (facts.register, facts.total, facts.item_tags, facts.skipped, facts.waived) == (
        sale.register,
        sale.total,
        sale.item_tags,
        sale.skipped,
        sale.waived,
    )
    assert (facts.customer is None) == (sale.customer is None)
