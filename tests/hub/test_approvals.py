"""Who may do what at a till, with whose PIN, and for how long: on a real broker, with all services."""

import asyncio

import pytest

from contracts.checkout import Sale, Share
from contracts.checkout.crediting import AttributeLines, ChangeAttribution
from contracts.checkout.paying import CompleteSale
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import RemoveLineItem, SaleVoided, VoidSale
from contracts.ids import SaleId
from contracts.staff import ListStaff, RoleId, UpdateStaff
from contracts.staff.approving import ActionApproved, Approve
from contracts.staff.credit import GetStaffSales
from contracts.staff.roles import ListRoles, PutRole
from contracts.staff.signing_on import Lock, RegisterSession, SignOn
from services.runtime.requester import Refused
from tests.hub.people import WRONG_PIN, approved, cashier_at, hire, owner_token, register_of, send_approved, signed_on
from tests.hub.shop import BUTTER, IDS, PIN, Register, Shop, cash, line, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def code(work: object) -> str:
    """How a request was refused."""
    with pytest.raises(Refused) as refused:
        await work  # type: ignore[misc] # whatever asks
    return refused.value.rejected.code


async def sold(till: Register) -> Sale:
    """A completed sale, credited to whoever is signed on."""
    sale = await till.opened(BUTTER, BUTTER)
    await till.ask(AttributeLines(sale.sale_id, (Share(till.staff_id, 10_000),)))
    await till.ask_despite_policy(cash(sale.sale_id, 10_000))
    return await till.ask(CompleteSale(sale.sale_id, "none"))


async def test_two_managers_approve_one_action_and_it_is_done_once(shop: Shop) -> None:
    till = await cashier_at(shop, "till-two")
    first, second = await hire(shop, "manager", "First"), await hire(shop, "manager", "Second")
    sale = await till.opened(BUTTER)
    command = IDS.new()

    alone = await till.refused(VoidSale(sale.sale_id, "mistake"))
    approval = await approved(till, "sale.void", command, first, sale.sale_id)
    again = await code(approved(till, "sale.void", command, second, sale.sale_id))
    voided = await send_approved(till, VoidSale(sale.sale_id, "mistake"), command, approval)
    repeated = await send_approved(till, VoidSale(sale.sale_id, "mistake"), command, approval)

    assert (alone.code, alone.details) == ("approval-needed", {"permission": "sale.void"})
    assert again == "approval-given"
    assert isinstance(voided, Sale)
    assert voided.status == "voided"
    assert repeated == voided
    assert len([each for each in await shop.told(SaleVoided) if each.sale_id == sale.sale_id]) == 1
    told = [each for each in await shop.told(ActionApproved) if each.command == command]
    assert [(each.action, each.approved_by, each.asked_by, each.sale_id) for each in told] == [
        ("sale.void", first, till.staff_id, sale.sale_id)
    ]


async def test_a_replayed_approval_opens_nothing_more(shop: Shop) -> None:
    till, manager = await cashier_at(shop, "till-replay"), await hire(shop, "manager")
    command = IDS.new()
    sale = await till.opened(BUTTER)
    approval = await approved(till, "sale.void", command, manager, sale.sale_id)
    await send_approved(till, VoidSale(sale.sale_id, "mistake"), command, approval)
    other = await till.opened(BUTTER)

    with_new_id = await send_approved(till, VoidSale(other.sale_id, "mistake"), IDS.new(), approval)
    with_old_id = await send_approved(till, VoidSale(other.sale_id, "mistake"), command, approval)
    elsewhere = await cashier_at(shop, "till-replay-2")
    theirs = await elsewhere.opened(BUTTER)
    stolen = await send_approved(elsewhere, VoidSale(theirs.sale_id, "mistake"), command, approval)

    assert (with_new_id, with_old_id, stolen) == ("approval-invalid", "id-reused", "approval-invalid")
    assert (await till.ask(GetSale(other.sale_id))).status == "open"
    assert (await elsewhere.ask(GetSale(theirs.sale_id))).status == "open"


