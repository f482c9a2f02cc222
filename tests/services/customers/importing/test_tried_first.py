"""What a trial of a whole file tells is what then becomes of its rows, also where they are about each other."""

from collections.abc import Callable
from typing import Any, get_args

import pytest

from contracts.customers.importing import ImportRow, OnDuplicate
from contracts.ids import CustomerId
from services.hub.commands.customers.clashes import Clashes
from tests.services.customers.importing.desk import check, row, take, taken
from tests.under_test import StoreUnderTest

ANNA: dict[str, Any] = {"first_name": "Anna", "last_name": "Aho", "emails": ("anna@example.fi",)}
KIM: dict[str, Any] = {"first_name": "Kim", "last_name": "Koski", "emails": ("kim.new@example.fi",)}
HOME: dict[str, Any] = {"phones": ("030 123456",)}
AN_ID = CustomerId("0190a000-0000-7000-8000-0000000000aa")

FILES: dict[str, Callable[[CustomerId], list[ImportRow]]] = {
    "a change takes the contact of who comes next": lambda anna: [
        row(2, customer_id=anna, **{**ANNA, "emails": ("anna@example.fi", *KIM["emails"])}),
        row(3, **KIM),
    ],
    "a change takes the contact of who came before": lambda anna: [
        row(2, **KIM),
        row(3, customer_id=anna, **{**ANNA, "emails": ("anna@example.fi", *KIM["emails"])}),
    ],
    "a change takes name and contact of who comes next": lambda anna: [
        row(2, customer_id=anna, **KIM),
        row(3, **KIM, opening_store_credit=5),
    ],
    "a filled one gets the contact of who comes next": lambda _: [
        row(2, **ANNA, **HOME),
        row(3, first_name="Kim", **HOME),
    ],
    "a filled one gets the code of who comes next": lambda _: [
        row(2, codes=("X-1",), **ANNA),
        row(3, first_name="Kim", codes=("X-1",)),
    ],
    "a filled one gets a blocked code of who comes next": lambda _: [
        row(2, first_name="Kim", blocked_codes=("X-1",)),
        row(3, codes=("X-1",), **ANNA),
    ],
    "a code of who came before in other letters": lambda _: [
        row(2, first_name="Kim", codes=("xa-1",)),
        row(3, first_name="Otto", codes=("XA-1",)),
    ],
    "one telephone, three people, one of them twice": lambda _: [
        row(2, first_name="Hans", **HOME),
        row(3, first_name="Petra", **HOME),
        row(4, first_name="HANS", **HOME, opening_points=1),
        row(5, first_name="Otto", **HOME),
    ],
    "somebody on file comes twice and brings money each time": lambda _: [
        row(2, opening_store_credit=500, **ANNA),
        row(3, opening_store_credit=500, opening_owed=5, **ANNA),
        row(4, opening_owed=5, **ANNA),
    ],
    "somebody new comes twice and brings money each time": lambda _: [
        row(2, opening_store_credit=500, **KIM),
        row(3, opening_store_credit=500, **KIM),
    ],
    "who is filled with money has a row of their own that brings more": lambda _: [
        row(2, opening_store_credit=5, **ANNA),
        row(99, opening_store_credit=7, **ANNA),
    ],
    "two of one name, and who shares a contact with both": lambda _: [
        row(2, first_name="Anna", last_name="Aho", **HOME),
        row(3, **ANNA, **HOME),
    ],
    "somebody new has an id already": lambda _: [
        row(2, customer_id=AN_ID, **KIM),
        row(3, **KIM, codes=("X-1",)),
        row(4, first_name="Otto", emails=KIM["emails"]),
    ],
    "a namesake from the same town": lambda anna: [
        row(2, customer_id=anna, birth_date="1980-12-24", **ANNA),
        row(3, first_name="Anna", last_name="Aho", birth_date="1980-12-24"),
    ],
}


@pytest.mark.parametrize("on_duplicate", get_args(OnDuplicate))
@pytest.mark.parametrize("file", FILES)
async def test_what_a_trial_tells_is_what_becomes_of_the_rows(
    shop: StoreUnderTest, file: str, on_duplicate: OnDuplicate
) -> None:
    (anna,) = await taken(shop, row(99, **ANNA))
    rows = FILES[file](anna.customer_id)
    clashes = Clashes(on_duplicate)

    told = []
    for each in rows:
        (result,) = (await check(shop, each, on_duplicate=on_duplicate)).results
        told.append(clashes.judged(each, result))
    done = await take(shop, *rows, on_duplicate=on_duplicate)

    assert [each.outcome for each in told] == [each.outcome for each in done]
