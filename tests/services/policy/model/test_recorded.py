"""What settings would have made of decisions of the past."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import SaleId
from contracts.policy import CheckoutFacts, ContactRule, DetailRule, PolicySettings, WhatIfCell
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


@at_leisure
@given(
    some_settings,
    st.lists(st.tuples(some_sales, st.sampled_from(("proceed", "prompt", "block", "unavailable"))), max_size=30),
)
def test_a_what_if_counts_what_deciding_one_by_one_gives(
    settings: PolicySettings, sales: list[tuple[CheckoutFacts, str]]
) -> None:
    cells = what_if(Rulebook(settings, 1), (tuple(recorded(sale, was=was)) for sale, was in sales))

    outcomes = Counter((sale.register, decide(settings, sale).outcome) for sale, _ in sales)
    were = Counter((sale.register, was) for sale, was in sales)
    assert {(cell.register, "prompt"): cell.prompted for cell in cells if cell.prompted} | {
        (cell.register, "block"): cell.blocked for cell in cells if cell.blocked
    } == {key: count for key, count in outcomes.items() if key[1] != "proceed"}
    assert {(cell.register, "prompt"): cell.was_prompted for cell in cells if cell.was_prompted} | {
        (cell.register, "block"): cell.was_blocked for cell in cells if cell.was_blocked
    } == {key: count for key, count in were.items() if key[1] in {"prompt", "block"}}
    assert sum(cell.decisions for cell in cells) == len(sales)


def test_cells_stand_by_register_and_then_by_hour() -> None:
    sales = [recorded(a_sale(register=till), hour=hour) for till in ("till-2", "till-1") for hour in (17, 8)]

    cells = what_if(Rulebook(PolicySettings(), 1), sales)

    assert [(cell.register, cell.hour, cell.decisions) for cell in cells] == [
        (TILL_1, 8, 1),
        (TILL_1, 17, 1),
        (TILL_2, 8, 1),
        (TILL_2, 17, 1),
    ]


def test_examples_are_three_sales_that_are_still_named_and_would_newly_be_prompted_or_blocked() -> None:
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
        WhatIfCell(TILL_1, 9, 8, 0, 7, was_prompted=1, was_blocked=1, examples=tuple(map(sale_id, (3, 4, 5)))),
    )


def test_sales_that_differ_only_in_what_a_rule_asks_about_are_told_apart() -> None:
    manual = PolicySettings(attribution="manual", contact=ContactRule("recommended", "phone"))
    known = a_customer(phone=True)
    sales = (a_sale(known), a_sale(known, unattributed=1), a_sale(a_customer(email=True)))

    (cell,) = what_if(Rulebook(manual, 1), [recorded(sale) for sale in sales])

    assert (cell.decisions, cell.prompted, cell.blocked) == (3, 1, 1)


def test_what_was_skipped_or_waived_counts_as_it_did() -> None:
    settings = PolicySettings(DetailRule("recommended"), DetailRule("required"), waivable=True)
    settled = a_sale(skipped=("first_name",), waived=("last_name",))

    (cell,) = what_if(Rulebook(settings, 1), [recorded(settled), recorded(a_sale(waived=("last_name",)))])

    assert (cell.decisions, cell.prompted, cell.blocked) == (2, 1, 0)


@at_leisure
@given(some_sales)
def test_a_recorded_sale_is_decided_by_the_facts_it_had(sale: CheckoutFacts) -> None:
    facts = recorded(sale).facts()

    assert facts.sale_id == SaleId(sale_id(1))
    assert (facts.register, facts.total, facts.item_tags, facts.skipped) == (
        sale.register,
        sale.total,
        sale.item_tags,
        sale.skipped,
    )
    assert (facts.customer is None) == (sale.customer is None)
