"""The rules about staff: what a role may do, when a sign-on is locked, who gets which credit.

Pure: nothing here waits, stores or reads a clock; the time is passed in.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple, get_args

from contracts.base import Malformed, PermissionDenied
from contracts.checkout import CompletedLine, SaleCompleted, Share
from contracts.ids import RegisterId, StaffId
from contracts.money import allocate
from contracts.staff import AddOwner, CreateStaff, Permission, RegisterSession, StaffMember, StaffRole

EndReason = Literal["signed_off", "replaced", "deactivated"]

ROLES: tuple[StaffRole, ...] = get_args(StaffRole)
"""From the one who may least to the one who may most."""
_CASHIER: tuple[Permission, ...] = ("sale.sell", "customer.view", "customer.edit", "receipt.reprint")
_SENIOR: tuple[Permission, ...] = (*_CASHIER, "sale.void")
_MANAGER: tuple[Permission, ...] = (*_SENIOR, "policy.edit", "staff.edit", "staff.report")
PERMISSIONS: dict[StaffRole, tuple[Permission, ...]] = {
    "cashier": _CASHIER,
    "senior": _SENIOR,
    "manager": _MANAGER,
    "owner": _MANAGER,
}
"""What each role may do; an owner may also make others owners."""

MOST_WRONG_TRIES = 5
LOCKED_FOR = timedelta(minutes=5)
MOST_DAYS_IN_A_REPORT = 366
_NOTHING_SOLD = frozenset({"return", "deposit_return"})
_NEVER_IN_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Record(NamedTuple):
    """A staff member as they are kept; ``pin_hash`` is an argon2id hash."""

    member: StaffMember
    revision: int
    pin_hash: str


class Tries(NamedTuple):
    """Wrong tries of one person on one register since the last right one; ``locked_at`` once they were too many."""

    wrong: int = 0
    locked_at: datetime | None = None


class Session(NamedTuple):
    """One sign-on. ``number`` rises by one with each sign-on at its register; ``ended`` is None while it lasts."""

    register: RegisterId
    number: int
    staff_id: StaffId
    role: StaffRole
    started_at: datetime
    command_id: str
    ended: EndReason | None = None


def new_member(command: CreateStaff | AddOwner) -> StaffMember:
    """Somebody new on the staff list, active at once.

    Rejections:
        Malformed: the name is blank, or a name holds a control character.
    """
    name = _one_line(command.name, "name")
    if not name:
        raise Malformed(field="$.name", rule="a name is not blank")
    return StaffMember(
        staff_id=command.staff_id,
        name=name,
        short_name=_one_line(command.short_name, "short_name"),
        role=command.role if isinstance(command, CreateStaff) else "owner",
        active=True,
        badge=command.badge,
    )


def check_may_give(giver: str, role: StaffRole) -> None:
    """Let nobody give a role that may more than their own.

    Rejections:
        PermissionDenied: the role stands above the giver's.
    """
    if giver not in ROLES or ROLES.index(role) > ROLES.index(giver):
        raise PermissionDenied(permission="staff.edit", field="role")


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
    return RegisterSession(2 * session.number, session.number, None)


def shares(amount: int, attribution: Iterable[Share]) -> dict[StaffId, int]:
    """Split a line's amount (minor units) by its basis points; the shares add up to it, whatever their order.

    What cannot be split goes by largest remainder, ties to the lower staff id. Nobody's line gives no share.
    """
    in_order = sorted(attribution, key=lambda share: share.staff_id)
    if not in_order:
        return {}
    parts = allocate(amount, [share.basis_points for share in in_order])
    return {share.staff_id: part for share, part in zip(in_order, parts, strict=True)}


def credited(lines: Iterable[CompletedLine]) -> dict[StaffId, int]:
    """What each staff member is credited with from a sale's lines, in minor units; returns are negative."""
    credit: defaultdict[StaffId, int] = defaultdict(int)
    for line in lines:
        for staff_id, part in shares(line.amount, line.attribution).items():
            credit[staff_id] += part
    return dict(credit)


def sales_in(event: SaleCompleted) -> int:
    """How many sales a transaction counts as: a return takes money back but is no sale."""
    return 0 if event.transaction_kind in _NOTHING_SOLD else 1


def check_period(from_day: str, to_day: str) -> None:
    """Refuse a report's period that is none or too long.

    Rejections:
        Malformed: a day is not in the calendar, the last is before the first, or there are more than 366.
    """
    first, last = _day(from_day, "from_day"), _day(to_day, "to_day")
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS_IN_A_REPORT):
        raise Malformed(
            field="$.to_day", rule=f"a period ends after it begins and has at most {MOST_DAYS_IN_A_REPORT} days"
        )


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed(field=f"$.{field}", rule="a day is in the calendar") from error


def _one_line(text: str, field: str) -> str:
    if any(unicodedata.category(each) in _NEVER_IN_A_LINE or each in _DIRECTION_MARKS for each in text):
        raise Malformed(field=f"$.{field}", rule="a name is one line without control characters")
    return unicodedata.normalize("NFC", text).strip()
