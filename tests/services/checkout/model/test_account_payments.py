"""What a payment on an account makes of a sale, whatever else is on it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout.paying import AccountNotForThis
from contracts.ids import CountryCode
from services.checkout.model.sale import OpenedSale
from tests.services.checkout.sales import DAY, customer, item, line_id, opened, pay, verdict

AMOUNTS = st.lists(st.integers(1, 10_000), max_size=4)


def sale_of(goods: list[int], payments: list[int]) -> OpenedSale:
    """A sale to a customer with goods and payments at these amounts in cents."""
    sale = opened()
    sale.attach_customer(customer())
    for amount in goods:
        sale.add_line_item(line_id(), item("tea", amount), Decimal(1), DAY)
    for amount in payments:
        sale.add_account_payment(line_id(), amount, CountryCode("DE"), DAY)
    return sale


@given(AMOUNTS, AMOUNTS)
def test_payments_alone_are_no_sale_and_add_nothing_that_is_taxed_or_credited(
    goods: list[int], payments: list[int]
) -> None:
    sale, without = sale_of(goods, payments), sale_of(goods, [])

    told = sale.state()

    assert told.transaction_kind == ("account_payment" if payments and not goods else "sale")
    assert told.totals.total == sum(goods) + sum(payments)
    assert told.totals.tax == without.state().totals.tax
    facts = sale.checkout_facts("cash", signed_on=True)
    assert (facts.goods_lines, facts.transaction_kind) == (len(goods), told.transaction_kind)


@given(AMOUNTS, AMOUNTS, st.lists(st.integers(1, 10_000), max_size=6))
def test_on_account_never_pays_more_than_what_is_sold(goods: list[int], payments: list[int], tried: list[int]) -> None:
    sale = sale_of(goods, payments)
    taken = 0
    for amount in tried:
        if not sale.due or amount > sale.due:
            continue
        most = sum(goods) - taken if payments else sale.due
        if amount > most:
            with pytest.raises(AccountNotForThis) as refused:
                pay(sale, amount, "account", verdict())
            assert refused.value.details["most"] == most
        else:
            pay(sale, amount, "account", verdict())
            taken += amount

    assert taken <= sum(goods)
