"""Whoever was erased is not brought back by a file, whatever it calls them; they come back by themselves."""

import shutil
from typing import Any

import msgspec
import pytest

from contracts.customers.privacy.erasing import EraseCustomer, Erasure, ErasureId, ErasureReason
from contracts.ids import CustomerId
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from tests.services.customers.counter import saved
from tests.services.customers.examples import MATTI
from tests.services.customers.importing.desk import HUB, IDS, check, everybody, read, refusal, row, send, take, taken
from tests.under_test import StoreUnderTest

EMAIL, PHONE = "kaisa@example.fi", "+358401234567"
KAISA: dict[str, Any] = {"first_name": "Kaisa", "last_name": "Koski", "emails": (EMAIL,), "phones": (PHONE,)}
BY_HAND = "was erased; who came back by themselves is put on file by hand, with their consent"


async def erase(shop: StoreUnderTest, customer_id: CustomerId | None, reason: ErasureReason = "asked_for") -> None:
    assert customer_id is not None
    token = shop.token("customer.erase", caller=HUB)
    erased = await shop.send(EraseCustomer(ErasureId(IDS.new()), customer_id, reason), caller=HUB, token=token)
    assert isinstance(erased, Erasure), erased


async def erased(shop: StoreUnderTest, **how: Any) -> None:
    """Kaisa is taken over from one system, and erased."""
    (result,) = await take(shop, row(key="code:K-1", **KAISA))
    await erase(shop, result.customer_id, **how)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"emails": (EMAIL,)}, "emails[0]"),
        ({"emails": ("other@example.fi", "KAISA@Example.FI")}, "emails[1]"),
        ({"phones": ("040 1234567",)}, "phones[0]"),
    ],
)
@pytest.mark.parametrize("on_duplicate", ["refuse", "fill", "save_anyway"])
async def test_a_row_with_an_address_of_the_erased_is_refused_whatever_its_source_and_key(
    shop: StoreUnderTest, said: dict[str, Any], field: str, on_duplicate: Any
) -> None:
    await erased(shop)
    again = row(2, "email:again", first_name="K.", **said)

    tried = (await check(shop, again, source="shopify", on_duplicate=on_duplicate)).results
    for result in (*tried, *await take(shop, again, source="shopify", on_duplicate=on_duplicate)):
        assert refusal(result) == ("refused", "customer-erased", field)
        assert result.rule == BY_HAND

    assert await everybody(shop) == []


async def test_a_backup_of_before_they_came_does_not_bring_them_back_by_the_same_file(shop: StoreUnderTest) -> None:
    await shop.stop("customers")
    shutil.copy(shop.folder / "customers.sqlite3", shop.folder / "copy")
    await shop.start(customers(CustomersSettings(country="FI")))
    await erased(shop)

    await shop.stop("customers")
    for file in shop.folder.glob("customers.sqlite3*"):
        file.unlink()
    shutil.copy(shop.folder / "copy", shop.folder / "customers.sqlite3")
    await shop.start(customers(CustomersSettings(country="FI")))

    (result,) = await take(shop, row(key="code:K-1", opening_store_credit=500, **KAISA))
    assert refusal(result)[:2] == ("refused", "customer-erased")
    assert await everybody(shop) == []


async def test_no_row_gives_an_address_of_the_erased_to_somebody_on_file(shop: StoreUnderTest) -> None:
    await erased(shop)
    (matti,) = await taken(shop, row(3, emails=("matti@example.fi",)))

    (result,) = await take(shop, row(3, emails=("matti@example.fi", EMAIL)))

    assert refusal(result) == ("refused", "customer-erased", "emails[1]")
    assert (await read(shop, matti.customer_id)).emails == ("matti@example.fi",)


async def test_who_has_the_same_address_and_is_on_file_goes_on_with_it(shop: StoreUnderTest) -> None:
    """A family has one telephone."""
    husband = row(3, first_name="Ville", phones=(PHONE,))
    (kaisa,) = await take(shop, row(key="code:K-1", **KAISA))
    assert (await take(shop, husband, on_duplicate="save_anyway"))[0].outcome == "created"
    await erase(shop, kaisa.customer_id)

    (result,) = await take(shop, row(3, first_name="Ville", phones=(PHONE,), notes="New"), on_duplicate="save_anyway")

    assert result.outcome == "changed"


async def test_who_came_back_by_themselves_is_filled_like_anybody(shop: StoreUnderTest) -> None:
    await erased(shop)
    await saved(shop, msgspec.structs.replace(MATTI, emails=(EMAIL,), first_name="Kaisa", last_name="Koski"))

    (result,) = await take(
        shop, row(2, "email:again", company="Koski Oy", **KAISA | {"phones": ()}), on_duplicate="fill"
    )

    assert (result.outcome, result.customer_id) == ("changed", MATTI.customer_id)


async def test_a_record_that_was_a_mistake_keeps_nobody_away(shop: StoreUnderTest) -> None:
    await erased(shop, reason="mistaken_record")

    imported = await send(shop, row(2, "email:again", **KAISA), source="shopify")

    assert [each.outcome for each in imported.results] == ["created"]
