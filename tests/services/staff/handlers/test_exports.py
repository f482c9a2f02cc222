"""What is held about somebody, handed out for them."""

from typing import Any

import msgspec
import pytest

from contracts.base import Rejected
from contracts.checkout.completed import SaleCompleted
from contracts.ids import RegisterId, StaffId
from contracts.staff import CreateStaff, Grant, RoleId, StaffMember
from contracts.staff.approving import ActionApproved, Approve, Approved
from contracts.staff.credit import StaffSalesRow
from contracts.staff.privacy import (
    EraseStaff,
    ExportStaff,
    LatelyCredited,
    StaffApproval,
    StaffExport,
    StaffExported,
    StaffSession,
)
from contracts.staff.roles import ListRoles, PutRole, RoleFile, Roles
from contracts.staff.signing_on import SignOn
from services.runtime.clock import SetClock
from tests.services.policy.teller import Teller
from tests.services.staff.examples import (
    JONAS,
    JONAS_BADGE,
    JONAS_PIN,
    MANAGER,
    MIA,
    NOBODY,
    NORA,
    NORAS_PIN,
    OWNERS,
    TILLS_CASHIER,
    WRONG_PIN,
    a_line,
    a_sale,
    code,
    create,
    signed_on,
)
from tests.under_test import StoreUnderTest

ID = "0198c0de-0000-7000-8000-00000000000a"
OTHER_ID = "0198c0de-0000-7000-8000-00000000000b"
DAY = "2026-03-14"
OPENED_AT, A_MINUTE_LATER, TWO_MINUTES_LATER = (f"{DAY}T07:0{minute}:00.000000Z" for minute in range(3))
TILL_1 = RegisterId("till-1")
SALE: SaleCompleted = a_sale(1, a_line(900, (NORA, 10_000)), cashier=JONAS)
NORAS_APPROVAL = StaffApproval(TILL_1, "sale.void", ID, SALE.sale_id, JONAS, OPENED_AT, approved_by=NORA)


@pytest.fixture
async def lived_in(staffed: StoreUnderTest, clock: SetClock) -> StoreUnderTest:
    """A shop where Jonas rang up what Nora sold, and Nora approved what Jonas asked for."""
    teller = await Teller("checkout").start(staffed)
    await teller.tell(SALE)
    await staffed.followed("checkout", "staff")
    await staffed.send(SignOn(WRONG_PIN, staff_id=NORA), caller="till-2")
    cashier = await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))
    approve = Approve("sale.void", ID, NORAS_PIN, staff_id=NORA, sale_id=SALE.sale_id)
    assert isinstance(await staffed.send(approve, token=cashier.token), Approved)
    clock.move(60)
    await signed_on(staffed, SignOn(NORAS_PIN, staff_id=NORA))
    clock.move(60)
    await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))
    return staffed


async def export(shop: StoreUnderTest, about: StaffId, by: StaffId = NORA, *also: str, **how: Any) -> Any:
    """Export somebody, asked by somebody who may change the staff list and whatever else is said."""
    role = how.pop("role", "owner")
    token = shop.token("staff.edit", *also, staff_id=by, role=role, session=3)
    return await shop.send(ExportStaff(about), token=token, **how)


async def test_an_export_has_all_that_is_held_about_somebody(lived_in: StoreUnderTest) -> None:
    reply = await export(lived_in, NORA)

    assert reply == StaffExport(
        member=StaffMember(NORA, "Nora Weiss", "Nora", OWNERS, active=True, badge="B-1001"),
        sessions=(StaffSession(TILL_1, 2, A_MINUTE_LATER, TWO_MINUTES_LATER, "replaced"),),
        wrong_tries=1,
        approvals=(NORAS_APPROVAL,),
        credit=(StaffSalesRow(DAY, NORA, 1, 900),),
        lately_credited=(LatelyCredited(TILL_1, SALE.completed_at),),
    )


async def test_an_export_has_what_somebody_rang_up_and_asked_for(lived_in: StoreUnderTest) -> None:
    reply = await export(lived_in, JONAS, NORA, "staff.report_person")

    assert reply == StaffExport(
        member=StaffMember(JONAS, "Jonas Lehmann", "Jonas", TILLS_CASHIER, active=True, badge=JONAS_BADGE),
        sessions=(
            StaffSession(TILL_1, 1, OPENED_AT, A_MINUTE_LATER, "replaced"),
            StaffSession(TILL_1, 3, TWO_MINUTES_LATER, None, None),
        ),
        wrong_tries=0,
        approvals=(),
        credit=(),
        asked_for=(NORAS_APPROVAL,),
        rung_up=(StaffSalesRow(DAY, JONAS, 1, 900),),
    )


