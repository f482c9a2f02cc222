"""Customer groups: the one of everybody, those that a shop makes, and who is in them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.base import Rejected
from contracts.customers import (
    CreateCustomer,
    Customer,
    CustomerChanged,
    DeleteGroup,
    GetCustomer,
    Group,
    GroupId,
    Groups,
    ListGroups,
    PutGroup,
    UpdateCustomer,
)
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from tests.services.customers.examples import MATTI, customer_id
from tests.under_test import StoreUnderTest, store_under_test, until

ALL = Group(GroupId("all"), "All customers")
VIP = Group(GroupId("vip"), "Good customers")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[StoreUnderTest]:
    """A Finnish store in which nothing but customers runs."""
    async with store_under_test(tmp_path) as store:
        await store.start(customers(CustomersSettings(country="FI")))
        yield store


async def edit(shop: StoreUnderTest, command: CreateCustomer | UpdateCustomer | PutGroup, **how: Any) -> Any:
    return await shop.send(command, **{"token": shop.token("customer.edit", "customer.fields"), **how})


async def groups(shop: StoreUnderTest) -> tuple[Group, ...]:
    reply = await shop.send(ListGroups(), caller="policy-2")
    assert isinstance(reply, Groups)
    return reply.groups


async def test_the_group_of_all_customers_is_there_from_the_start(shop: StoreUnderTest) -> None:
    assert await groups(shop) == (ALL,)


async def test_a_group_is_made_once_and_may_be_given_another_name(shop: StoreUnderTest) -> None:
    made = await edit(shop, PutGroup(VIP.group, "  VIP "))
    named = await edit(shop, PutGroup(VIP.group, VIP.name))
    everybody = await edit(shop, PutGroup(ALL.group, "Alle"))

    assert made == Groups((ALL, Group(VIP.group, "VIP")))
    assert named == Groups((ALL, VIP))
    assert everybody == Groups((Group(ALL.group, "Alle"), VIP))
    assert await groups(shop) == everybody.groups


@pytest.mark.parametrize("name", ["  ", "\u200b", "two\nlines", "a\x00b", "a\u202eb"])
async def test_a_groups_name_is_one_line_that_shows_something(shop: StoreUnderTest, name: str) -> None:
    refused = await edit(shop, PutGroup(VIP.group, name))

    assert (refused.code, refused.details["field"]) == ("malformed", "$.name")
    assert await groups(shop) == (ALL,)


async def test_who_may_edit_customers_only_makes_no_groups(shop: StoreUnderTest) -> None:
    refused = await edit(shop, PutGroup(VIP.group, VIP.name), token=shop.token("customer.edit"))

    assert refused.code == "permission-denied"


async def test_a_customer_is_in_the_group_that_was_named_and_others_are_told(shop: StoreUnderTest) -> None:
    await edit(shop, PutGroup(VIP.group, VIP.name))

    made = await edit(shop, msgspec.structs.replace(MATTI, group=VIP.group))
    moved = await edit(shop, UpdateCustomer(MATTI.customer_id, 1, group=ALL.group))

    assert isinstance(made, Customer)
    assert (made.group, moved.group) == (VIP.group, ALL.group)
    await until(lambda: [each.facts.group for each in shop.told(CustomerChanged)] == [VIP.group, ALL.group])


async def test_nobody_is_put_into_a_group_that_does_not_exist(shop: StoreUnderTest) -> None:
    made = await edit(shop, msgspec.structs.replace(MATTI, group=VIP.group))
    await edit(shop, MATTI)
    moved = await edit(shop, UpdateCustomer(MATTI.customer_id, 1, group=VIP.group))

    for refused in (made, moved):
        assert isinstance(refused, Rejected)
        assert (refused.code, refused.details) == ("group-not-found", {"field": "group", "group": "vip"})


async def test_whoever_is_in_a_deleted_group_is_one_of_all_customers_and_others_are_told(shop: StoreUnderTest) -> None:
    await edit(shop, PutGroup(VIP.group, VIP.name))
    await edit(shop, msgspec.structs.replace(MATTI, group=VIP.group))
    await edit(shop, CreateCustomer(customer_id(2), first_name="Not in it"))

    left = await delete(shop, VIP.group)

    assert left == Groups((ALL,))
    read = await shop.send(GetCustomer(MATTI.customer_id), token=shop.token("customer.view"))
    assert isinstance(read, Customer)
    assert (read.group, read.revision) == (ALL.group, 2)
    await until(lambda: [each.facts.group for each in shop.told(CustomerChanged)] == [VIP.group, ALL.group, ALL.group])


async def test_the_group_of_all_customers_cannot_be_deleted(shop: StoreUnderTest) -> None:
    refused = await delete(shop, ALL.group)

    assert (refused.code, refused.details["group"]) == ("group-protected", "all")
    assert await groups(shop) == (ALL,)


async def test_a_group_that_does_not_exist_cannot_be_deleted(shop: StoreUnderTest) -> None:
    assert (await delete(shop, VIP.group)).code == "group-not-found"


async def delete(shop: StoreUnderTest, group: GroupId) -> Any:
    return await shop.send(
        DeleteGroup(group), caller="backoffice-1", token=shop.token("customer.fields", caller="backoffice-1")
    )
