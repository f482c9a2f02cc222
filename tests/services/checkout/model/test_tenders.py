"""Money settles a sale: exact by card, with change and rounding in cash."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.checkout.paying import NothingToPay, TenderTooLarge
from contracts.policy import TenderKind
from services.checkout.model.tenders import CashRounding, take, without_rounding
from tests.services.checkout.sales import tender_id

DUE = st.integers(1, 10_000_000)
ROUNDING: st.SearchStrategy[CashRounding] = st.sampled_from(["off", "five_cents"])


@given(DUE, st.integers(-3, 3), ROUNDING)
def test_cash_close_to_what_is_due_leaves_nothing_below_zero(due: int, more: int, rounding: CashRounding) -> None:
    tender = take(tender_id(), "cash", max(1, due + more), due=due, cash_rounding=rounding)

    assert due + tender.rounding - tender.amount >= 0


def test_the_exact_sum_in_small_coins_settles_without_rounding() -> None:
    tender = take(tender_id(), "cash", 273, due=273, cash_rounding="five_cents")

    assert (tender.amount, tender.change, tender.rounding) == (273, 0, 0)


@given(DUE, st.integers(1, 20_000_000), ROUNDING)
def test_cash_tendered_less_change_is_what_counts(due: int, amount: int, rounding: CashRounding) -> None:
    tender = take(tender_id(), "cash", amount, due=due, cash_rounding=rounding)

    assert tender.tendered == amount
    assert tender.tendered - tender.change == tender.amount
    assert tender.change >= 0
    assert tender.amount > 0
    left = due + tender.rounding - tender.amount
    assert left >= 0
    assert left == 0 or (tender.change == 0 and tender.rounding == 0)


@given(DUE, st.integers(0, 1_000_000))
def test_cash_that_settles_is_rounded_by_at_most_two_cents_to_a_coin_there_is(due: int, more: int) -> None:
    tender = take(tender_id(), "cash", due + 2 + more, due=due, cash_rounding="five_cents")

    assert abs(tender.rounding) <= 2
    assert tender.amount == due + tender.rounding
    assert tender.amount % 5 == 0 or due <= 2


@given(st.integers(3, 10_000_000), st.integers(0, 1_000_000))
@example(503, 1)
def test_where_cash_is_rounded_change_has_no_small_coins_but_those_handed_over(due: int, more: int) -> None:
    tender = take(tender_id(), "cash", due + more, due=due, cash_rounding="five_cents")

    assert tender.change % 5 in (0, tender.tendered % 5)
    assert tender.change % 5 == 0 or tender.amount % 5 == 0


def test_a_cent_more_than_is_due_but_less_than_the_rounded_sum_settles_and_gives_no_change() -> None:
    tender = take(tender_id(), "cash", 504, due=503, cash_rounding="five_cents")

    assert (tender.amount, tender.change, tender.rounding) == (504, 0, 1)


def test_cash_is_not_rounded_where_the_store_does_not() -> None:
    tender = take(tender_id(), "cash", 1000, due=998, cash_rounding="off")

    assert (tender.amount, tender.change, tender.rounding) == (998, 2, 0)


def test_rounded_down_cash_settles_with_less_than_is_due() -> None:
    tender = take(tender_id(), "cash", 1000, due=1002, cash_rounding="five_cents")

    assert (tender.amount, tender.change, tender.rounding) == (1000, 0, -2)


def test_cash_that_does_not_reach_the_rounded_sum_counts_as_it_is() -> None:
    tender = take(tender_id(), "cash", 1000, due=1003, cash_rounding="five_cents")

    assert (tender.amount, tender.change, tender.rounding) == (1000, 0, 0)


def test_a_card_pays_exactly_and_is_never_rounded() -> None:
    tender = take(tender_id(), "card", 998, due=998, cash_rounding="five_cents")

    assert (tender.amount, tender.tendered, tender.change, tender.rounding) == (998, 998, 0, 0)
    assert tender.state == "approved"


def test_more_than_is_due_is_refused_on_a_card() -> None:
    with pytest.raises(TenderTooLarge) as refused:
        take(tender_id(), "card", 999, due=998, cash_rounding="off")

    assert refused.value.details == {"field": "amount", "due": 998}


@pytest.mark.parametrize("kind", ["store_credit", "account", "loyalty", "voucher"])
def test_a_balance_pays_exactly_what_it_is_asked_for_and_no_more_than_is_due(kind: TenderKind) -> None:
    tender = take(tender_id(), kind, 97, due=98, cash_rounding="five_cents")

    assert (tender.amount, tender.change, tender.rounding) == (97, 0, 0)
    with pytest.raises(TenderTooLarge):
        take(tender_id(), kind, 99, due=98, cash_rounding="off")


def test_a_paid_sale_takes_no_more_money() -> None:
    with pytest.raises(NothingToPay):
        take(tender_id(), "cash", 100, due=0, cash_rounding="off")


def test_cash_that_settles_no_more_counts_unrounded() -> None:
    tender = take(tender_id(), "cash", 500, due=502, cash_rounding="five_cents")

    assert without_rounding(tender).rounding == 0
    assert without_rounding(tender).amount == 500
