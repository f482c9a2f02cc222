"""Who is signed on at a register, from the PIN to the lock."""

from typing import ClassVar, Literal

from contracts.base import Command, Event, Query, Rejection, Reply, State
from contracts.ids import RegisterId, StaffId, Timestamp
from contracts.staff import BadgeText, Permission, Pin, RoleId, StaffNotFound


class SignOnRefused(Rejection):
    """Name, badge or PIN is wrong; try again."""

    keep = True


class SignOnLocked(Rejection):
    """Five wrong tries lock this person on this register for five minutes."""

    keep = True


class SignedOn(Reply, frozen=True):
    """Somebody is signed on at a register until ``expires_at``; the token goes with each of their requests."""

    personal: ClassVar = True

    staff_id: StaffId
    name: str
    session: int
    token: str
    expires_at: Timestamp
    permissions: tuple[Permission, ...]
    needs_approval: tuple[Permission, ...] = ()
    role: RoleId = RoleId("cashier")
    idle_lock_s: int = 300
    """After so many seconds without anybody at it the register sends ``lock``; 0 is never."""


class SignOn(Command[SignedOn], frozen=True):
    """Sign on at the asking register with a name picked from the list (its id) or a badge, and a PIN.

    A badge alone signs on only where the store's setting ``badge_signs_on`` says so. The open sale of the
    register stays as it is, whoever signs on.
    """

    asked_by = ("register", "backoffice", "hub")
    rejections = (SignOnRefused, SignOnLocked)

    pin: Pin | None = None
    staff_id: StaffId | None = None
    badge: BadgeText | None = None


class SignedOff(Reply, frozen=True):
    """Nobody is signed on at the register any more."""

    session: int


class SignOff(Command[SignedOff], frozen=True):
    """Sign off whoever is signed on at the asking register."""

    asked_by = ("register", "backoffice", "hub")


class Lock(Command[SignedOff], frozen=True):
    """Nobody was at the register for a while: its token is void until somebody signs on again; its sale stays open."""

    asked_by = ("register", "backoffice", "hub")


class StaffNamed(Reply, frozen=True):
    """Whose badge it is."""

    personal: ClassVar = True

    staff_id: StaffId
    name: str
    short_name: str


class IdentifyBadge(Query[StaffNamed], frozen=True):
    """Whose badge was read, so that a line can be credited to them. It signs nobody on."""

    asked_by = ("register", "backoffice", "hub", "checkout")
    rejections = (StaffNotFound,)

    badge: BadgeText


class StaffLabel(Reply, frozen=True):
    """What receipts call a member of staff: their short name, else nothing."""

    personal: ClassVar = True

    label: str


class GetStaffLabel(Query[StaffLabel], frozen=True):
    """Read what receipts call a member of staff."""

    asked_by = ("devices", "register", "backoffice", "hub")
    rejections = (StaffNotFound,)

    staff_id: StaffId


class SessionStarted(Event, frozen=True):
    """Somebody signed on at a register; tokens of lower sessions there are void.

    ``sells``: their role lets them sell (``sale.sell``) without an approval. It stays so while the session lasts: a
    role that changes ends the sessions of whoever has it.
    """

    register: RegisterId
    session: int
    staff_id: StaffId
    sells: bool = True


class SessionEnded(Event, frozen=True):
    """A session at a register is over and its token void."""

    register: RegisterId
    session: int
    staff_id: StaffId
    reason: Literal["signed_off", "replaced", "deactivated", "idle", "changed"]


class StaffLockedOut(Event, frozen=True):
    """Somebody's PIN was typed wrongly too often at a register; there it is of no use for five minutes."""

    register: RegisterId
    staff_id: StaffId


class RegisterSession(State, frozen=True):
    """Who is signed on at a register, by id; None when nobody is.

    ``locked`` is who was signed on when the register was locked; anybody may sign on instead.
    """

    path: ClassVar = "registers/{register}"
    read_by: ClassVar = ("ops", "register", "display", "backoffice")

    revision: int
    session: int
    staff_id: StaffId | None
    locked: StaffId | None = None