async def test_only_somebody_whose_role_may_approves_and_nobody_approves_their_own(shop: Shop) -> None:
    till = await cashier_at(shop, "till-own")
    colleague = await hire(shop, "cashier", "Colleague")
    sale = await till.opened(BUTTER)

    by_oneself = await code(approved(till, "sale.void", IDS.new(), till.staff_id, sale.sale_id))
    by_colleague = await code(approved(till, "sale.void", IDS.new(), colleague, sale.sale_id))

    assert (by_oneself, by_colleague) == ("not-approvable", "not-approvable")


async def test_five_wrong_pins_from_two_registers_lock_the_approver_at_one_of_them_alone(shop: Shop) -> None:
    here, there = await cashier_at(shop, "till-here"), await cashier_at(shop, "till-there")
    manager = await hire(shop, "manager", "Forgetful")

    async def wrong(till: Register) -> str:
        asked = Approve("sale.void", IDS.new(), WRONG_PIN, staff_id=manager)
        return await code(till.client.ask(asked, token=till.token, patience_s=30))

    tries = [await wrong(till) for till in (here, there, here, there, here, here)]
    fifth = await wrong(here)
    locked = await code(approved(here, "sale.void", IDS.new(), manager))
    signing_on = await code(here.client.ask(SignOn(PIN, staff_id=manager), patience_s=30))
    command = IDS.new()
    elsewhere = await approved(there, "sale.void", command, manager)

    assert tries == ["sign-on-refused"] * 6
    assert (fifth, locked, signing_on) == ("sign-on-locked",) * 3
    assert elsewhere


async def test_who_is_deactivated_while_signed_on_does_nothing_more(shop: Shop) -> None:
    till = await cashier_at(shop, "till-leaver")
    sale = await till.opened(BUTTER)
    token = owner_token(shop, "staff.edit")
    [member] = [each for each in (await shop.hub.ask(ListStaff())).staff if each.staff_id == till.staff_id]

    await shop.hub.ask(UpdateStaff(till.staff_id, member.revision, active=False), token=token)

    async def refused_code() -> str:
        try:
            await till.ask(line(sale.sale_id, BUTTER))
        except Refused as refusal:
            return refusal.rejected.code
        return "done"

    assert await until(refused_code, lambda found: found != "done", "checkout to hear of it") == "token-invalid"
    assert await code(till.client.ask(SignOn(PIN, staff_id=till.staff_id), patience_s=30)) == "sign-on-refused"
    successor = await signed_on(till, await hire(shop, "cashier", "Successor"))
    assert len((await successor.ask(line(sale.sale_id, BUTTER))).lines) >= 2


async def test_a_locked_register_takes_nothing_and_its_sale_waits_for_whoever_signs_on(shop: Shop) -> None:
    till = await cashier_at(shop, "till-idle")
    sale = await till.opened(BUTTER)

    await till.ask(Lock())

    topic = shop.topics.state(RegisterSession, register=till.name)
    kept = await until(shop.retained, lambda kept: b'"locked":"' in kept.get(topic, b""), "the lock to show")
    assert till.staff_id.encode() in kept[topic]

    async def refused_code() -> str:
        try:
            await till.ask(GetSale(sale.sale_id))
        except Refused as refusal:
            return refusal.rejected.code
        return "done"

    assert await until(refused_code, lambda found: found != "done", "checkout to hear of it") == "token-invalid"
    other = await signed_on(till, await hire(shop, "cashier", "Other"))
    assert (await other.ask(GetSale(sale.sale_id))).sale_id == sale.sale_id
    assert len((await other.ask(line(sale.sale_id, BUTTER))).lines) == 2


