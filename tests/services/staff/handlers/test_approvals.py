"""Letting one command of somebody else pass, as registers meet it."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.base import Rejected
from contracts.ids import RegisterId, SaleId, StaffId
from contracts.staff import CreateStaff, RoleId, StaffFile, UpdateStaff
from contracts.staff.approving import ActionApproved, Approve, Approved
from contracts.staff.roles import PutRole
from contracts.staff.signing_on import SignOff, SignOn, StaffLockedOut
from services.runtime.clock import SetClock
from services.runtime.ids import RandomIds
from services.runtime.tokens import Approval as ApprovalClaims
from tests.services.staff.examples import (
    JONAS,
    JONAS_BADGE,
    JONAS_PIN,
    MANAGER,
    MIA,
    NOBODY,
    NORA,
    NORAS_PIN,
    SENIOR,
    WRONG_PIN,
    code,
    create,
    signed_on,
)
from tests.under_test import StoreUnderTest

COMMAND = "0198c0de-0000-7000-8000-00000000000b"
OTHER_COMMAND = "0198c0de-0000-7000-8000-00000000000c"
SALE = SaleId("0198c0de-0000-7000-8000-00000000000d")
MIAS_PIN = "123456"
CARLA = StaffId("0190a000-0000-7000-8000-000000000004")
TILL_1 = RegisterId("till-1")
TRAINEE = PutRole(RoleId("trainee"), 0, "Trainee", {"sale.sell": "allowed", "staff.edit": "needs_approval"})
BY_NORA = Approve("sale.void", COMMAND, NORAS_PIN, SALE, NORA)
BY_MIA = Approve("sale.void", COMMAND, MIAS_PIN, SALE, MIA)


@pytest.fixture
async def selling(staffed: StoreUnderTest) -> StoreUnderTest:
    """A shop with an owner, a senior (Mia), a cashier (Jonas), and a trainee (Carla) who needs approvals."""
    await create(staffed, CreateStaff(MIA, "Mia Lang", MIAS_PIN, SENIOR, badge="B-1003"))
    assert not isinstance(await staffed.send(TRAINEE, token=staffed.token("staff.roles")), Rejected)
    await create(staffed, CreateStaff(CARLA, "Carla", "4444", TRAINEE.role))
    return staffed


async def token_of(
    shop: StoreUnderTest, staff_id: StaffId = JONAS, pin: str = JONAS_PIN, caller: str = "till-1"
) -> str:
    return (await signed_on(shop, SignOn(pin, staff_id=staff_id), caller=caller)).token


async def approved(shop: StoreUnderTest, command: Approve, token: str, **how: Any) -> Approved:
    reply = await shop.send(command, token=token, **how)
    assert isinstance(reply, Approved), reply
    return reply


async def test_an_approval_names_action_command_and_sale_and_is_told(selling: StoreUnderTest, clock: SetClock) -> None:
    reply = await approved(selling, BY_NORA, await token_of(selling))

    assert (reply.approved_by, reply.expires_at) == (NORA, "2026-03-14T07:02:00.000000Z")
    read = selling.services["staff"].verifier.approval(reply.approval, caller="till-1", command=COMMAND, sale=SALE)
    assert isinstance(read, ApprovalClaims)
    assert (read.subject, read.client, read.session, read.approves) == (NORA, "till-1", 1, ("sale.void",))
    assert read.exp == int((clock.now() + timedelta(minutes=2)).timestamp())
    assert selling.told(ActionApproved) == [
        ActionApproved(TILL_1, 1, "sale.void", COMMAND, SALE, approved_by=NORA, asked_by=JONAS)
    ]


async def test_a_badge_and_a_pin_approve(selling: StoreUnderTest) -> None:
    by_badge = Approve("sale.void", COMMAND, MIAS_PIN, badge="B-1003")

    assert (await approved(selling, by_badge, await token_of(selling))).approved_by == MIA


@pytest.mark.parametrize(
    "command",
    [
        Approve("sale.void", COMMAND, JONAS_PIN, staff_id=JONAS),
        Approve("sale.void", COMMAND, JONAS_PIN, badge=JONAS_BADGE),
        Approve("sale.sell", COMMAND, JONAS_PIN, staff_id=JONAS),
        Approve("policy.waive", COMMAND, MIAS_PIN, staff_id=MIA),
        Approve("staff.report_person", COMMAND, NORAS_PIN, staff_id=NORA),
    ],
    ids=["own", "own by badge", "may, but not approve", "needs one, too", "denied"],
)
async def test_who_may_not_do_it_alone_or_may_not_approve_approves_nothing(
    selling: StoreUnderTest, command: Approve
) -> None:
    reply = await selling.send(command, token=await token_of(selling))

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details) == ("not-approvable", {"action": command.action})
    assert selling.told(ActionApproved) == []


async def test_an_approval_is_for_whoever_is_signed_on(selling: StoreUnderTest) -> None:
    nobody = await selling.send(BY_NORA)
    token = await token_of(selling)
    elsewhere = await selling.send(BY_NORA, token=token, caller="till-2")
    await selling.send(SignOff())
    over = await selling.send(BY_NORA, token=token)
    never_began = await selling.send(BY_NORA, token=selling.token(session=7))

    assert [code(each) for each in (nobody, elsewhere, over, never_began)] == [
        "token-missing",
        "token-missing",
        "token-missing",
        "token-invalid",
    ]
    assert selling.told(ActionApproved) == []


@pytest.mark.parametrize("named", [{}, {"staff_id": NORA, "badge": "B-1001"}])
async def test_an_approval_names_a_person_in_one_way(selling: StoreUnderTest, named: dict[str, Any]) -> None:
    reply = await selling.send(Approve("sale.void", COMMAND, NORAS_PIN, **named), token=await token_of(selling))

    assert isinstance(reply, Rejected)
    assert reply.code == "malformed"
    assert reply.details == {"field": "$", "rule": "approve names exactly one of staff_id and badge"}


async def test_a_wrong_pin_an_unknown_name_and_somebody_who_left_are_answered_alike(selling: StoreUnderTest) -> None:
    await selling.send(UpdateStaff(MIA, 1, active=False), token=selling.token("staff.edit"))
    token = await token_of(selling)
    wrong = (
        Approve("sale.void", COMMAND, WRONG_PIN, staff_id=NORA),
        Approve("sale.void", COMMAND, NORAS_PIN, staff_id=NOBODY),
        Approve("sale.void", COMMAND, NORAS_PIN, badge="B-9999"),
        BY_MIA,
    )

    replies: list[Any] = [await selling.send(each, token=token) for each in wrong]

    assert code(replies[0]) == "sign-on-refused"
    assert all(each == replies[0] for each in replies)


async def test_five_wrong_pins_lock_the_approver_on_that_register_only(selling: StoreUnderTest) -> None:
    """Tries on two registers are counted apart, and nobody else is locked."""
    tokens = {till: await token_of(selling, caller=till) for till in ("till-1", "till-2")}
    wrong = Approve("sale.void", COMMAND, WRONG_PIN, SALE, NORA)
    tries = [
        code(await selling.send(wrong, token=tokens[till], caller=till))
        for till in ("till-1", "till-2", "till-1", "till-2", "till-1", "till-1", "till-1")
    ]

    here = await selling.send(BY_NORA, token=tokens["till-1"])
    other = await approved(selling, BY_MIA, tokens["till-1"])
    elsewhere = await approved(selling, BY_NORA, tokens["till-2"], caller="till-2")

    assert tries == ["sign-on-refused"] * 6 + ["sign-on-locked"]
    assert isinstance(here, Rejected)
    assert (here.code, here.details) == ("sign-on-locked", {"retry_after_s": 300})
    assert (other.approved_by, elsewhere.approved_by) == (MIA, NORA)
    assert selling.told(StaffLockedOut) == [StaffLockedOut(TILL_1, NORA)]


async def test_tries_to_approve_and_to_sign_on_count_together(selling: StoreUnderTest) -> None:
    token = await token_of(selling)
    wrong = Approve("sale.void", COMMAND, WRONG_PIN, SALE, NORA)

    tries = [code(await selling.send(wrong, token=token)) for _ in range(3)]
    tries += [code(await selling.send(SignOn(WRONG_PIN, staff_id=NORA))) for _ in range(2)]

    assert tries == ["sign-on-refused"] * 4 + ["sign-on-locked"]
    assert code(await selling.send(BY_NORA, token=token)) == "sign-on-locked"


async def test_a_right_pin_clears_the_count(selling: StoreUnderTest) -> None:
    token = await token_of(selling)
    wrong = Approve("sale.void", COMMAND, WRONG_PIN, SALE, NORA)
    for _ in range(4):
        await selling.send(wrong, token=token)
    await approved(selling, BY_NORA, token)

    assert [code(await selling.send(wrong, token=token)) for _ in range(4)] == ["sign-on-refused"] * 4


async def test_an_approval_of_several_things_is_given_only_by_who_may_do_all_of_them(selling: StoreUnderTest) -> None:
    """Mia may void a sale, but needs an approval to waive a rule."""
    both = msgspec.structs.replace(BY_MIA, also=("policy.waive",))
    token = await token_of(selling)

    refused = await selling.send(both, token=token)
    given = await approved(selling, msgspec.structs.replace(BY_NORA, also=both.also), token)

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.details) == ("not-approvable", {"action": "policy.waive"})
    read = selling.services["staff"].verifier.approval(given.approval, caller="till-1", command=COMMAND, sale=SALE)
    assert isinstance(read, ApprovalClaims)
    assert read.approves == ("sale.void", "policy.waive")
    assert [each.also for each in selling.told(ActionApproved)] == [("policy.waive",)]


async def test_a_repeated_approve_of_several_things_gives_the_same_approval(selling: StoreUnderTest) -> None:
    both = msgspec.structs.replace(BY_NORA, also=("policy.waive", "sale.void", "policy.waive"))
    token, approve_id = await token_of(selling), RandomIds().new()

    first = await approved(selling, both, token, message_id=approve_id)

    assert await selling.send(both, token=token, message_id=approve_id) == first


async def test_an_approval_is_worth_nothing_to_whoever_signs_on_next(selling: StoreUnderTest) -> None:
    """Not even to the same person: the approval is for the session that asked."""
    _, approval = await carlas(selling)
    token = await token_of(selling, CARLA, "4444")

    reply = await selling.send(CHANGE, token=token, approval=approval, message_id=COMMAND)

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details) == ("approval-invalid", {"reason": "session"})


async def test_two_managers_who_approve_the_same_command_approve_it_once(selling: StoreUnderTest) -> None:
    token = await token_of(selling)

    replies: list[Any] = await asyncio.gather(selling.send(BY_NORA, token=token), selling.send(BY_MIA, token=token))

    (first,) = (each for each in replies if isinstance(each, Approved))
    (second,) = (each for each in replies if isinstance(each, Rejected))
    assert (second.code, second.details) == ("approval-given", {"approved_by": first.approved_by})
    assert len(selling.told(ActionApproved)) == 1


async def test_the_same_command_id_at_another_register_is_another_command(selling: StoreUnderTest) -> None:
    await approved(selling, BY_NORA, await token_of(selling))

    elsewhere = await approved(selling, BY_MIA, await token_of(selling, caller="till-2"), caller="till-2")

    assert elsewhere.approved_by == MIA


async def test_a_repeated_approve_gives_the_same_approval_while_it_is_good(
    selling: StoreUnderTest, clock: SetClock
) -> None:
    token, approve_id = await token_of(selling), RandomIds().new()
    first = await approved(selling, BY_NORA, token, message_id=approve_id)
    clock.move(119)
    second = await selling.send(BY_NORA, token=token, message_id=approve_id)
    clock.move(1)
    late = await selling.send(BY_NORA, token=token, message_id=approve_id)

    assert second == first
    assert isinstance(late, Rejected)
    assert (late.code, late.details) == ("approval-invalid", {"reason": "expired"})
    assert len(selling.told(ActionApproved)) == 1


CHANGE = UpdateStaff(JONAS, 1, short_name="Jo")
FOR_THE_CHANGE = Approve("staff.edit", COMMAND, NORAS_PIN, staff_id=NORA)


async def carlas(shop: StoreUnderTest, approve: Approve = FOR_THE_CHANGE, caller: str = "till-1") -> tuple[str, str]:
    """Carla's token, and an approval for her."""
    token = await token_of(shop, CARLA, "4444", caller)
    return token, (await approved(shop, approve, token, caller=caller)).approval