async def test_an_export_is_told_once_with_who_asked_for_it(staffed: StoreUnderTest) -> None:
    first = await export(staffed, NORA, message_id=ID)
    again = await export(staffed, NORA, message_id=ID)

    assert isinstance(first, StaffExport)
    assert again == first
    assert staffed.told(StaffExported) == [StaffExported(NORA, exported_by=NORA)]


async def test_what_somebody_else_sold_is_exported_only_by_who_may_report_persons(staffed: StoreUnderTest) -> None:
    without = await export(staffed, JONAS)
    own = await export(staffed, NORA)
    with_it = await export(staffed, JONAS, NORA, "staff.report_person")

    assert isinstance(without, Rejected)
    assert (without.code, without.details) == ("permission-denied", {"permission": "staff.report_person"})
    assert isinstance(own, StaffExport)
    assert isinstance(with_it, StaffExport)
    assert staffed.told(StaffExported) == [StaffExported(NORA, NORA), StaffExported(JONAS, NORA)]


async def test_nobody_exports_somebody_who_may_more(staffed: StoreUnderTest) -> None:
    await create(staffed, CreateStaff(MIA, "Mia Lang", "1234", MANAGER))

    reply = await export(staffed, NORA, MIA, "staff.report_person", role="manager")

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details["field"]) == ("permission-denied", "role")
    assert staffed.told(StaffExported) == []


async def test_an_export_needs_the_permission_and_somebody_on_the_list(staffed: StoreUnderTest) -> None:
    denied = await staffed.send(ExportStaff(NORA), token=staffed.token("staff.report", staff_id=NORA))

    assert code(denied) == "permission-denied"
    assert code(await export(staffed, NOBODY)) == "staff-not-found"


async def test_who_was_erased_is_exported_without_a_name(staffed: StoreUnderTest) -> None:
    await staffed.send(EraseStaff(JONAS), token=staffed.token("staff.edit", staff_id=NORA))

    reply = await export(staffed, JONAS, NORA, "staff.report_person")

    assert isinstance(reply, StaffExport)
    assert reply.member == StaffMember(JONAS, "", "", TILLS_CASHIER, active=False, revision=2)


async def test_what_needs_two_approvals_is_done_with_one_that_names_both(staffed: StoreUnderTest) -> None:
    """Nobody has staff.report_person at first; here the owner has, and Mia needs an approval for that and the other."""
    await with_grants(staffed, OWNERS, "allowed")
    await with_grants(staffed, MANAGER, "needs_approval")
    await create(staffed, CreateStaff(MIA, "Mia Lang", "123456", MANAGER))
    token = (await signed_on(staffed, SignOn("123456", staff_id=MIA))).token
    approve = Approve("staff.edit", ID, NORAS_PIN, staff_id=NORA)
    for_both = msgspec.structs.replace(approve, command=OTHER_ID, also=("staff.report_person", "staff.edit"))

    one: Any = await staffed.send(approve, token=token)
    both: Any = await staffed.send(for_both, token=token)
    with_one = await staffed.send(ExportStaff(JONAS), token=token, message_id=ID, approval=one.approval)
    with_both = await staffed.send(ExportStaff(JONAS), token=token, message_id=OTHER_ID, approval=both.approval)

    assert isinstance(with_one, Rejected)
    assert (with_one.code, with_one.details) == (
        "approval-invalid",
        {"reason": "action", "permission": "staff.report_person"},
    )
    assert isinstance(with_both, StaffExport)
    assert [each.also for each in staffed.told(ActionApproved)] == [(), ("staff.report_person",)]


async def with_grants(shop: StoreUnderTest, role: RoleId, grant: Grant) -> None:
    """Give a role both permissions that the export of somebody else takes."""
    listed = await shop.send(ListRoles())
    assert isinstance(listed, Roles)
    (before,) = (each for each in listed.roles if each.role == role)
    permissions = {**before.permissions, "staff.report_person": grant}
    if role != OWNERS:
        permissions["staff.edit"] = grant
    put = PutRole(role, before.revision, before.name, permissions, may_approve=True)
    assert isinstance(await shop.send(put, token=shop.token("staff.roles", session=3)), RoleFile)