async def test_a_role_of_the_shops_own_may_just_what_it_says_and_changes_sign_its_people_off(shop: Shop) -> None:
    owner = await register_of(shop, "till-office", await hire(shop, "owner", "Owner"))
    made = await owner.ask(
        PutRole(RoleId("weekend"), 0, "Weekend", {"sale.sell": "allowed", "sale.remove_line": "needs_approval"})
    )
    till = await register_of(shop, "till-weekend", await hire(shop, "weekend", "Helper"))
    sale = await till.opened(BUTTER)
    removal = await till.refused(RemoveLineItem(sale.sale_id, sale.lines[0].line_item_id))

    await owner.ask(PutRole(RoleId("weekend"), made.role.revision, "Weekend", {"sale.sell": "denied"}))

    async def refused_code() -> str:
        try:
            await till.ask(line(sale.sale_id, BUTTER))
        except Refused as refusal:
            return refusal.rejected.code
        return "done"

    assert removal.code == "approval-needed"
    assert await until(refused_code, lambda found: found != "done", "checkout to hear of it") == "token-invalid"
    again = await signed_on(till, till.staff_id)
    assert (await again.refused(line(sale.sale_id, BUTTER))).code == "permission-denied"
    roles = {each.role: each for each in (await owner.ask(ListRoles())).roles}
    assert set(roles) == {"weekend", "cashier", "senior", "manager", "owner"}


async def test_the_credit_of_a_completed_sale_goes_to_others_by_a_new_record(shop: Shop) -> None:
    till, manager = await cashier_at(shop, "till-credit"), await hire(shop, "manager")
    sale = await sold(till)
    shares = (Share(till.staff_id, 5_000), Share(manager, 5_000))
    change = ChangeAttribution(sale.sale_id, 1, shares, (sale.lines[0].line_item_id,))
    command = IDS.new()

    alone = await till.refused(change)
    approval = await approved(till, "attribution.edit_completed", command, manager, sale.sale_id)
    changed = await send_approved(till, change, command, approval)
    late = await send_approved_anew(till, change, manager, sale.sale_id)

    assert alone.code == "approval-needed"
    assert isinstance(changed, Sale)
    assert (changed.attribution_version, changed.receipt_number) == (2, sale.receipt_number)
    assert changed.lines[0].attribution == shares
    assert changed.lines[1].attribution == sale.lines[1].attribution
    assert late == "revision-conflict"
    token = owner_token(shop, "staff.report", "staff.report_person")
    half = sale.lines[0].amount // 2

    async def credit() -> dict[str, int]:
        asked = GetStaffSales(sale.business_day, sale.business_day, by_person=True)
        rows = (await shop.hub.ask(asked, token=token)).rows
        return {str(row.staff_id): row.amount for row in rows if row.staff_id in (till.staff_id, manager)}

    found = await until(credit, lambda found: manager in found, "staff to hear of the change")
    assert sum(found.values()) == sale.totals.total
    assert found[manager] in (half, half + 1)


async def send_approved_anew(till: Register, change: ChangeAttribution, manager: object, sale_id: SaleId) -> object:
    command = IDS.new()
    approval = await approved(till, "attribution.edit_completed", command, manager, sale_id)  # type: ignore[arg-type] # a staff id
    return await send_approved(till, change, command, approval)


async def test_reports_by_person_need_a_permission_that_nobody_has_at_first(shop: Shop) -> None:
    owner = await register_of(shop, "till-report", await hire(shop, "owner", "Curious owner"))
    sale = await sold(owner)
    day = sale.business_day

    by_person = await owner.refused(GetStaffSales(day, day, by_person=True))
    together = await until(
        lambda: owner.ask(GetStaffSales(day, day, per="whole")), lambda found: found.rows, "staff to count"
    )

    assert (by_person.code, by_person.details) == ("permission-denied", {"permission": "staff.report_person"})
    assert {row.staff_id for row in together.rows} == {None}


async def test_two_owners_who_leave_at_once_leave_one(shop: Shop) -> None:
    token = owner_token(shop, "staff.edit")
    owners = [each for each in (await shop.hub.ask(ListStaff())).staff if each.role == "owner"]
    while len(owners) < 2:
        await hire(shop, "owner", "One more owner")
        owners = [each for each in (await shop.hub.ask(ListStaff())).staff if each.role == "owner"]

    async def leave(staff_id: object, revision: int) -> str:
        try:
            await shop.hub.ask(UpdateStaff(staff_id, revision, active=False), token=token)  # type: ignore[arg-type] # a staff id
        except Refused as refusal:
            return refusal.rejected.code
        return "left"

    left = await asyncio.gather(*(leave(each.staff_id, each.revision) for each in owners))

    assert sorted(left) == ["last-owner", *["left"] * (len(owners) - 1)]
