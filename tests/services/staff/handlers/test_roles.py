"""Roles as owners and registers meet them."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from contracts.base import Rejected
from contracts.every_service import ReadSnapshot, SnapshotPage
from contracts.staff import CreateStaff, Permission, RoleId, StaffFile, UpdateStaff
from contracts.staff.credit import GetStaffSales, StaffSales
from contracts.staff.privacy import EraseStaff
from contracts.staff.roles import ListRoles, PutRole, RemoveRole, RoleChanged, RoleFile, RoleRemoved, Roles, StaffRole
from contracts.staff.signing_on import SessionEnded, SessionStarted, SignOn
from services.runtime.requester import Refused
from services.staff.model.roles import BUILT_IN, changed, every_grant
from services.staff.service import staff
from services.staff.store.tables import role as role_table
from tests.services.staff.conftest import STANDS_STILL
from tests.services.staff.examples import (
    JONAS,
    JONAS_PIN,
    MIA,
    NORA,
    NORAS_PIN,
    OWNERS,
    TILLS_CASHIER,
    code,
    create,
    signed_on,
)
from tests.under_test import StoreUnderTest

ID = "0198c0de-0000-7000-8000-00000000000a"
STOCK = PutRole(RoleId("stock-taker"), 0, "Stock taker", {"customer.view": "allowed", "sale.sell": "needs_approval"})
CASHIER, _, _, OWNER = BUILT_IN


async def put(shop: StoreUnderTest, command: PutRole | RemoveRole, role: str = "owner", **how: Any) -> Any:
    """Put or remove a role, asked by Nora in that role."""
    return await shop.send(command, token=shop.token("staff.roles", role=role, staff_id=NORA), **how)


async def roles(shop: StoreUnderTest) -> dict[str, StaffRole]:
    reply = await shop.send(ListRoles())
    assert isinstance(reply, Roles)
    return {each.role: each for each in reply.roles}


def again(role: StaffRole, **changes: Any) -> PutRole:
    """What puts a role as it is, but for some changes."""
    fields = {"name": role.name, "permissions": role.permissions, "may_approve": role.may_approve, **changes}
    return PutRole(role.role, role.revision, **fields)


async def test_every_store_has_four_roles_and_tells_each_once(shop: StoreUnderTest) -> None:
    await shop.stop("staff")
    await shop.start(staff(STANDS_STILL))

    assert tuple((await roles(shop)).values()) == BUILT_IN
    assert shop.told(RoleChanged) == [changed(role) for role in BUILT_IN]


async def test_a_new_role_is_told_and_can_be_given(staffed: StoreUnderTest) -> None:
    made = await put(staffed, STOCK, message_id=ID)
    assert await put(staffed, STOCK, message_id=ID) == made
    await staffed.send(UpdateStaff(JONAS, 1, role=STOCK.role), token=staffed.token("staff.edit"))
    reply = await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))

    assert made == RoleFile(StaffRole(STOCK.role, 1, "Stock taker", every_grant(STOCK.permissions), may_approve=False))
    assert staffed.told(RoleChanged)[4:] == [
        RoleChanged(STOCK.role, 1, ("customer.view",), ("sale.sell",), may_approve=False, changed_by=NORA)
    ]
    assert (reply.role, reply.permissions, reply.needs_approval) == (STOCK.role, ("customer.view",), ("sale.sell",))


async def test_whether_somebody_may_sell_without_an_approval_is_told_as_they_sign_on(staffed: StoreUnderTest) -> None:
    """To who begins to follow later, too."""
    await put(staffed, STOCK)
    await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))
    await staffed.send(UpdateStaff(JONAS, 1, role=STOCK.role), token=staffed.token("staff.edit"))
    await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))

    page = await staffed.send(ReadSnapshot(), service="staff", caller="checkout")

    assert isinstance(page, SnapshotPage)
    assert [each.sells for each in staffed.told(SessionStarted)] == [True, False]
    (newest,) = (each.payload for each in page.entries if each.name == "session-started")
    assert msgspec.json.decode(newest, type=SessionStarted) == staffed.told(SessionStarted)[-1]


async def test_roles_are_listed_from_the_one_that_may_least(shop: StoreUnderTest) -> None:
    await put(shop, STOCK)

    assert list(await roles(shop)) == ["stock-taker", "cashier", "senior", "manager", "owner"]


async def test_other_permissions_sign_off_everybody_who_has_the_role(staffed: StoreUnderTest) -> None:
    for till in ("till-1", "till-2"):
        await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS), caller=till)
    await signed_on(staffed, SignOn(NORAS_PIN, staff_id=NORA), caller="till-3")

    reply = await put(staffed, again(CASHIER, permissions={**CASHIER.permissions, "sale.void": "allowed"}))

    assert isinstance(reply, RoleFile)
    assert [(each.register, each.staff_id, each.reason) for each in staffed.told(SessionEnded)] == [
        ("till-1", JONAS, "changed"),
        ("till-2", JONAS, "changed"),
    ]
    assert "sale.void" in (await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))).permissions


async def test_another_name_of_a_role_signs_nobody_off(staffed: StoreUnderTest) -> None:
    await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))

    reply = await put(staffed, again(CASHIER, name="Kasse"))

    assert isinstance(reply, RoleFile)
    assert (reply.role.name, reply.role.revision, reply.role.built_in) == ("Kasse", 2, True)
    assert staffed.told(SessionEnded) == []


async def test_an_owner_lets_owners_read_reports_of_persons(staffed: StoreUnderTest) -> None:
    ask = GetStaffSales("2026-03-14", "2026-03-14", by_person=True)
    first = (await signed_on(staffed, SignOn(NORAS_PIN, staff_id=NORA))).token
    before = await staffed.send(ask, token=first)
    permissions: dict[Permission, Any] = {**OWNER.permissions, "staff.report_person": "allowed"}
    put_role = await staffed.send(again(OWNER, permissions=permissions), token=first)
    void = await staffed.send(ask, token=first)
    second = (await signed_on(staffed, SignOn(NORAS_PIN, staff_id=NORA))).token

    assert isinstance(before, Rejected)
    assert (before.code, before.details) == ("permission-denied", {"permission": "staff.report_person"})
    assert isinstance(put_role, RoleFile)
    assert code(void) == "token-invalid"
    assert isinstance(await staffed.send(ask, token=second), StaffSales)


async def test_owners_keep_what_gets_everything_else_back(shop: StoreUnderTest) -> None:
    reply = await put(shop, again(OWNER, permissions={**OWNER.permissions, "staff.edit": "denied"}))

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details) == ("role-fixed", {"role": "owner", "permission": "staff.edit"})
    assert (await roles(shop))["owner"] == OWNER


async def test_nobody_but_an_owner_gives_or_takes_more_than_they_have(shop: StoreUnderTest) -> None:
    """Neither what a role is to be nor what it is may stand above whoever changes it."""
    assistant = PutRole(RoleId("assistant"), 0, "Assistant", {"staff.roles": "allowed", "sale.sell": "needs_approval"})
    await put(shop, assistant)

    more = await put(shop, PutRole(RoleId("x"), 0, "X", {"sale.sell": "allowed"}), role="assistant")
    approver = await put(shop, PutRole(RoleId("x"), 0, "X", {}, may_approve=True), role="assistant")
    lowered = await put(shop, again(CASHIER, permissions={}), role="assistant")
    removed = await put(shop, RemoveRole(RoleId("assistant")), role="cashier")
    within = await put(shop, PutRole(RoleId("x"), 0, "X", {"sale.sell": "needs_approval"}), role="assistant")

    for reply, beyond in ((more, ["sale.sell"]), (approver, ["may_approve"])):
        assert (code(reply), reply.details["beyond"]) == ("permission-denied", beyond)
    assert (code(lowered), code(removed)) == ("permission-denied", "permission-denied")
    assert isinstance(within, RoleFile)


async def test_a_role_that_has_changed_meanwhile_is_refused_with_its_revision(shop: StoreUnderTest) -> None:
    await put(shop, STOCK)
    await put(shop, again(CASHIER, name="Kasse"))

    made_again, changed_again = await put(shop, STOCK), await put(shop, again(CASHIER, name="Till"))

    assert (code(made_again), made_again.details["revision"]) == ("revision-conflict", 1)
    assert (code(changed_again), changed_again.details["revision"]) == ("revision-conflict", 2)


async def test_a_role_is_removed_once_nobody_has_it_and_told(staffed: StoreUnderTest) -> None:
    await put(staffed, STOCK)
    await create(staffed, CreateStaff(MIA, "Mia", "1234", STOCK.role))
    in_use = await put(staffed, RemoveRole(STOCK.role))
    await staffed.send(UpdateStaff(MIA, 1, active=False), token=staffed.token("staff.edit"))
    still = await put(staffed, RemoveRole(STOCK.role))
    await staffed.send(EraseStaff(MIA), token=staffed.token("staff.edit"))

    assert (code(in_use), in_use.details) == ("role-in-use", {"role": STOCK.role, "staff_ids": [MIA]})
    assert code(still) == "role-in-use"
    assert await put(staffed, RemoveRole(STOCK.role)) == RoleRemoved(STOCK.role)
    assert code(await put(staffed, RemoveRole(STOCK.role))) == "role-not-found"
    assert staffed.told(RoleChanged)[-1] == RoleChanged(
        STOCK.role, 2, (), (), may_approve=False, removed=True, changed_by=NORA
    )
    assert STOCK.role not in await roles(staffed)
    assert code(await create(staffed, CreateStaff(NORA, "N", "1234", STOCK.role))) == "role-not-found"


async def test_a_role_that_comes_again_is_newer_than_it_was(shop: StoreUnderTest) -> None:
    await put(shop, STOCK)
    await put(shop, RemoveRole(STOCK.role))

    reply = await put(shop, STOCK)

    assert isinstance(reply, RoleFile)
    assert reply.role.revision == 3
    assert [each.revision for each in shop.told(RoleChanged)[4:]] == [1, 2, 3]


@pytest.mark.parametrize("role", BUILT_IN)
async def test_built_in_roles_stay(shop: StoreUnderTest, role: StaffRole) -> None:
    reply = await put(shop, RemoveRole(role.role))

    assert (code(reply), reply.details) == ("role-fixed", {"role": role.role})


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b'{"role":"../owner","expected_revision":0,"name":"X","permissions":{}}', "$.role"),
        (b'{"role":"Owner","expected_revision":0,"name":"X","permissions":{}}', "$.role"),
        (b'{"role":"","expected_revision":0,"name":"X","permissions":{}}', "$.role"),
        (b'{"role":"own\\u0435r","expected_revision":0,"name":"X","permissions":{}}', "$.role"),
        (b'{"role":"owner\\n","expected_revision":1,"name":"X","permissions":{}}', "$.role"),
        (b'{"role":"%s","expected_revision":0,"name":"X","permissions":{}}' % (b"x" * 65), "$.role"),
        (b'{"role":"x","expected_revision":0,"name":"X","permissions":{"sale.sell":"yes"}}', "$.permissions[...]"),
        (b'{"role":"x","expected_revision":0,"name":" ","permissions":{}}', "$.name"),
        (b'{"role":"x","expected_revision":0,"name":"X\\u0000","permissions":{}}', "$.name"),
        (b'{"role":"x","expected_revision":0,"name":"X","permissions":{},"built_in":true}', "$"),
    ],
)
async def test_a_role_that_does_not_fit_is_refused_by_field(shop: StoreUnderTest, payload: bytes, field: str) -> None:
    requester = (await shop.caller("till-1")).requester

    with pytest.raises(Refused) as refused:
        await requester.ask_raw(
            "staff", "put-role", payload, message_id=ID, token=shop.token("staff.roles"), patience_s=5, attempts=1
        )

    answer = refused.value.rejected
    assert (answer.code, answer.details["field"]) == ("malformed", field)
    assert set(await roles(shop)) == {role.role for role in BUILT_IN}


async def test_a_hub_that_learns_a_permission_gives_it_to_built_in_roles_once(shop: StoreUnderTest) -> None:
    old = {each: grant for each, grant in CASHIER.permissions.items() if each != "sale.void"}
    older = update(role_table).where(role_table.c.role == TILLS_CASHIER)
    values = {"permissions": msgspec.json.encode(old).decode()}
    await shop.services["staff"].writer.run(lambda scope: scope.connection.execute(older.values(values)) and None)

    for _ in range(2):
        await shop.stop("staff")
        await shop.start(staff(STANDS_STILL))

    assert [(each.role, each.revision) for each in shop.told(RoleChanged)[4:]] == [(TILLS_CASHIER, 2)]
    assert (await roles(shop))["cashier"].permissions == CASHIER.permissions


async def test_roles_are_changed_only_by_who_may(staffed: StoreUnderTest) -> None:
    assert code(await staffed.send(STOCK)) == "token-missing"
    assert code(await staffed.send(STOCK, token=staffed.token("staff.edit"))) == "permission-denied"
    assert isinstance(await create(staffed, CreateStaff(MIA, "Mia", "1234", OWNERS)), StaffFile)


async def test_a_role_that_was_changed_with_an_approval_names_both(staffed: StoreUnderTest) -> None:
    token = staffed.token(needs_approval=("staff.roles",), role="cashier", staff_id=JONAS)
    approval = staffed.approval("staff.roles", ID, approved_by=NORA)

    made = await staffed.send(STOCK, token=token, approval=approval, message_id=ID)

    assert isinstance(made, RoleFile)
    told = staffed.told(RoleChanged)[-1]
    assert (told.changed_by, told.approved_by) == (JONAS, NORA)


async def test_a_built_in_role_that_is_to_be_removed_is_refused_with_a_sentence_that_fits(
    staffed: StoreUnderTest,
) -> None:
    reply = await put(staffed, RemoveRole(TILLS_CASHIER))

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details) == ("role-fixed", {"role": "cashier"})
    assert reply.message.startswith("A built-in role stays")
