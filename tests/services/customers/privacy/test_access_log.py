"""Who saw a customer's details is noted, whatever question or command showed them."""

from typing import Any

import pytest

from contracts.customers import Customer, UpdateCustomer
from contracts.customers.asking import CustomerHits, SearchCustomers
from contracts.customers.merging import MergePreview, PreviewMerge, UndoMerge
from contracts.customers.privacy.noting import AccessLog, ReadAccessLog
from contracts.ids import CustomerId
from tests.services.customers.ledgers.shop import IDS, LedgerShop
from tests.services.customers.privacy.people import ALL, ANNA, ANNE, ask, merge, put_on_file


@pytest.fixture
async def two(shop: LedgerShop) -> LedgerShop:
    """A shop with two customers whom nobody looked at."""
    await put_on_file(shop, ANNA, "Anna")
    await put_on_file(shop, ANNE, "Anne")
    return shop


async def kinds(shop: LedgerShop, customer_id: CustomerId, least: int = 1) -> list[str]:
    """How somebody was seen, newest first, once it was noted so often."""
    while True:
        log = await ask(shop, ReadAccessLog(customer_id))
        assert isinstance(log, AccessLog), log
        if len(log.notes) >= least:
            return [each.kind for each in log.notes]


async def test_a_preview_of_a_merge_looks_at_both(two: LedgerShop) -> None:
    assert isinstance(await ask(two, PreviewMerge(ANNA, ANNE)), MergePreview)

    assert (await kinds(two, ANNA), await kinds(two, ANNE)) == (["viewed"], ["viewed"])


async def test_a_merge_that_is_taken_back_shows_both(two: LedgerShop) -> None:
    merge_id = await merge(two, ANNA, ANNE)  # which looks at both

    await ask(two, UndoMerge(merge_id))

    assert await kinds(two, ANNE, 2) == ["viewed", "viewed"]


async def test_a_change_shows_the_whole_record(two: LedgerShop) -> None:
    changed = await ask(two, UpdateCustomer(ANNA, 1, tags=("regular",)))

    assert isinstance(changed, Customer)
    assert await kinds(two, ANNA) == ["viewed"]


@pytest.mark.parametrize("request_", [PreviewMerge(ANNA, ANNE), UpdateCustomer(ANNA, 1, tags=("regular",))])
async def test_who_may_see_no_details_has_seen_none(two: LedgerShop, request_: Any) -> None:
    await two.ask(request_, "customer.view", "customer.edit", "customer.merge")

    await ask(two, UpdateCustomer(ANNE, 1, tags=("regular",)))  # noted later than that would have been

    assert await kinds(two, ANNE) == ["viewed"]
    assert (await ask(two, ReadAccessLog(ANNA))).notes == ()


async def look_for(shop: LedgerShop, text: str, **how: Any) -> int:
    """How many are found as somebody types it letter by letter, in the end."""
    for letters in range(2, len(text) + 1):
        found = await ask(shop, SearchCustomers(text[:letters]), **how)
        assert isinstance(found, CustomerHits), found
    return len(found.hits)


async def test_who_is_found_by_a_search_for_few_is_noted_once_however_many_letters_it_took(two: LedgerShop) -> None:
    """By each person at each place, and again after ten minutes."""
    cashier, other = (two.store.token(*ALL, staff_id=IDS.new()) for _ in "ab")
    assert await look_for(two, "anne", token=cashier) == 1
    assert await look_for(two, "anna", token=cashier) == 1
    assert await kinds(two, ANNE) == ["found"]
    assert await look_for(two, "anne", token=other) == 1
    assert await kinds(two, ANNE, 2) == ["found"] * 2

    two.clock.move(600)
    assert await look_for(two, "anne", token=cashier) == 1

    assert await kinds(two, ANNE, 3) == ["found"] * 3
    assert await kinds(two, ANNA, 3) == ["found"] * 3


async def test_longer_lists_are_noted_by_how_many_they_showed(two: LedgerShop) -> None:
    """Nobody by name: else everybody would have been looked at by everybody."""
    for number in range(8):
        await put_on_file(two, CustomerId(f"0190a000-0000-7000-8000-{number + 7000:012d}"), f"Anton {number}")
    token = two.store.token(*ALL, staff_id=IDS.new())

    for _ in range(20):
        assert await look_for(two, "an", token=token) == 10

    while not (notes := (await ask(two, ReadAccessLog())).notes):
        pass
    assert [(each.kind, each.customer_id, each.records) for each in notes] == [("searched", None, 200)]


async def test_who_sees_covered_details_in_a_search_has_seen_none(two: LedgerShop) -> None:
    await two.ask(SearchCustomers("anna"), "customer.view")

    await ask(two, UpdateCustomer(ANNE, 1, tags=("regular",)))  # noted later than that would have been

    assert await kinds(two, ANNE) == ["viewed"]
    assert (await ask(two, ReadAccessLog(ANNA))).notes == ()
