"""Customer groups: the one of everybody, those that a shop makes, and who is in them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, create_engine, func, select

from contracts.base import Rejected
from contracts.customers import CreateCustomer, Customer, GroupId, UpdateCustomer
from contracts.customers.asking import CustomerChanged, GetCustomer
from contracts.customers.groups import DeleteGroup, Group, Groups, ListGroups, PutGroup
from contracts.policy import ContactRule, Override, OverrideWhen, PolicySettings, SetSettings
from services.customers.handlers.groups import MOVED_AT_ONCE
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.customers.store.customers import CustomerStore
from services.customers.store.groups import GroupStore
from services.customers.store.tables import customer, history_note
from services.policy.service import policy
from services.policy.settings import PolicyServiceSettings
from services.runtime.migrate import chains, migrate
from services.runtime.requester import NoAnswer
from tests.services.customers.counter import AT
from tests.services.customers.examples import MATTI, customer_id, record
from tests.under_test import StoreUnderTest, store_under_test, until

ALL = Group(GroupId("all"), "All customers")
VIP = Group(GroupId("vip"), "Good customers")
MEMBERS = 2 * MOVED_AT_ONCE + 1


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[StoreUnderTest]:
    """A Finnish store in which nothing but customers runs."""
    async with store_under_test(tmp_path) as store:
        await store.start(customers(CustomersSettings(country="FI")))
        yield store


@pytest.fixture
async def rules(shop: StoreUnderTest) -> StoreUnderTest:
    """The same store with policy, whose rules may name a group."""
    await shop.start(policy(PolicyServiceSettings()))
    return shop


async def edit(shop: StoreUnderTest, command: CreateCustomer | UpdateCustomer | PutGroup, **how: Any) -> Any:
    return await shop.send(
        command,
        **{"token": shop.token("customer.edit", "customer.details", "customer.grant", "customer.fields"), **how},
    )


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


@pytest.mark.usefixtures("rules")
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


@pytest.mark.usefixtures("rules")
async def test_a_group_that_a_rule_of_the_checkout_names_is_not_deleted(shop: StoreUnderTest) -> None:
    await edit(shop, PutGroup(VIP.group, VIP.name))
    override = Override(
        "kind-to-vip", "exactly", OverrideWhen(customer_group=VIP.group), contact=ContactRule("not_required")
    )
    await shop.send(SetSettings(0, PolicySettings(overrides=(override,))), token=shop.token("policy.edit"))

    refused = await delete(shop, VIP.group)
    await shop.send(SetSettings(1, PolicySettings()), token=shop.token("policy.edit"))

    expected = {"field": "group", "group": "vip", "overrides": ["kind-to-vip"]}
    assert (refused.code, refused.details) == ("group-in-use", expected)
    assert await delete(shop, VIP.group) == Groups((ALL,))


async def test_no_group_is_deleted_while_policy_cannot_say_whether_it_is_needed(shop: StoreUnderTest) -> None:
    await edit(shop, PutGroup(VIP.group, VIP.name))

    with pytest.raises(NoAnswer, match="unavailable"):
        await delete(shop, VIP.group)
    assert await groups(shop) == (ALL, VIP)


@pytest.mark.parametrize("name", ["Good customers", "GOOD  Customers", "good cüstomers"])
async def test_two_groups_never_have_one_name(shop: StoreUnderTest, name: str) -> None:
    await edit(shop, PutGroup(VIP.group, VIP.name))

    refused = await edit(shop, PutGroup(GroupId("other"), name))

    assert (refused.code, refused.details) == ("group-name-taken", {"field": "name", "group": "vip"})
    assert await groups(shop) == (ALL, VIP)


async def test_the_members_of_a_large_group_leave_it_a_few_at_a_time_and_are_all_told(club: StoreUnderTest) -> None:
    await club.start(customers(CustomersSettings(country="FI")))

    left = await delete(club, VIP.group)

    assert left == Groups((ALL,))
    await everybody_left(club)
    assert max(await club.read("customers", noted_at_once)) <= MOVED_AT_ONCE
    assert (await delete(club, VIP.group)).code == "group-not-found"


async def test_a_group_that_was_being_emptied_when_the_power_failed_is_emptied_at_the_start(
    club: StoreUnderTest,
) -> None:
    with club_book(club.folder) as connection:
        GroupStore(connection).begin_to_empty(VIP.group)

    await club.start(customers(CustomersSettings(country="FI")))

    await everybody_left(club)
    assert await groups(club) == (ALL,)


async def everybody_left(club: StoreUnderTest) -> None:
    await until(lambda: len(club.told(CustomerChanged)) == MEMBERS)
    told = [(each.facts.customer_id, each.facts.group, each.facts.revision) for each in club.told(CustomerChanged)]
    assert sorted(told) == [(customer_id(number), ALL.group, 2) for number in range(1, MEMBERS + 1)]
    kept = await club.read(
        "customers", lambda connection: connection.execute(select(customer.c.customer_group).distinct()).scalars().all()
    )
    assert kept == [ALL.group]
    assert await club.read("customers", lambda connection: GroupStore(connection).to_empty()) is None


def noted_at_once(connection: Connection) -> list[int]:
    """How many changes were noted in each transaction, which has one time."""
    counted = select(func.count()).select_from(history_note).group_by(history_note.c.time)
    return list(connection.execute(counted).scalars())


@contextmanager
def club_book(folder: Path) -> Iterator[Connection]:
    """The customers' database of a store in which they do not run yet."""
    engine = create_engine(f"sqlite:///{folder / 'customers.sqlite3'}")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
async def club(tmp_path: Path) -> AsyncIterator[StoreUnderTest]:
    """A store in which policy runs, and a group has more members than change it at once."""
    migrate(tmp_path / "customers.sqlite3", chains("customers"))
    with club_book(tmp_path) as connection:
        GroupStore(connection).put(VIP)
        members = [
            (record(CreateCustomer(customer_id(number), "Member", group=VIP.group)), b"mark")
            for number in range(1, MEMBERS + 1)
        ]
        CustomerStore(connection).add_many(members, AT)
    async with store_under_test(tmp_path) as store:
        await store.start(policy(PolicyServiceSettings()))
        yield store


async def delete(shop: StoreUnderTest, group: GroupId) -> Any:
    return await shop.send(
        DeleteGroup(group), caller="backoffice-1", token=shop.token("customer.fields", caller="backoffice-1")
    )