async def test_an_approved_command_is_done(selling: StoreUnderTest) -> None:
    token, approval = await carlas(selling)

    alone = await selling.send(CHANGE, token=token)
    done = await selling.send(CHANGE, token=token, approval=approval, message_id=COMMAND)

    assert isinstance(alone, Rejected)
    assert (alone.code, alone.details) == ("approval-needed", {"permission": "staff.edit"})
    assert isinstance(done, StaffFile)
    assert done.member.short_name == "Jo"


@pytest.mark.parametrize(
    ("approve", "message_id", "reason"),
    [
        (FOR_THE_CHANGE, OTHER_COMMAND, "command"),
        (Approve("staff.edit", COMMAND, NORAS_PIN, SALE, NORA), COMMAND, "sale"),
        (Approve("sale.void", COMMAND, NORAS_PIN, staff_id=NORA), COMMAND, "action"),
    ],
)
async def test_an_approval_lets_nothing_else_pass(
    selling: StoreUnderTest, approve: Approve, message_id: str, reason: str
) -> None:
    token, approval = await carlas(selling, approve)

    reply = await selling.send(CHANGE, token=token, approval=approval, message_id=message_id)

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details["reason"]) == ("approval-invalid", reason)


async def test_an_approval_is_worth_nothing_at_another_register(selling: StoreUnderTest) -> None:
    _, approval = await carlas(selling)
    token = await token_of(selling, CARLA, "4444", "till-2")

    reply = await selling.send(CHANGE, token=token, approval=approval, message_id=COMMAND, caller="till-2")

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details) == ("approval-invalid", {"reason": "client"})


