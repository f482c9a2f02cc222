"""Which sessions nobody has used for a while."""

from datetime import UTC, datetime

from contracts.every_service import SessionUsed
from contracts.ids import RegisterId
from services.runtime.session_uses import TELL_EVERY_S
from services.staff.idle import LastUses
from services.staff.model.sessions import Session
from tests.services.staff.examples import JONAS, TILLS_CASHIER

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
LATE = 300 + TELL_EVERY_S
"""When a session that was used at 0 is surely idle, with an idle time of 300 s."""


def session_at(register: str, number: int = 1) -> Session:
    return Session(RegisterId(register), number, JONAS, TILLS_CASHIER, NOW, "0190a000-0000-7000-8000-00000000000c")


TILL_1, TILL_2 = session_at("till-1"), session_at("till-2")


def test_a_session_that_is_there_at_a_start_counts_as_used_then() -> None:
    uses = LastUses()

    assert uses.idle([TILL_1], 1000, 300) == []
    assert uses.idle([TILL_1], 1000 + LATE, 300) == []
    assert uses.idle([TILL_1], 1000 + LATE + 1, 300) == [TILL_1]


def test_a_use_counts_for_its_own_session_only() -> None:
    uses = LastUses()
    uses.idle([TILL_1, TILL_2], 0, 300)
    uses.note(TILL_1.register, TILL_1.number)
    uses.idle([TILL_1, TILL_2], 200, 300)

    assert uses.idle([TILL_1, TILL_2], LATE + 1, 300) == [TILL_2]
    assert uses.idle([TILL_1, TILL_2], 200 + LATE, 300) == [TILL_2]
    assert uses.idle([TILL_1, TILL_2], 200 + LATE + 1, 300) == [TILL_1, TILL_2]


def test_a_use_of_an_earlier_session_at_the_register_is_none_of_the_later() -> None:
    uses = LastUses()
    uses.idle([session_at("till-1", 2)], 0, 300)
    uses.hear(SessionUsed(RegisterId("till-1"), 1))

    assert uses.idle([session_at("till-1", 2)], LATE + 1, 300) == [session_at("till-1", 2)]


def test_a_use_that_is_heard_between_two_looks_is_never_counted_too_early() -> None:
    uses = LastUses()
    uses.idle([TILL_1], 0, 300)
    uses.hear(SessionUsed(RegisterId("till-1"), 1))

    assert uses.idle([TILL_1], LATE + 100, 300) == []


def test_sessions_that_have_ended_are_forgotten() -> None:
    uses = LastUses()
    uses.idle([TILL_1], 0, 300)
    uses.idle([], 100, 300)

    assert uses.idle([TILL_1], LATE + 1, 300) == []
