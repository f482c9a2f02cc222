"""Signing on and off as registers meet it."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from contracts.base import Rejected
from contracts.every_service import ReadSnapshot, SnapshotPage
from contracts.ids import RegisterId
from contracts.staff import CreateStaff, StaffFile, UpdateStaff
from contracts.staff.approving import Approve, Approved
from contracts.staff.signing_on import (
    Lock,
    RegisterSession,
    SessionEnded,
    SessionStarted,
    SignedOff,
    SignedOn,
    SignOff,
    SignOn,
    SignOnLocked,
    StaffLockedOut,
)
from services.runtime import tables
from services.runtime.clock import SetClock
from services.runtime.ids import RandomIds
from services.runtime.transactions import StaleFacts
from services.staff.handlers.pin_facts import TypedPin
from services.staff.handlers.signing_on import sign_on
from services.staff.model.roles import BUILT_IN, having
from services.staff.service import staff
from services.staff.settings import StaffSettings
from services.staff.store.tables import session, sign_on_try
from tests.services.staff.conftest import STANDS_STILL
from tests.services.staff.examples import (
    JONAS,
    JONAS_BADGE,
    JONAS_PIN,
    MIA,
    NOBODY,
    NORA,
    NORAS_PIN,
    WRONG_PIN,
    code,
    signed_on,
)
from tests.under_test import StoreUnderTest

ID = "0198c0de-0000-7000-8000-00000000000a"
NEW_PIN = "73519264"
TILL_1 = RegisterId("till-1")
BY_NAME = SignOn(JONAS_PIN, staff_id=JONAS)
BY_BADGE = SignOn(JONAS_PIN, badge=JONAS_BADGE)
WRONG = SignOn(WRONG_PIN, staff_id=JONAS)
OWNER_ON = SignOn(NORAS_PIN, staff_id=NORA)
HIRE = CreateStaff(MIA, "Mia Lang", "1234")


async def codes(shop: StoreUnderTest, command: SignOn, times: int, caller: str = "till-1") -> list[str]:
    return [code(await shop.send(command, caller=caller)) for _ in range(times)]


async def locked_s(shop: StoreUnderTest, command: SignOn = WRONG) -> int:
    reply = await shop.send(command)
    assert isinstance(reply, Rejected)
    seconds: int = reply.details["retry_after_s"]
    return seconds


async def test_a_name_and_a_pin_sign_on_for_twelve_hours(staffed: StoreUnderTest, clock: SetClock) -> None:
    reply = await signed_on(staffed, BY_NAME)

    assert (reply.staff_id, reply.name, reply.session) == (JONAS, "Jonas Lehmann", 1)
    assert reply.permissions == having(BUILT_IN[0], "allowed")
    assert reply.needs_approval == having(BUILT_IN[0], "needs_approval")
    assert (reply.role, reply.idle_lock_s) == ("cashier", 0)
    assert reply.expires_at == "2026-03-14T19:00:00.000000Z"
    claims = staffed.services["staff"].verifier.check(reply.token, caller="till-1", permission="sale.sell")
    assert claims is not None
    assert (claims.subject, claims.client, claims.session, claims.role) == (JONAS, "till-1", 1, "cashier")
    assert (claims.permissions, claims.needs_approval) == (reply.permissions, reply.needs_approval)
    assert claims.exp == int((clock.now() + timedelta(hours=12)).timestamp())
    assert staffed.told(SessionStarted) == [SessionStarted(TILL_1, 1, JONAS)]
    assert staffed.retained(RegisterSession, register="till-1") == RegisterSession(1, 1, JONAS)


async def test_a_badge_and_a_pin_sign_on(staffed: StoreUnderTest) -> None:
    assert (await signed_on(staffed, BY_BADGE)).staff_id == JONAS


@pytest.mark.parametrize("command", [SignOn(JONAS_PIN), SignOn(JONAS_PIN, staff_id=JONAS, badge=JONAS_BADGE)])
async def test_a_sign_on_names_a_person_in_one_way(staffed: StoreUnderTest, command: SignOn) -> None:
    reply = await staffed.send(command)

    assert isinstance(reply, Rejected)
    assert reply.code == "malformed"
    assert reply.details == {"field": "$", "rule": "sign-on names exactly one of staff_id and badge"}


async def test_a_wrong_pin_an_unknown_name_and_an_unknown_badge_are_answered_alike(staffed: StoreUnderTest) -> None:
    tries = (WRONG, SignOn(JONAS_PIN, staff_id=NOBODY), SignOn(JONAS_PIN, badge="B-9999"))
    replies: list[Any] = [await staffed.send(each) for each in tries]

    assert code(replies[0]) == "sign-on-refused"
    assert replies[0] == replies[1] == replies[2]
    assert staffed.told(SessionStarted) == []


async def test_the_fifth_wrong_try_locks_that_person_on_that_register(staffed: StoreUnderTest) -> None:
    assert await codes(staffed, WRONG, 5) == ["sign-on-refused"] * 4 + ["sign-on-locked"]

    assert code(await staffed.send(BY_NAME)) == "sign-on-locked"
    assert code(await staffed.send(BY_BADGE)) == "sign-on-locked"
    assert (await signed_on(staffed, BY_NAME, caller="till-2")).session == 1
    assert (await signed_on(staffed, OWNER_ON)).session == 1


async def test_tries_by_name_and_by_badge_count_together(staffed: StoreUnderTest) -> None:
    await codes(staffed, WRONG, 3)

    assert await codes(staffed, SignOn(WRONG_PIN, badge=JONAS_BADGE), 2) == ["sign-on-refused", "sign-on-locked"]


async def test_the_lock_ends_after_five_minutes_and_tries_meanwhile_do_not_prolong_it(
    staffed: StoreUnderTest, clock: SetClock
) -> None:
    await codes(staffed, WRONG, 5)
    clock.move(299)
    assert await locked_s(staffed) == 1
    clock.move(1)

    assert await codes(staffed, WRONG, 1) == ["sign-on-refused"]
    assert isinstance(await staffed.send(BY_NAME), SignedOn)


async def test_a_right_pin_clears_the_count(staffed: StoreUnderTest) -> None:
    await codes(staffed, WRONG, 4)
    await signed_on(staffed, BY_NAME)

    assert await codes(staffed, WRONG, 4) == ["sign-on-refused"] * 4


async def test_tries_made_at_once_count_each(staffed: StoreUnderTest) -> None:
    """Whoever sends many PINs at the same time has five of them judged."""
    tries = await asyncio.gather(*(codes(staffed, WRONG, 1) for _ in range(8)))

    assert sorted(code for (code,) in tries) == ["sign-on-locked"] * 4 + ["sign-on-refused"] * 4
    assert code(await staffed.send(BY_NAME)) == "sign-on-locked"


async def test_who_is_locked_out_is_told_once_a_lock(staffed: StoreUnderTest, clock: SetClock) -> None:
    """The fifth wrong try says whom and where; tries while it lasts say nothing, and the next lock is told again."""
    await codes(staffed, WRONG, 4)
    before = staffed.told(StaffLockedOut)
    await codes(staffed, WRONG, 3)
    locked = staffed.told(StaffLockedOut)
    clock.move(300)
    await codes(staffed, SignOn(WRONG_PIN, badge=JONAS_BADGE), 5)

    assert before == []
    assert locked == [StaffLockedOut(RegisterId("till-1"), JONAS)]
    assert staffed.told(StaffLockedOut) == locked * 2


async def test_the_count_survives_a_restart(staffed: StoreUnderTest) -> None:
    await codes(staffed, WRONG, 4)
    await staffed.stop("staff")
    await staffed.start(staff(STANDS_STILL))

    assert await codes(staffed, WRONG, 1) == ["sign-on-locked"]


async def test_a_repeated_wrong_try_counts_once(staffed: StoreUnderTest) -> None:
    for _ in range(3):
        assert code(await staffed.send(WRONG, message_id=ID)) == "sign-on-refused"

    wrong = await staffed.read("staff", lambda connection: connection.execute(select(sign_on_try.c.wrong)).scalar_one())
    assert wrong == 1


@pytest.mark.parametrize(
    "facts",
    [
        TypedPin((JONAS, 2), fits=True),
        TypedPin(None, fits=False),
        TypedPin((NORA, 1), fits=True),
        TypedPin((JONAS, 1), fits=None),
    ],
)
async def test_facts_that_have_moved_sign_nobody_on(staffed: StoreUnderTest, facts: TypedPin) -> None:
    running = staffed.services["staff"]

    with pytest.raises(StaleFacts):
        await running.writer.run(lambda scope: sign_on(BY_NAME, facts, running._transaction(scope, ID)))  # noqa: SLF001


async def test_a_lock_that_came_after_the_pin_was_compared_holds(staffed: StoreUnderTest) -> None:
    await codes(staffed, WRONG, 5, caller="staff-room")
    running = staffed.services["staff"]

    def late(scope: Any) -> SignedOn:
        tx = running._transaction(scope, ID)  # noqa: SLF001
        tx.caller = "staff-room"
        return sign_on(BY_NAME, TypedPin((JONAS, 1), fits=True), tx)

    with pytest.raises(SignOnLocked):
        await running.writer.run(late)


async def test_the_next_person_replaces_the_one_before_and_voids_their_token(staffed: StoreUnderTest) -> None:
    owner = await signed_on(staffed, OWNER_ON)
    cashier = await signed_on(staffed, BY_NAME)

    reply = await staffed.send(HIRE, token=owner.token)

    assert cashier.session == 2
    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details) == ("token-invalid", {"reason": "session_ended"})
    assert staffed.told(SessionEnded) == [SessionEnded(TILL_1, 1, NORA, "replaced")]
    assert staffed.told(SessionStarted)[-1] == SessionStarted(TILL_1, 2, JONAS)
    assert staffed.retained(RegisterSession, register="till-1") == RegisterSession(3, 2, JONAS)


async def test_signing_on_elsewhere_leaves_a_session_alone(staffed: StoreUnderTest) -> None:
    owner = await signed_on(staffed, OWNER_ON)
    elsewhere = await signed_on(staffed, OWNER_ON, caller="till-2")

    assert elsewhere.session == 1
    assert isinstance(await staffed.send(HIRE, token=owner.token), StaffFile)
    assert code(await staffed.send(HIRE, token=elsewhere.token)) == "token-invalid"


async def test_a_repeated_sign_on_gets_the_same_token_of_the_same_session(staffed: StoreUnderTest) -> None:
    first = await signed_on(staffed, BY_NAME, message_id=ID)

    assert await staffed.send(BY_NAME, message_id=ID) == first
    assert len(staffed.told(SessionStarted)) == 1


async def test_a_repeated_sign_on_gets_no_token_of_a_session_that_is_over(
    staffed: StoreUnderTest, clock: SetClock
) -> None:
    await signed_on(staffed, BY_NAME, message_id=ID)
    await staffed.send(SignOff())
    ended = await staffed.send(BY_NAME, message_id=ID)
    later = RandomIds().new()
    await signed_on(staffed, BY_NAME, message_id=later)
    clock.move(12 * 3600)
    expired = await staffed.send(BY_NAME, message_id=later)

    assert isinstance(ended, Rejected)
    assert isinstance(expired, Rejected)
    assert (ended.code, ended.details) == ("token-invalid", {"reason": "session_ended"})
    assert (expired.code, expired.details) == ("token-invalid", {"reason": "expired"})


async def test_signing_off_ends_the_session_and_voids_the_token(staffed: StoreUnderTest) -> None:
    owner = await signed_on(staffed, OWNER_ON)

    assert await staffed.send(SignOff()) == SignedOff(1)
    assert code(await staffed.send(HIRE, token=owner.token)) == "token-invalid"
    assert staffed.told(SessionEnded) == [SessionEnded(TILL_1, 1, NORA, "signed_off")]
    assert staffed.retained(RegisterSession, register="till-1") == RegisterSession(2, 1, None)


async def test_locking_voids_the_token_and_shows_who_was_there(staffed: StoreUnderTest) -> None:
    owner = await signed_on(staffed, OWNER_ON)

    assert await staffed.send(Lock()) == SignedOff(1)
    assert await staffed.send(Lock()) == SignedOff(1)
    assert code(await staffed.send(HIRE, token=owner.token)) == "token-invalid"
    assert staffed.told(SessionEnded) == [SessionEnded(TILL_1, 1, NORA, "idle")]
    assert staffed.retained(RegisterSession, register="till-1") == RegisterSession(2, 1, None, locked=NORA)


async def test_who_was_locked_out_is_shown_after_a_restart_too(staffed: StoreUnderTest) -> None:
    await signed_on(staffed, OWNER_ON)
    await staffed.send(Lock())
    await staffed.stop("staff")
    staffed.broker.retained().clear()
    await staffed.start(staff(STANDS_STILL))

    assert staffed.retained(RegisterSession, register="till-1") == RegisterSession(2, 1, None, locked=NORA)


async def test_locking_where_nobody_is_changes_nothing(staffed: StoreUnderTest) -> None:
    assert await staffed.send(Lock()) == SignedOff(0)
    await signed_on(staffed, OWNER_ON)
    await staffed.send(SignOff())

    assert await staffed.send(Lock()) == SignedOff(1)
    assert staffed.retained(RegisterSession, register="till-1") == RegisterSession(2, 1, None)


async def test_anybody_signs_on_at_a_locked_register(staffed: StoreUnderTest) -> None:
    await signed_on(staffed, OWNER_ON)
    await staffed.send(Lock())

    assert (await signed_on(staffed, BY_NAME)).session == 2
    assert [each.reason for each in staffed.told(SessionEnded)] == ["idle"]
    assert staffed.retained(RegisterSession, register="till-1") == RegisterSession(3, 2, JONAS)


@pytest.mark.parametrize("command", [SignOn(badge=JONAS_BADGE), SignOn(staff_id=JONAS), SignOn()])
async def test_without_a_pin_nobody_signs_on(staffed: StoreUnderTest, command: SignOn) -> None:
    reply = await staffed.send(command)

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details["field"]) == ("malformed", "$.pin")
    assert staffed.told(SessionStarted) == []


@pytest.fixture
async def with_badges(staffed: StoreUnderTest) -> StoreUnderTest:
    """A shop in which a badge alone signs on."""
    await staffed.stop("staff")
    await staffed.start(staff(StaffSettings(badge_signs_on=True, idle_lock_s=0)))
    return staffed


async def test_a_badge_alone_signs_on_where_the_store_has_it_so(with_badges: StoreUnderTest) -> None:
    assert (await signed_on(with_badges, SignOn(badge=JONAS_BADGE))).staff_id == JONAS
    assert (await signed_on(with_badges, BY_BADGE)).staff_id == JONAS
    assert code(await with_badges.send(SignOn(WRONG_PIN, badge=JONAS_BADGE))) == "sign-on-refused"
    assert code(await with_badges.send(SignOn(badge="B-9999"))) == "sign-on-refused"
    assert code(await with_badges.send(SignOn(staff_id=JONAS))) == "malformed"


async def test_a_badge_alone_opens_no_lock_and_nothing_for_who_left(with_badges: StoreUnderTest) -> None:
    await codes(with_badges, WRONG, 5)
    locked = await with_badges.send(SignOn(badge=JONAS_BADGE))
    owner = await signed_on(with_badges, OWNER_ON, caller="till-2")
    await with_badges.send(UpdateStaff(JONAS, 1, active=False), token=owner.token, caller="till-2")

    assert code(locked) == "sign-on-locked"
    assert code(await with_badges.send(SignOn(badge=JONAS_BADGE), caller="till-2")) == "sign-on-refused"


async def test_signing_off_where_nobody_is_changes_nothing(staffed: StoreUnderTest) -> None:
    assert await staffed.send(SignOff()) == SignedOff(0)
    await signed_on(staffed, OWNER_ON)
    await staffed.send(SignOff())

    assert await staffed.send(SignOff()) == SignedOff(1)
    assert len(staffed.told(SessionEnded)) == 1


async def test_session_numbers_have_no_gaps(staffed: StoreUnderTest) -> None:
    for command in (BY_NAME, WRONG, OWNER_ON, BY_BADGE):
        await staffed.send(command)
    await staffed.send(SignOff())
    await staffed.send(OWNER_ON)

    numbers = await staffed.read(
        "staff", lambda connection: connection.execute(select(session.c.number).order_by(session.c.number)).all()
    )
    assert [number for (number,) in numbers] == [1, 2, 3, 4]


async def test_who_is_signed_on_is_shown_and_refused_alike_after_a_restart(staffed: StoreUnderTest) -> None:
    owner = await signed_on(staffed, OWNER_ON)
    await signed_on(staffed, BY_NAME)
    await staffed.send(OWNER_ON, caller="till-2")
    await staffed.send(SignOff(), caller="till-2")
    await staffed.stop("staff")
    staffed.broker.retained().clear()
    await staffed.start(staff(STANDS_STILL))

    assert code(await staffed.send(HIRE, token=owner.token)) == "token-invalid"
    assert staffed.retained(RegisterSession, register="till-1") == RegisterSession(3, 2, JONAS)
    assert staffed.retained(RegisterSession, register="till-2") == RegisterSession(2, 1, None)


async def test_a_snapshot_tells_staff_roles_and_the_newest_session_of_each_register(
    staffed: StoreUnderTest,
) -> None:
    await signed_on(staffed, OWNER_ON)
    await signed_on(staffed, BY_NAME)
    await signed_on(staffed, OWNER_ON, caller="till-2")
    await staffed.send(SignOff(), caller="till-2")

    page = await staffed.send(ReadSnapshot(), service="staff", caller="policy")

    assert isinstance(page, SnapshotPage)
    assert page.next is None
    assert [entry.name for entry in page.entries] == [
        *["staff-changed"] * 2,
        *["role-changed"] * 4,
        "session-started",
        "session-ended",
    ]


async def test_pins_names_and_tokens_reach_no_event_state_log_or_runtime_table(
    staffed: StoreUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="tillwire")
    await staffed.send(WRONG)
    owner = await signed_on(staffed, OWNER_ON)
    await staffed.send(HIRE, token=owner.token)
    await staffed.send(UpdateStaff(MIA, 1, name="Mia Sommer", pin=NEW_PIN), token=owner.token)
    given = await staffed.send(Approve("sale.void", ID, NORAS_PIN, staff_id=NORA), token=owner.token)
    assert isinstance(given, Approved)
    await codes(staffed, WRONG, 4)
    await staffed.send(SignOff())
    await staffed.services["staff"].writer.run(
        lambda scope: scope.connection.exec_driver_sql("ALTER TABLE session RENAME TO gone")
    )
    bug = await staffed.send(OWNER_ON)

    def rows(connection: Any) -> dict[str, str]:
        return {table.name: str(connection.execute(select(table)).all()) for table in tables.METADATA.sorted_tables}

    await staffed.services["staff"].writer.run(lambda _scope: None)  # after the failure, which is kept after its answer
    kept = await staffed.read("staff", rows)
    logged = str([record.__dict__ for record in caplog.records])
    told = [
        f"{each.topic} {each.payload!r} {each.properties}"
        for each in staffed.broker.published
        if "/request/" not in each.topic and "/reply/" not in each.topic
    ]
    assert code(bug) == "internal-error"
    assert NORA in kept["failed_request"]
    assert "sign-on-locked" in logged
    assert any("session-started" in each for each in told)
    pins, names = (NORAS_PIN, JONAS_PIN, WRONG_PIN, NEW_PIN), ("Weiss", "Lehmann", "Lang", "Sommer", "Jonas")
    for secret in (*pins, *names, JONAS_BADGE, owner.token, given.approval):
        for place in (*told, *kept.values(), logged):
            assert secret not in place