async def test_an_approval_that_was_too_old_stays_so_when_the_clock_is_set_back(
    selling: StoreUnderTest, clock: SetClock
) -> None:
    token, approval = await carlas(selling)
    clock.move(120)
    late = await selling.send(CHANGE, token=token, approval=approval, message_id=COMMAND)
    clock.set(clock.now() - timedelta(hours=1))
    again = await selling.send(CHANGE, token=token, approval=approval, message_id=COMMAND)

    assert isinstance(late, Rejected)
    assert (late.code, late.details) == ("approval-invalid", {"reason": "expired"})
    assert again == late


async def test_a_replayed_approval_does_nothing_again_whatever_the_clock_says(
    selling: StoreUnderTest, clock: SetClock
) -> None:
    token, approval = await carlas(selling)
    first = await selling.send(CHANGE, token=token, approval=approval, message_id=COMMAND)
    clock.set(clock.now() - timedelta(hours=1))

    same = await selling.send(CHANGE, token=token, approval=approval, message_id=COMMAND)
    more = UpdateStaff(JONAS, 2, short_name="J")
    reused = await selling.send(more, token=token, approval=approval, message_id=COMMAND)
    other = await selling.send(more, token=token, approval=approval, message_id=OTHER_COMMAND)

    assert same == first
    assert (code(reused), code(other)) == ("id-reused", "approval-invalid")


async def test_an_approval_by_somebody_whose_role_is_lower_gives_no_more_than_theirs(selling: StoreUnderTest) -> None:
    """The approver's role counts: a manager who approves makes nobody an owner."""
    await selling.send(UpdateStaff(MIA, 1, role=MANAGER), token=selling.token("staff.edit"))
    token, approval = await carlas(selling, Approve("staff.edit", COMMAND, MIAS_PIN, staff_id=MIA))

    reply = await selling.send(
        UpdateStaff(JONAS, 1, role=RoleId("owner")), token=token, approval=approval, message_id=COMMAND
    )

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details["field"]) == ("permission-denied", "role")
