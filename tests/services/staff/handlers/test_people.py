"""The staff list as others meet it."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select

from contracts.base import Rejected
from contracts.checkout import Sale, SaleNotFound
from contracts.checkout.reading import GetSale
from contracts.ids import RegisterId, SaleId, StaffId
from contracts.staff import (
    AddOwner,
    CreateStaff,
    ListStaff,
    RoleId,
    StaffChanged,
    StaffFile,
    StaffList,
    StaffMember,
    UpdateStaff,
)
from contracts.staff.credit import GetStaffSales
from contracts.staff.privacy import EraseStaff, StaffErased
from contracts.staff.signing_on import RegisterSession, SessionEnded, SignedOn, SignOn
from services.runtime import tables
from services.runtime.service import Follow, Service, query
from services.runtime.transactions import Tx, View
from services.staff.store import METADATA
from tests.services.staff.examples import (
    CASHIER,
    JONAS,
    JONAS_BADGE,
    JONAS_PIN,
    MANAGER,
    MIA,
    NOBODY,
    NORA,
    NORAS_PIN,
    OWNER,
    OWNERS,
    SENIOR,
    TILLS_CASHIER,
    WRONG_PIN,
    code,
    create,
    signed_on,
    with_owner,
)
from tests.under_test import StoreUnderTest

ID = "0198c0de-0000-7000-8000-00000000000a"
DAY = "2026-03-14"
JONAS_LEHMANN = StaffMember(JONAS, "Jonas Lehmann", "Jonas", TILLS_CASHIER, active=True, badge=JONAS_BADGE)


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
    assert shop.told(StaffChanged) == [StaffChanged(JONAS, 1, TILLS_CASHIER, active=True, changed_by=NORA)]


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
    assert everybody == StaffList((StaffMember(JONAS, "", "", TILLS_CASHIER, active=False, revision=2),))


async def erase(shop: StoreUnderTest, staff_id: StaffId = JONAS) -> Any:
    return await shop.send(EraseStaff(staff_id), token=shop.token("staff.edit", staff_id=NORA))


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


async def test_a_repeated_creation_is_answered_alike(shop: StoreUnderTest) -> None:
    first = await create(shop, message_id=ID)

    assert await create(shop, message_id=ID) == first
    assert len(shop.told(StaffChanged)) == 1


@pytest.mark.parametrize(
    "again",
    [
        CASHIER,
        CreateStaff(JONAS, "Jonas Lehmann", WRONG_PIN, TILLS_CASHIER, "Jonas", JONAS_BADGE),
        CreateStaff(JONAS, "Jonas Lang", JONAS_PIN, TILLS_CASHIER, "Jonas", JONAS_BADGE),
        CreateStaff(JONAS, "Jonas Lehmann", JONAS_PIN, SENIOR, "Jonas", JONAS_BADGE),
    ],
    ids=["the same", "pin", "name", "role"],
)
async def test_an_id_that_is_taken_is_refused_whatever_the_details(shop: StoreUnderTest, again: CreateStaff) -> None:
    await create(shop)

    assert code(await create(shop, again)) == "staff-exists"
    assert await shop.send(ListStaff()) == StaffList(
        (StaffMember(JONAS, "Jonas Lehmann", "Jonas", TILLS_CASHIER, active=True),)
    )


async def test_putting_somebody_on_the_list_tells_nothing_of_the_pin_of_whoever_has_the_id(
    shop: StoreUnderTest,
) -> None:
    """The right PIN and a wrong one are answered alike, by create-staff and by add-owner."""
    await create(shop)
    hiring = [msgspec.structs.replace(CASHIER, pin=pin) for pin in (JONAS_PIN, WRONG_PIN)]
    first_owner = [AddOwner(JONAS, "Jonas Lehmann", pin, "Jonas", JONAS_BADGE) for pin in (JONAS_PIN, WRONG_PIN)]

    replies: list[Any] = [await create(shop, each) for each in hiring]
    replies += [await shop.send(each, caller="hub") for each in first_owner]

    assert code(replies[0]) == "staff-exists"
    assert all(each == replies[0] for each in replies)


async def test_a_badge_is_one_persons(shop: StoreUnderTest) -> None:
    await create(shop)

    reply = await create(shop, CreateStaff(MIA, "Mia Lang", "1234", badge=JONAS_BADGE))

    assert code(reply) == "badge-taken"
    assert len(shop.told(StaffChanged)) == 1


async def test_creating_needs_the_permission_and_a_role_as_high(shop: StoreUnderTest) -> None:
    assert code(await shop.send(CASHIER)) == "token-missing"
    assert code(await shop.send(CASHIER, token=shop.token("sale.sell"))) == "permission-denied"
    assert code(await create(shop, CreateStaff(MIA, "Mia", "1234", OWNERS), role=MANAGER)) == "permission-denied"
    assert isinstance(await create(shop, CreateStaff(MIA, "Mia", "1234", MANAGER), role=MANAGER), StaffFile)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b'{"staff_id":"%s","name":"Mia","pin":"123"}', "$.pin"),
        (b'{"staff_id":"%s","name":"Mia","pin":"123456789"}', "$.pin"),
        (b'{"staff_id":"%s","name":"Mia","pin":"12a4"}', "$.pin"),
        (b'{"staff_id":"%s","name":"Mia","pin":"1234","role":"the boss"}', "$.role"),
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

    assert first == StaffFile(StaffMember(NORA, "Nora Weiss", "Nora", OWNERS, active=True, badge="B-1001"))
    assert code(second) == "owner-exists"
    assert await shop.send(OWNER, caller="hub", message_id=ID) == first
    assert code(await shop.send(OWNER, caller="hub")) == "owner-exists"
    assert shop.told(StaffChanged) == [StaffChanged(NORA, 1, OWNERS, active=True)]


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


async def update(shop: StoreUnderTest, command: UpdateStaff, role: str = "owner", **how: Any) -> Any:
    """Change somebody, asked by Nora in that role."""
    return await shop.send(command, token=shop.token("staff.edit", role=role, staff_id=NORA), **how)


async def test_a_change_is_kept_and_told_without_a_name(staffed: StoreUnderTest) -> None:
    reply = await update(staffed, UpdateStaff(JONAS, 1, name=" Jonas Lang ", badge="B-7"))

    assert reply == StaffFile(
        StaffMember(JONAS, "Jonas Lang", "Jonas", TILLS_CASHIER, active=True, badge="B-7", revision=2)
    )
    assert staffed.told(StaffChanged)[-1] == StaffChanged(JONAS, 2, TILLS_CASHIER, active=True, changed_by=NORA)
    assert isinstance(await staffed.send(SignOn(JONAS_PIN, badge="B-7")), SignedOn)
    assert code(await staffed.send(SignOn(JONAS_PIN, badge=JONAS_BADGE))) == "sign-on-refused"


async def test_a_change_to_what_is_so_already_tells_nothing(staffed: StoreUnderTest) -> None:
    reply = await update(staffed, UpdateStaff(JONAS, 1, name="Jonas Lehmann", active=True, badge=JONAS_BADGE))

    assert reply == StaffFile(JONAS_LEHMANN)
    assert len(staffed.told(StaffChanged)) == 2


async def test_a_repeated_change_changes_once(staffed: StoreUnderTest) -> None:
    first = await update(staffed, UpdateStaff(JONAS, 1, pin="7777"), message_id=ID)

    assert await update(staffed, UpdateStaff(JONAS, 1, pin="7777"), message_id=ID) == first
    assert len(staffed.told(StaffChanged)) == 3


async def test_a_change_of_an_older_record_is_refused_with_its_revision(staffed: StoreUnderTest) -> None:
    await update(staffed, UpdateStaff(JONAS, 1, short_name="Jo"))

    reply = await update(staffed, UpdateStaff(JONAS, 1, short_name="J"))

    assert (code(reply), reply.details["revision"]) == ("revision-conflict", 2)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (UpdateStaff(NOBODY, 1), "staff-not-found"),
        (UpdateStaff(JONAS, 1, badge="B-1001"), "badge-taken"),
        (UpdateStaff(JONAS, 1, role=RoleId("boss")), "role-not-found"),
        (UpdateStaff(JONAS, 1, name=" \u200b "), "malformed"),
        (UpdateStaff(JONAS, 1, short_name="J\x1b[2J"), "malformed"),
    ],
)
async def test_a_change_that_does_not_fit_leaves_all_as_it_is(
    staffed: StoreUnderTest, change: UpdateStaff, refused: str
) -> None:
    reply = await update(staffed, change)

    assert code(reply) == refused
    assert "B-1001" not in str(reply.details)
    assert len(staffed.told(StaffChanged)) == 2


async def test_a_role_that_the_store_has_not_is_given_to_nobody(shop: StoreUnderTest) -> None:
    reply = await create(shop, CreateStaff(MIA, "Mia", "1234", RoleId("boss")))

    assert (code(reply), reply.details) == ("role-not-found", {"field": "role", "role": "boss"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"active": False}, "deactivated"), ({"role": SENIOR}, "changed"), ({"pin": "7777"}, "changed")],
)
async def test_who_left_or_has_another_role_or_pin_is_signed_off_everywhere(
    staffed: StoreUnderTest, change: dict[str, Any], reason: str
) -> None:
    till_1, till_2 = (RegisterId(each) for each in ("till-1", "till-2"))
    for till in (till_1, till_2):
        await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS), caller=till)
    owner = await signed_on(staffed, SignOn(NORAS_PIN, staff_id=NORA), caller="till-3")

    await staffed.send(UpdateStaff(JONAS, 1, **change), token=owner.token, caller="till-3")

    assert staffed.told(SessionEnded) == [
        SessionEnded(till_1, 1, JONAS, reason),  # type: ignore[arg-type] # one of the reasons above
        SessionEnded(till_2, 1, JONAS, reason),  # type: ignore[arg-type]
    ]
    assert staffed.retained(RegisterSession, register="till-2") == RegisterSession(2, 1, None)
    assert staffed.retained(RegisterSession, register="till-3") == RegisterSession(1, 1, NORA)


async def test_another_name_or_badge_signs_nobody_off(staffed: StoreUnderTest) -> None:
    await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))

    await update(staffed, UpdateStaff(JONAS, 1, name="Jonas Lang", short_name="", badge=None))

    assert staffed.told(SessionEnded) == []


async def test_a_new_pin_is_the_only_one(staffed: StoreUnderTest) -> None:
    await update(staffed, UpdateStaff(JONAS, 1, pin="7777"))

    assert code(await staffed.send(SignOn(JONAS_PIN, staff_id=JONAS))) == "sign-on-refused"
    assert isinstance(await staffed.send(SignOn("7777", staff_id=JONAS)), SignedOn)


async def test_who_is_deactivated_while_signed_on_is_refused_here_at_once_and_elsewhere_after_the_event(
    staffed: StoreUnderTest,
) -> None:
    await staffed.start(checkout())
    token = (await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))).token
    sale = GetSale(SaleId(ID))
    before = await staffed.send(sale, token=token)

    await update(staffed, UpdateStaff(JONAS, 1, active=False))
    here = await staffed.send(GetStaffSales(DAY, DAY), token=token)
    await staffed.followed("staff", "checkout")
    elsewhere = await staffed.send(sale, token=token)

    assert code(before) == "sale-not-found"
    for reply in (here, elsewhere):
        assert isinstance(reply, Rejected)
        assert (reply.code, reply.details) == ("token-invalid", {"reason": "session_ended"})


def checkout() -> Service[Tx, View]:
    """A service that knows of tokens what it hears of sessions, as all do."""

    async def no_sale(_query: GetSale, _view: View) -> Sale:
        raise SaleNotFound

    def on_session_ended(event: SessionEnded, tx: Tx) -> None:
        tx.end_session(event.register, below=event.session + 1)

    return Service(
        name="checkout",
        migrations=Path(__file__).parents[3] / "toy" / "leader_migrations",
        transaction=Tx,
        view=View,
        routes=(query(GetSale, no_sale),),
        follows=(Follow("staff", "sessions", "reaction", on={SessionEnded: on_session_ended}),),
    )


@pytest.mark.parametrize(
    "command", [UpdateStaff(NORA, 1, active=False), UpdateStaff(NORA, 1, role=MANAGER), EraseStaff(NORA)]
)
async def test_the_last_active_owner_stays_one(staffed: StoreUnderTest, command: Any) -> None:
    reply = await staffed.send(command, token=staffed.token("staff.edit"))

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details) == ("last-owner", {"staff_id": NORA})
    assert isinstance(await staffed.send(SignOn(NORAS_PIN, staff_id=NORA)), SignedOn)


async def test_an_owner_may_go_when_another_is_there(staffed: StoreUnderTest) -> None:
    await update(staffed, UpdateStaff(JONAS, 1, role=OWNERS))

    assert isinstance(await update(staffed, UpdateStaff(NORA, 1, active=False)), StaffFile)
    assert code(await update(staffed, UpdateStaff(JONAS, 2, active=False))) == "last-owner"


@pytest.mark.parametrize("seed", range(4))
async def test_of_two_owners_that_go_at_the_same_moment_one_stays(staffed: StoreUnderTest, seed: int) -> None:
    await update(staffed, UpdateStaff(JONAS, 1, role=OWNERS))
    going: list[Any] = [
        (UpdateStaff(NORA, 1, active=False), EraseStaff(NORA))[seed % 2],
        (UpdateStaff(JONAS, 2, role=SENIOR), EraseStaff(JONAS))[seed // 2],
    ]
    token = staffed.token("staff.edit")

    replies = await asyncio.gather(*(staffed.send(each, token=token) for each in going))

    refused = [each for each in replies if isinstance(each, Rejected)]
    assert [each.code for each in refused] == ["last-owner"]
    owners = [each for each in (await everybody(staffed)) if each.role == OWNERS and each.active]
    assert [each.staff_id for each in owners] == [refused[0].details["staff_id"]]


async def everybody(shop: StoreUnderTest) -> tuple[StaffMember, ...]:
    reply = await shop.send(ListStaff(active_only=False))
    assert isinstance(reply, StaffList)
    return reply.staff


async def test_nobody_touches_somebody_who_may_more(staffed: StoreUnderTest) -> None:
    above: list[Any] = [UpdateStaff(NORA, 1, pin="7777"), UpdateStaff(JONAS, 1, role=OWNERS), EraseStaff(NORA)]
    for command in above:
        reply = await staffed.send(command, token=staffed.token("staff.edit", role="manager"))
        assert isinstance(reply, Rejected)
        assert (reply.code, reply.details["field"]) == ("permission-denied", "role")
        assert "staff.roles" in reply.details["beyond"]

    assert isinstance(await update(staffed, UpdateStaff(JONAS, 1, role=SENIOR), role="manager"), StaffFile)


async def test_whoever_has_a_role_that_is_gone_touches_nobody(staffed: StoreUnderTest) -> None:
    assert code(await update(staffed, UpdateStaff(JONAS, 1, pin="7777"), role="stranger")) == "permission-denied"


async def test_the_role_of_whoever_approved_counts(staffed: StoreUnderTest) -> None:
    token = staffed.token(needs_approval=("staff.edit",), role="cashier", staff_id=MIA)
    promote = UpdateStaff(JONAS, 1, role=MANAGER)

    alone = await staffed.send(promote, token=token)
    approval = staffed.approval("staff.edit", ID, approved_by=NORA)
    approved = await staffed.send(promote, token=token, approval=approval, message_id=ID)

    assert code(alone) == "approval-needed"
    assert isinstance(approved, StaffFile)
    assert approved.member.role == MANAGER
    told = staffed.told(StaffChanged)[-1]
    assert (told.changed_by, told.approved_by) == (MIA, NORA)


@pytest.mark.parametrize("since", [{"active": False}, {"role": SENIOR}], ids=["left", "another role"])
async def test_an_approval_of_somebody_who_may_not_any_more_is_worth_nothing_here(
    staffed: StoreUnderTest, since: dict[str, Any]
) -> None:
    await create(staffed, CreateStaff(MIA, "Mia Lang", "1234", MANAGER))
    approval = staffed.approval("staff.edit", ID, approved_by=MIA)
    await update(staffed, UpdateStaff(MIA, 1, **since))

    token = staffed.token(needs_approval=("staff.edit",), role="cashier")
    reply = await staffed.send(UpdateStaff(JONAS, 1, short_name="Jo"), token=token, approval=approval, message_id=ID)

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details) == ("approval-invalid", {"reason": "approver", "permission": "staff.edit"})


async def test_who_was_erased_is_not_changed_any_more_and_erased_once(staffed: StoreUnderTest) -> None:
    first, second = await erase(staffed), await erase(staffed)

    assert first == second == StaffErased(JONAS)
    assert staffed.told(StaffChanged)[2:] == [StaffChanged(JONAS, 2, TILLS_CASHIER, active=False, changed_by=NORA)]
    assert code(await update(staffed, UpdateStaff(JONAS, 2, name="Jonas", active=True))) == "staff-not-found"
    assert code(await erase(staffed, NOBODY)) == "staff-not-found"


async def test_who_is_erased_while_signed_on_is_signed_off(staffed: StoreUnderTest) -> None:
    await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))

    await erase(staffed)

    assert staffed.told(SessionEnded) == [SessionEnded(RegisterId("till-1"), 1, JONAS, "deactivated")]
