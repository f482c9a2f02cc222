"""On which terms customers of a file may owe, and by when what they bring along is due."""

from typing import Any

import pytest

from contracts.customers.importing import CustomerPage, ImportedTerms, ListCustomers
from contracts.customers.ledgers import GetBalances
from contracts.customers.ledgers.accounts import AccountStatement, AccountTerms, GetAccountStatement, SetAccountTerms
from contracts.ids import CustomerId
from tests.services.customers.importing.desk import HUB, check, refusal, row, take
from tests.under_test import StoreUnderTest

ANNA: dict[str, Any] = {"first_name": "Anna", "last_name": "Aho", "emails": ("anna@example.fi",)}
FOUR_WEEKS = ImportedTerms(50000, 28)


async def ask(shop: StoreUnderTest, request: Any) -> Any:
    token = shop.token("customer.view", "ledger.adjust", "customer.export", caller=HUB)
    return await shop.send(request, caller=HUB, token=token)


async def terms(shop: StoreUnderTest, customer_id: CustomerId | None) -> tuple[int | None, int | None, int]:
    """Limit, days of grace and revision."""
    assert customer_id is not None
    found = await ask(shop, GetBalances(customer_id))
    return found.balances.account_limit, found.account_grace_days, found.account_revision


async def due(shop: StoreUnderTest, customer_id: CustomerId | None) -> list[str | None]:
    assert customer_id is not None
    statement = await ask(shop, GetAccountStatement(customer_id, "2026-01-01", "2026-12-31"))
    assert isinstance(statement, AccountStatement), statement
    return [each.due_on for each in statement.open_items]


async def test_what_new_customers_owe_is_due_by_the_days_of_their_own_terms(shop: StoreUnderTest) -> None:
    anna, bert, caro = await take(
        shop,
        row(2, opening_owed=4500, account_terms=FOUR_WEEKS, **ANNA),
        row(3, first_name="Bert", opening_owed=100),
        row(4, first_name="Caro", opening_owed=100, account_terms=ImportedTerms(None, 7)),
        as_of="2026-01-31",
    )

    assert await terms(shop, anna.customer_id) == (50000, 28, 1)
    assert await terms(shop, bert.customer_id) == (0, None, 0)
    assert await terms(shop, caro.customer_id) == (None, 7, 1)
    assert [await due(shop, each.customer_id) for each in (anna, bert, caro)] == [
        ["2026-02-28"],
        ["2026-01-31"],
        ["2026-02-07"],
    ]


async def test_terms_of_somebody_on_file_are_changed_before_what_they_bring_is_booked(shop: StoreUnderTest) -> None:
    (anna,) = await take(shop, row(2, **ANNA))

    more = row(2, opening_owed=4500, account_terms=FOUR_WEEKS, **ANNA)
    (again,) = await take(shop, more, as_of="2026-01-31")
    (same,) = await take(shop, row(3, "id:same", account_terms=FOUR_WEEKS, customer_id=anna.customer_id, **ANNA))

    assert (again.outcome, same.outcome) == ("changed", "unchanged")
    assert await terms(shop, anna.customer_id) == (50000, 28, 1)
    assert await due(shop, anna.customer_id) == ["2026-02-28"]


async def test_terms_alone_make_a_row_a_change_and_filling_in_replaces_none(shop: StoreUnderTest) -> None:
    (anna,) = await take(shop, row(2, **ANNA))
    assert anna.customer_id is not None
    told = (await check(shop, row(2, account_terms=FOUR_WEEKS, **ANNA))).results
    agreed = await ask(shop, SetAccountTerms(anna.customer_id, 0, 100, 5))
    assert isinstance(agreed, AccountTerms), agreed

    (filled,) = await take(shop, row(9, account_terms=FOUR_WEEKS, **ANNA), source="shopify", on_duplicate="fill")
    assert (told[0].outcome, filled.outcome) == ("changed", "unchanged")
    assert await terms(shop, anna.customer_id) == (100, 5, 1)

    (changed,) = await take(shop, row(2, account_terms=FOUR_WEEKS, **ANNA))
    assert changed.outcome == "changed"
    assert await terms(shop, anna.customer_id) == (50000, 28, 2)


async def test_a_page_of_everybody_has_the_terms_of_those_who_have_any(shop: StoreUnderTest) -> None:
    anna, _ = await take(shop, row(2, account_terms=FOUR_WEEKS, **ANNA), row(3, first_name="Bert"))

    page = await ask(shop, ListCustomers())

    assert isinstance(page, CustomerPage), page
    assert page.account_terms == (AccountTerms(anna.customer_id, 1, 50000, 28),)  # type: ignore[arg-type] # she was made


@pytest.mark.parametrize("try_it", [check, take])
async def test_nobody_who_stands_for_nobody_has_an_account(shop: StoreUnderTest, try_it: Any) -> None:
    told = await try_it(shop, row(2, first_name="Walk-in", placeholder=True, account_terms=FOUR_WEEKS))

    (result,) = told if isinstance(told, list) else told.results
    assert refusal(result) == ("refused", "detail-invalid", "account_terms")


async def test_days_that_are_not_said_are_those_of_now_or_a_month(shop: StoreUnderTest) -> None:
    anna, bert = await take(
        shop,
        row(2, account_terms=ImportedTerms(100, 7), **ANNA),
        row(3, first_name="Bert", account_terms=ImportedTerms(100)),
    )
    await take(shop, row(2, account_terms=ImportedTerms(200), **ANNA))

    assert await terms(shop, anna.customer_id) == (200, 7, 2)
    assert await terms(shop, bert.customer_id) == (100, 30, 1)


async def test_an_older_file_takes_back_no_terms_that_were_set_since(shop: StoreUnderTest) -> None:
    (anna,) = await take(shop, row(2, account_terms=ImportedTerms(100, 7), **ANNA))
    assert anna.customer_id is not None
    about: dict[str, Any] = {"customer_id": anna.customer_id, **ANNA}
    await ask(shop, SetAccountTerms(anna.customer_id, 1, 0, 7))

    stale = row(3, "id:old", account_terms=ImportedTerms(100, 7, 1), **about)
    tried = (await check(shop, stale)).results
    (older,) = await take(shop, stale)
    (same,) = await take(shop, row(3, "id:same", account_terms=ImportedTerms(0, 7, 1), **about))

    assert refusal(older) == refusal(tried[0]) == ("refused", "revision-conflict", "account_revision")
    assert same.outcome == "unchanged"
    assert await terms(shop, anna.customer_id) == (0, 7, 2)

    (newer,) = await take(shop, row(3, "id:new", account_terms=ImportedTerms(300, 7, 2), **about))
    assert newer.outcome == "changed"
    assert await terms(shop, anna.customer_id) == (300, 7, 3)
