"""Signing on: wrong tries and their lock, sessions and their end, approvals.

Pure: nothing here waits, stores or reads a clock; the time is passed in.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from contracts.base import TokenInvalid
from contracts.ids import RegisterId, SaleId, StaffId
from contracts.staff import Permission, RoleId
from contracts.staff.approving import ApprovalGiven, NotApprovable
from contracts.staff.roles import StaffRole
from contracts.staff.signing_on import RegisterSession, SessionEnded, SessionStarted

EndReason = Literal["signed_off", "replaced", "deactivated", "idle", "changed"]

MOST_WRONG_TRIES = 5
LOCKED_FOR = timedelta(minutes=5)
APPROVAL_LASTS = timedelta(minutes=2)
"""Whoever checks an approval cannot know what became of its giver meanwhile, so there is little of it."""
APPROVAL_NAMES_FOR = timedelta(days=90)
"""After that it is not known any more who asked for an approval, nor about which sale."""


class Tries(NamedTuple):
    """Wrong tries of one person on one register since the last right one; ``locked_at`` once they were too many."""

    wrong: int = 0
    locked_at: datetime | None = None


class Session(NamedTuple):
    """One sign-on. ``number`` rises by one with each sign-on at its register; ``ended`` is None while it lasts."""

    register: RegisterId
    number: int
    staff_id: StaffId
    role: RoleId
    started_at: datetime
    command_id: str
    ended: EndReason | None = None
    ended_at: datetime | None = None


class Approval(NamedTuple):
    """Somebody let one command of a session pass. ``approve_id`` is the id of the ``approve`` that said so.

    ``also`` is what the same command needed besides ``action``. Who asked, and the sale, are None once it is old.
    """

    register: RegisterId
    command: str
    session: int
    action: Permission
    sale_id: SaleId | None
    asked_by: StaffId | None
    approved_by: StaffId
    approved_at: datetime
    approve_id: str
    also: tuple[Permission, ...] = ()

    @property
    def approves(self) -> tuple[Permission, ...]:
        """All that it lets do."""
        return (self.action, *self.also)

    @property
    def expires_at(self) -> datetime:
        """Until when it is good, in whole seconds as tokens carry it."""
        return (self.approved_at + APPROVAL_LASTS).replace(microsecond=0)


def locked_s(tries: Tries, now: datetime) -> int:
    """For how many more seconds nobody can sign on; 0 when not locked.

    A clock that was set back to before the lock ends it, so that nobody is locked out for longer than meant.
    """
    if tries.locked_at is None or now < tries.locked_at:
        return 0
    left = tries.locked_at + LOCKED_FOR - now
    return max(0, -(-left // timedelta(seconds=1)))


def after_wrong_try(tries: Tries, now: datetime) -> Tries:
    """One wrong try more; after a lock the count begins anew."""
    wrong = 1 if tries.locked_at is not None else tries.wrong + 1
    return Tries(wrong, now if wrong >= MOST_WRONG_TRIES else None)


def next_number(latest: Session | None) -> int:
    """The number of the session after the latest one at its register."""
    return 1 if latest is None else latest.number + 1


def expires_at(session: Session, hours: int) -> datetime:
    """When a session's token runs out, in whole seconds as tokens carry it."""
    return (session.started_at + timedelta(hours=hours)).replace(microsecond=0)


def register_session(session: Session) -> RegisterSession:
    """Who is signed on at a register after its latest session began or ended; both raise the revision."""
    if session.ended is None:
        return RegisterSession(2 * session.number - 1, session.number, session.staff_id)
    locked = session.staff_id if session.ended == "idle" else None
    return RegisterSession(2 * session.number, session.number, None, locked)


def told(session: Session, role: StaffRole | None) -> SessionStarted | SessionEnded:
    """What is told of a session: that it began and whether its role may sell alone, or that it ended and why."""
    if session.ended is None:
        sells = role is not None and role.permissions.get("sale.sell") == "allowed"
        return SessionStarted(session.register, session.number, session.staff_id, sells)
    return SessionEnded(session.register, session.number, session.staff_id, session.ended)


def check_lasts(latest: Session | None, number: int) -> None:
    """Let nobody ask by a session that is over.

    Rejections:
        TokenInvalid: the session with that number is not the one that lasts at the register.
    """
    if latest is None or latest.number != number or latest.ended is not None:
        raise TokenInvalid(reason="session_ended")


def may_approve(role: StaffRole | None, action: Permission) -> bool:
    """Whether people of a role may do something alone and may approve at all."""
    return role is not None and role.may_approve and role.permissions.get(action) == "allowed"


def check_may_approve(role: StaffRole | None, actions: Iterable[Permission]) -> None:
    """Let approve only those who may do all of it alone and may approve at all.

    Rejections:
        NotApprovable: the role may not; ``action`` names what.
    """
    for action in actions:
        if not may_approve(role, action):
            raise NotApprovable(action=action)


def check_not_approved(earlier: Approval | None) -> None:
    """Let a command be approved once.

    Rejections:
        ApprovalGiven: somebody has done so; ``approved_by`` says who.
    """
    if earlier is not None:
        raise ApprovalGiven(approved_by=earlier.approved_by)
