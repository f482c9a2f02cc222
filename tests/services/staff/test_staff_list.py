"""The staff list as others meet it."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select

from contracts.base import Rejected
from contracts.staff import AddOwner, CreateStaff, ListStaff, SignOn, StaffChanged, StaffFile, StaffList, StaffMember
from services.runtime import tables
from services.runtime.ids import RandomIds
from services.staff.store import METADATA, StaffStore
from tests.services.staff.examples import (
    CASHIER,
    JONAS,
    JONAS_BADGE,
    JONAS_PIN,
    MIA,
    NORA,
    NORAS_PIN,
    OWNER,
    WRONG_PIN,
    create,
    signed_on,
    with_owner,
)
from tests.under_test import StoreUnderTest

ID = "0198c0de-0000-7000-8000-00000000000a"
JONAS_LEHMANN = StaffMember(JONAS, "Jonas Lehmann", "Jonas", "cashier", active=True, badge=JONAS_BADGE)


def code(reply: Any) -> str:
    assert isinstance(reply, Rejected), reply
    return reply.code


async def test_the_migrations_make_the_tables_of_the_store(shop: StoreUnderTest) -> None:
    def differences(connection: Any) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"include_name": _is_ours})
        return list(compare_metadata(context, METADATA))

    assert await shop.read("staff", differences) == []


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    return kind != "table" or name not in {*tables.METADATA.tables, "runtime_version", "staff_version"}


async def test_somebody_new_is_on_the_list_and_told_without_a_name(shop: StoreUnderTest) -> None:
    reply = await create(shop)

    assert reply == StaffFile(JONAS_LEHMANN)
    assert shop.told(StaffChanged) == [StaffChanged(JONAS, 1, "cashier", active=True)]


async def test_the_list_is_by_name_and_without_badges(shop: StoreUnderTest) -> None:
    await with_owner(shop)
    await create(shop)
    await create(shop, CreateStaff(MIA, "ada Lang", "1234"))

    reply = await shop.send(ListStaff())

    assert isinstance(reply, StaffList)
    assert [(each.name, each.badge) for each in reply.staff] == [
        ("ada Lang", None),
        ("Jonas Lehmann", None),
        ("Nora Weiss", None),
    ]


async def test_who_was_erased_is_on_the_list_only_when_all_are_asked_for(shop: StoreUnderTest) -> None:
    await create(shop)
    await erase(shop)

    active, everybody = await shop.send(ListStaff()), await shop.send(ListStaff(active_only=False))

    assert active == StaffList(())
    assert everybody == StaffList((StaffMember(JONAS, "", "", "cashier", active=False),))


async def erase(shop: StoreUnderTest) -> None:
    now = shop.clock.now()
    await shop.services["staff"].writer.run(lambda scope: StaffStore(scope.connection).erase(JONAS, now))


async def test_who_was_erased_leaves_nothing_and_the_id_is_not_given_again(shop: StoreUnderTest) -> None:
    await create(shop)
    await shop.send(SignOn(WRONG_PIN, staff_id=JONAS))
    await erase(shop)
    await erase(shop)

    def rows(connection: Connection) -> str:
        return str([connection.execute(select(table)).all() for table in METADATA.sorted_tables])

    kept = await shop.read("staff", rows)
    assert "Lehmann" not in kept
    assert JONAS_BADGE not in kept
    assert code(await create(shop)) == "staff-exists"
    assert code(await shop.send(SignOn(JONAS_PIN, staff_id=JONAS))) == "sign-on-refused"
    assert isinstance(await create(shop, CreateStaff(MIA, "Mia", "1234", badge=JONAS_BADGE)), StaffFile)


async def test_the_same_creation_is_answered_alike_with_whatever_id(shop: StoreUnderTest) -> None:
    first = await create(shop, message_id=ID)

    assert await create(shop, message_id=ID) == first
    assert await create(shop, message_id=RandomIds().new()) == first
    assert len(shop.told(StaffChanged)) == 1


@pytest.mark.parametrize(
    "other",
    [
        CreateStaff(JONAS, "Jonas Lehmann", WRONG_PIN, "cashier", "Jonas", JONAS_BADGE),
        CreateStaff(JONAS, "Jonas Lang", JONAS_PIN, "cashier", "Jonas", JONAS_BADGE),
        CreateStaff(JONAS, "Jonas Lehmann", JONAS_PIN, "senior", "Jonas", JONAS_BADGE),
        CreateStaff(JONAS, "Jonas Lehmann", JONAS_PIN, "cashier", "", JONAS_BADGE),
        CreateStaff(JONAS, "Jonas Lehmann", JONAS_PIN, "cashier", "Jonas"),
    ],
    ids=["pin", "name", "role", "short name", "badge"],
)
async def test_an_id_with_other_details_is_refused(shop: StoreUnderTest, other: CreateStaff) -> None:
    await create(shop)

    assert code(await create(shop, other)) == "staff-exists"
    assert await shop.send(ListStaff()) == StaffList(
        (StaffMember(JONAS, "Jonas Lehmann", "Jonas", "cashier", active=True),)
    )


async def test_a_badge_is_one_persons(shop: StoreUnderTest) -> None:
    await create(shop)

    reply = await create(shop, CreateStaff(MIA, "Mia Lang", "1234", badge=JONAS_BADGE))

    assert code(reply) == "badge-taken"
    assert len(shop.told(StaffChanged)) == 1


async def test_creating_needs_the_permission_and_a_role_as_high(shop: StoreUnderTest) -> None:
    assert code(await shop.send(CASHIER)) == "token-missing"
    assert code(await shop.send(CASHIER, token=shop.token("sale.sell"))) == "permission-denied"
    assert code(await create(shop, CreateStaff(MIA, "Mia", "1234", "owner"), role="manager")) == "permission-denied"
    assert isinstance(await create(shop, CreateStaff(MIA, "Mia", "1234", "manager"), role="manager"), StaffFile)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b'{"staff_id":"%s","name":"Mia","pin":"123"}', "$.pin"),
        (b'{"staff_id":"%s","name":"Mia","pin":"123456789"}', "$.pin"),
        (b'{"staff_id":"%s","name":"Mia","pin":"12a4"}', "$.pin"),
        (b'{"staff_id":"%s","name":"Mia","pin":"1234","role":"boss"}', "$.role"),
        (b'{"staff_id":"%s","name":"","pin":"1234"}', "$.name"),
        (b'{"staff_id":"%s-","name":"Mia","pin":"1234"}', "$.staff_id"),
        (b'{"staff_id":"%s","name":"Mia","pin":"1234","badge":"a b"}', "$.badge"),
    ],
)
async def test_details_that_do_not_fit_are_refused_by_field(shop: StoreUnderTest, payload: bytes, field: str) -> None:
    answer = await shop.raw("staff", "create-staff", payload % MIA.encode(), message_id=ID)

    assert (answer["code"], answer["details"]["field"]) == ("malformed", field)


async def test_a_blank_name_is_refused(shop: StoreUnderTest) -> None:
    reply = await create(shop, CreateStaff(MIA, "   ", "1234"))

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details["field"]) == ("malformed", "$.name")


async def test_the_hub_makes_the_first_owner_and_no_second(shop: StoreUnderTest) -> None:
    first = await shop.send(OWNER, caller="hub", message_id=ID)
    second = await shop.send(AddOwner(MIA, "Mia Lang", "1234"), caller="hub")

    assert first == StaffFile(StaffMember(NORA, "Nora Weiss", "Nora", "owner", active=True, badge="B-1001"))
    assert code(second) == "owner-exists"
    assert await shop.send(OWNER, caller="hub", message_id=ID) == first
    assert await shop.send(OWNER, caller="hub") == first
    assert shop.told(StaffChanged) == [StaffChanged(NORA, 1, "owner", active=True)]


async def test_only_the_hub_makes_an_owner_without_being_signed_on(shop: StoreUnderTest) -> None:
    assert code(await shop.send(OWNER, caller="till-1")) == "permission-denied"
    assert await shop.send(ListStaff()) == StaffList(())


async def test_an_owners_id_and_badge_are_guarded_too(shop: StoreUnderTest) -> None:
    await create(shop)

    taken = await shop.send(AddOwner(JONAS, "Nora Weiss", NORAS_PIN), caller="hub")
    badge = await shop.send(AddOwner(NORA, "Nora Weiss", NORAS_PIN, badge=JONAS_BADGE), caller="hub")

    assert (code(taken), code(badge)) == ("staff-exists", "badge-taken")


async def test_an_owner_hires_with_the_token_of_their_own_sign_on(shop: StoreUnderTest) -> None:
    await with_owner(shop)
    token = (await signed_on(shop, SignOn(NORAS_PIN, staff_id=NORA))).token

    assert await shop.send(CASHIER, token=token) == StaffFile(JONAS_LEHMANN)
