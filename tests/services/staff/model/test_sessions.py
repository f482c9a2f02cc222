"""Wrong tries and their lock, sessions and their end, approvals."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from contracts.base import TokenInvalid
from contracts.ids import RegisterId
from contracts.staff import Permission
from contracts.staff.approving import ApprovalGiven, NotApprovable
from contracts.staff.roles import StaffRole
from contracts.staff.signing_on import RegisterSession
from services.staff.model.roles import BUILT_IN
from services.staff.model.sessions import (
    MOST_WRONG_TRIES,
    Approval,
    Session,
    Tries,
    after_wrong_try,
    check_lasts,
    check_may_approve,
    check_not_approved,
    expires_at,
    locked_s,
    next_number,
    register_session,
)
from services.staff.settings import StaffSettings
from tests.services.staff.examples import JONAS, NORA, TILLS_CASHIER

NOW = datetime(2026, 3, 14, 9, 0, 0, 250_000, tzinfo=UTC)
ID = "0190a000-0000-7000-8000-00000000000c"
SESSION = Session(RegisterId("till-1"), 17, JONAS, TILLS_CASHIER, NOW, ID)
APPROVAL = Approval(RegisterId("till-1"), ID, 17, "sale.void", None, JONAS, NORA, NOW, ID)
CASHIER, SENIOR, MANAGER, OWNER = BUILT_IN


def test_the_fifth_wrong_try_locks_for_five_minutes() -> None:
    tries = Tries()
    for _ in range(MOST_WRONG_TRIES - 1):
        tries = after_wrong_try(tries, NOW)
        assert locked_s(tries, NOW) == 0
    tries = after_wrong_try(tries, NOW)

    assert locked_s(tries, NOW) == 300
    assert locked_s(tries, NOW + timedelta(seconds=299, microseconds=1)) == 1
    assert locked_s(tries, NOW + timedelta(seconds=300)) == 0


def test_after_a_lock_the_count_begins_anew() -> None:
    assert after_wrong_try(Tries(5, NOW), NOW + timedelta(minutes=6)) == Tries(1, None)


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    assert locked_s(Tries(5, NOW), NOW - timedelta(days=365)) == 0


def test_session_numbers_rise_by_one() -> None:
    assert next_number(None) == 1
    assert next_number(SESSION) == 18


def test_starting_and_ending_a_session_raise_the_revision() -> None:
    started = register_session(SESSION)
    ended = register_session(SESSION._replace(ended="signed_off"))
    following = register_session(SESSION._replace(number=18))

    assert started == RegisterSession(33, 17, JONAS)
    assert ended == RegisterSession(34, 17, None)
    assert following.revision == 35


def test_a_locked_register_shows_who_was_there() -> None:
    assert register_session(SESSION._replace(ended="idle")) == RegisterSession(34, 17, None, locked=JONAS)


def test_a_session_lasts_twelve_hours_in_whole_seconds() -> None:
    assert expires_at(SESSION, StaffSettings().session_hours) == datetime(2026, 3, 14, 21, tzinfo=UTC)


@pytest.mark.parametrize("latest", [None, SESSION._replace(number=18), SESSION._replace(ended="idle")])
def test_a_session_that_is_over_asks_for_nothing(latest: Session | None) -> None:
    check_lasts(SESSION, 17)
    with pytest.raises(TokenInvalid):
        check_lasts(latest, 17)


def test_an_approval_is_good_for_two_minutes_in_whole_seconds() -> None:
    assert APPROVAL.expires_at == datetime(2026, 3, 14, 9, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "role",
    [
        None,
        CASHIER,
        SENIOR,
        msgspec.structs.replace(MANAGER, may_approve=False),
        msgspec.structs.replace(MANAGER, permissions={**MANAGER.permissions, "policy.waive": "needs_approval"}),
        msgspec.structs.replace(MANAGER, permissions={}),
    ],
)
def test_who_may_not_do_it_alone_or_may_not_approve_approves_nothing(role: StaffRole | None) -> None:
    with pytest.raises(NotApprovable) as refused:
        check_may_approve(role, ("policy.waive",))

    assert refused.value.details == {"action": "policy.waive"}


def test_who_may_do_it_and_may_approve_approves_it() -> None:
    check_may_approve(SENIOR, ("sale.void",))
    check_may_approve(MANAGER, ("policy.waive", "policy.pass_unavailable"))
    check_may_approve(OWNER, ("staff.roles",))


@pytest.mark.parametrize("actions", [("sale.void", "policy.waive"), ("policy.waive", "sale.void")])
def test_of_several_things_none_is_approved_by_somebody_who_may_not_do_one(actions: tuple[Permission, ...]) -> None:
    with pytest.raises(NotApprovable) as refused:
        check_may_approve(SENIOR, actions)

    assert refused.value.details == {"action": "policy.waive"}


def test_a_command_is_approved_once() -> None:
    check_not_approved(None)
    with pytest.raises(ApprovalGiven) as refused:
        check_not_approved(APPROVAL)

    assert refused.value.details == {"approved_by": NORA}
