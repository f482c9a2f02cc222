"""Nobody is put on file twice by mistake, and nobody is kept out on purpose."""

from typing import Any

import msgspec
import pytest

from contracts.base import Rejected
from contracts.customers import CreateCustomer, Customer, UpdateCustomer
from contracts.customers.asking import GetCustomer, GetCustomerHistory
from contracts.customers.profile import Address
from contracts.ids import CountryCode
from services.runtime.ids import RandomIds
from tests.services.customers.counter import edit, look, refusal, saved
from tests.services.customers.examples import MARKED, MARKS, customer_id
from tests.under_test import StoreUnderTest

HOME = Address(street="Rantatie", house_number="5", postcode="33100", city="Tampere", country=CountryCode("FI"))
AINO = CreateCustomer(
    customer_id(1),
    first_name="Aino",
    last_name="Mäkelä",
    emails=("aino@example.com",),
    phones=("040 123 4567",),
    addresses=(HOME,),
    birth_date="1990-05-05",
)


def another(**details: Any) -> CreateCustomer:
    return CreateCustomer(customer_id(2), **{"first_name": "Bea", "last_name": "Berg", **details})


@pytest.mark.parametrize(
    ("details", "strength", "matched"),
    [
        ({"emails": ("new@example.com", "AINO@example.com")}, "strong", ["email"]),
        ({"phones": ("+358 40 1234567",)}, "strong", ["phone"]),
        ({"first_name": "AINO", "last_name": "Makela", "addresses": (HOME,)}, "likely", ["name_and_postcode"]),
        ({"first_name": "mäkelä", "last_name": "aino", "birth_date": "1990-05-05"}, "likely", ["name_and_birth_date"]),
        (
            {"first_name": "Aino", "last_name": "Mäkelä", "birth_date": "1990-05-05", "phones": ("0401234567",)},
            "strong",
            ["phone", "name_and_birth_date"],
        ),
    ],
)
async def test_who_looks_like_somebody_on_file_is_refused_with_ids_and_what_matched(
    shop: StoreUnderTest, details: dict[str, Any], strength: str, matched: list[str]
) -> None:
    await saved(shop, AINO)

    refused = await edit(shop, another(**details))

    assert refusal(refused)[:2] == ("possible-duplicate", "save_anyway")
    assert refused.details["duplicates"] == [
        {
            "customer_id": AINO.customer_id,
            "strength": strength,
            "matched": matched,
            "name": "A\u2022\u2022\u2022 M\u2022\u2022\u2022",
        }
    ]
    assert refusal(await look(shop, GetCustomer(customer_id(2))))[0] == "customer-not-found"


@pytest.mark.parametrize(
    "details",
    [
        {"first_name": "Aino", "last_name": "Mäkelä"},
        {"first_name": "Aino", "last_name": "Mäkelä", "birth_date": "1990-05-06"},
        {"first_name": "Aino", "last_name": "Mäkelä", "addresses": (msgspec.structs.replace(HOME, postcode="33200"),)},
        {"first_name": "Aina", "last_name": "Mäkelä", "addresses": (HOME,)},
        {"emails": ("aino@example.org",)},
        {"first_name": "Walk-in", "placeholder": True},
    ],
)
async def test_who_shares_less_than_that_is_somebody_else(shop: StoreUnderTest, details: dict[str, Any]) -> None:
    await saved(shop, AINO)

    assert isinstance(await edit(shop, another(**details)), Customer)


async def test_a_duplicate_is_saved_anyway_with_a_reason_that_stays_in_the_history(shop: StoreUnderTest) -> None:
    await saved(shop, AINO)

    await saved(shop, another(phones=AINO.phones, save_anyway="shared_contact"))

    entries = (await look(shop, GetCustomerHistory(customer_id(2)))).entries
    assert [(each.kind, each.reference) for each in entries] == [("saved_anyway", "shared_contact"), ("created", None)]


async def test_the_new_details_are_added_to_the_one_on_file(shop: StoreUnderTest) -> None:
    await saved(shop, AINO)

    after = await saved(shop, UpdateCustomer(AINO.customer_id, 1, emails=(*AINO.emails, "aino@work.example.com")))

    assert after.emails == ("aino@example.com", "aino@work.example.com")


async def test_an_edit_that_makes_two_alike_is_refused_and_one_that_touches_nothing_of_it_is_not(
    shop: StoreUnderTest,
) -> None:
    await saved(shop, AINO)
    await saved(shop, another(phones=AINO.phones, save_anyway="shared_contact"))

    same = await edit(shop, UpdateCustomer(customer_id(2), 1, notes="lives with Aino", phones=AINO.phones))
    more = await edit(shop, UpdateCustomer(customer_id(2), 2, emails=AINO.emails))
    anyway = await edit(shop, UpdateCustomer(customer_id(2), 2, emails=AINO.emails, save_anyway="shared_contact"))

    assert isinstance(same, Customer)
    assert refusal(more)[0] == "possible-duplicate"
    assert more.details["duplicates"][0]["matched"] == ["email"]
    assert isinstance(anyway, Customer)


async def test_a_retried_creation_is_no_duplicate_of_itself(shop: StoreUnderTest) -> None:
    command, message = AINO, RandomIds().new()

    first = await edit(shop, command, message_id=message)
    again = await edit(shop, command, message_id=message)
    later = await edit(shop, command)
    anyway = await edit(shop, msgspec.structs.replace(command, save_anyway="other"))

    assert {each.customer_id for each in (first, again, later, anyway)} == {AINO.customer_id}
    assert {each.revision for each in (first, again, later, anyway)} == {1}


async def test_a_refusal_holds_no_detail_of_whom_it_is_about(shop: StoreUnderTest) -> None:
    await saved(shop, MARKED)

    refused = await edit(shop, msgspec.structs.replace(MARKED, customer_id=customer_id(3), codes=()))

    assert isinstance(refused, Rejected)
    assert refused.code == "possible-duplicate"
    assert [mark for mark in MARKS if mark in msgspec.json.encode(refused).decode().lower()] == []


async def test_the_surest_come_first_and_no_more_than_ten_are_named(shop: StoreUnderTest) -> None:
    for number in range(10, 25):
        await saved(
            shop,
            CreateCustomer(
                customer_id(number), first_name="Aino", last_name="Mäkelä", addresses=(HOME,), save_anyway="other"
            ),
        )
    await saved(shop, CreateCustomer(customer_id(30), first_name="Zoe", phones=AINO.phones))

    refused = await edit(shop, AINO)

    named = refused.details["duplicates"]
    assert len(named) == 10
    assert (named[0]["customer_id"], named[0]["strength"]) == (customer_id(30), "strong")
    assert {each["strength"] for each in named[1:]} == {"likely"}
