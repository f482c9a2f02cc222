"""What the staff service owns: who sells, who is signed on where, and who gets the credit."""

from typing import Annotated, ClassVar, Literal, NewType

from msgspec import UNSET, Meta, UnsetType

from contracts.base import Command, Event, Message, Query, Rejection, Reply, State
from contracts.customers import CodeText, RevisionConflict
from contracts.ids import Day, RegisterId, SaleId, Segment, StaffId, Timestamp, Uuid
from contracts.money import Amount

RoleId = NewType("RoleId", Segment)
"""A role's id: ``cashier``, ``senior``, ``manager`` and ``owner`` always exist, others are made by the shop."""
BuiltInRole = Literal["cashier", "senior", "manager", "owner"]
Permission = Literal[
    "sale.sell",
    "sale.remove_line",
    "sale.void",
    "tender.remove",
    "attribution.edit_completed",
    "receipt.reprint",
    "drawer.open",
    "customer.view",
    "customer.details",
    "customer.edit",
    "customer.merge",
    "customer.erase",
    "customer.export",
    "customer.import",
    "customer.fields",
    "ledger.adjust",
    "fiscal.read",
    "policy.edit",
    "policy.report",
    "policy.waive",
    "policy.pass_unavailable",
    "staff.edit",
    "staff.roles",
    "staff.report",
    "staff.report_person",
]
Grant = Literal["denied", "needs_approval", "allowed"]
Pin = Annotated[str, Meta(pattern=r"^[0-9]{4,8}$(?!\n)", description="4 to 8 digits", extra={"secret": True})]
StaffName = Annotated[str, Meta(min_length=1, max_length=200)]
ShortName = Annotated[str, Meta(max_length=20)]


class StaffMember(Message, frozen=True):
    """Somebody who works here."""

    staff_id: StaffId
    name: str
    short_name: str
    role: RoleId
    active: bool
    badge: str | None = None
    revision: int = 1


class StaffFile(Reply, frozen=True):
    """One staff member's record."""

    personal: ClassVar = True

    member: StaffMember


class StaffList(Reply, frozen=True):
    """All who work here, by name."""

    personal: ClassVar = True

    staff: tuple[StaffMember, ...]


class StaffExists(Rejection):
    """A staff member with that id exists already."""


class BadgeTaken(Rejection):
    """Another staff member has that badge."""


class StaffNotFound(Rejection):
    """Nobody on the staff list has that id."""


class RoleNotFound(Rejection):
    """The store has no role of that id."""


class RoleFixed(Rejection):
    """A built-in role stays, and owners keep what lets them set everything else right."""


class RoleInUse(Rejection):
    """Somebody has this role; give them another one first."""


class LastOwner(Rejection):
    """This is the last active owner; make somebody else an owner first."""


class OwnerExists(Rejection):
    """The store has an owner already; an owner adds others with create-staff."""


class CreateStaff(Command[StaffFile], frozen=True):
    """Put somebody new on the staff list under an id made by the caller."""

    lane: ClassVar = "staff_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "staff.edit"
    rejections = (StaffExists, BadgeTaken, RoleNotFound)

    staff_id: StaffId
    name: StaffName
    pin: Pin
    role: RoleId = RoleId("cashier")
    short_name: ShortName = ""
    badge: CodeText | None = None


class AddOwner(Command[StaffFile], frozen=True):
    """Put the first owner on the staff list; only the hub itself may, and only while there is none."""

    lane: ClassVar = "staff_id"
    asked_by = ("hub",)
    rejections = (OwnerExists, StaffExists, BadgeTaken)

    staff_id: StaffId
    name: StaffName
    pin: Pin
    short_name: ShortName = ""
    badge: CodeText | None = None


class UpdateStaff(Command[StaffFile], frozen=True):
    """Change the given details of somebody and leave the others alone.

    Whoever is not active any more, or has another role or PIN, is signed off everywhere.
    """

    lane: ClassVar = "staff_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "staff.edit"
    rejections = (StaffNotFound, RevisionConflict, BadgeTaken, RoleNotFound, LastOwner)

    staff_id: StaffId
    expected_revision: int
    name: StaffName | UnsetType = UNSET
    short_name: ShortName | UnsetType = UNSET
    badge: CodeText | UnsetType | None = UNSET
    role: RoleId | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    pin: Pin | UnsetType = UNSET


class StaffErased(Reply, frozen=True):
    """Nothing but the id and the role is known of them any more; sales keep the id."""

    staff_id: StaffId


class EraseStaff(Command[StaffErased], frozen=True):
    """Forget who somebody was: name, short name, badge and PIN. What they sold keeps adding up."""

    lane: ClassVar = "staff_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "staff.edit"
    rejections = (StaffNotFound, LastOwner)

    staff_id: StaffId


class StaffSession(Message, frozen=True):
    """One sign-on of somebody."""

    register: RegisterId
    session: int
    started_at: Timestamp
    ended_at: Timestamp | None
    end_reason: str | None


class StaffApproval(Message, frozen=True):
    """One approval that somebody gave, or asked for."""

    register: RegisterId
    action: Permission
    command: Uuid
    sale_id: SaleId | None
    asked_by: StaffId | None
    """None once it is 90 days old; ``sale_id`` is left out then, too."""
    approved_at: Timestamp
    approved_by: StaffId | None = None
    also: tuple[Permission, ...] = ()


class LatelyCredited(Message, frozen=True):
    """When somebody's newest sale at a register was completed."""

    register: RegisterId
    credited_at: Timestamp


class StaffExport(Reply, frozen=True):
    """All that the staff service holds about one person.

    ``approvals`` are those given, ``asked_for`` those asked for; ``credit`` is what is attributed to them by day,
    ``rung_up`` what they were the cashier of.
    """

    personal: ClassVar = True

    member: StaffMember
    sessions: tuple[StaffSession, ...]
    wrong_tries: int
    approvals: tuple[StaffApproval, ...]
    credit: "tuple[StaffSalesRow, ...]"
    asked_for: tuple[StaffApproval, ...] = ()
    rung_up: "tuple[StaffSalesRow, ...]" = ()
    lately_credited: tuple[LatelyCredited, ...] = ()


class ExportStaff(Command[StaffExport], frozen=True):
    """Hand out all that is held about a member of staff, for them (GDPR, art. 15); that it was is told.

    What others sold is a report of persons: it needs ``staff.report_person``, too, but for one's own.
    """

    lane: ClassVar = "staff_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "staff.edit"
    rejections = (StaffNotFound,)

    staff_id: StaffId


class StaffRole(Message, frozen=True):
    """What a role may do. A permission that is not named is ``denied``; ``may_approve`` lets its people approve."""

    role: RoleId
    revision: int
    name: str
    permissions: dict[Permission, Grant]
    may_approve: bool
    built_in: bool = False


class RoleFile(Reply, frozen=True):
    """One role."""

    role: StaffRole


class Roles(Reply, frozen=True):
    """All roles, from the one that may least to the one that may most."""

    roles: tuple[StaffRole, ...]


class ListRoles(Query[Roles], frozen=True):
    """What each role may do."""

    asked_by = ("register", "backoffice", "hub")


class PutRole(Command[RoleFile], frozen=True):
    """Make a role, or change what it may do; ``expected_revision`` is the one it was read at, 0 for a new one.

    Whoever has the role is signed off everywhere when its permissions change. Nobody gives more than they have
    themselves; an owner gives anything.
    """

    lane: ClassVar = "role"
    asked_by = ("register", "backoffice", "hub")
    permission = "staff.roles"
    rejections = (RevisionConflict, RoleFixed)

    role: RoleId
    expected_revision: int
    name: Annotated[str, Meta(max_length=100)]
    permissions: dict[Permission, Grant]
    may_approve: bool = False


class RoleRemoved(Reply, frozen=True):
    """The role is gone."""

    role: RoleId


class RemoveRole(Command[RoleRemoved], frozen=True):
    """Take away a role that nobody has."""

    lane: ClassVar = "role"
    asked_by = ("register", "backoffice", "hub")
    permission = "staff.roles"
    rejections = (RoleNotFound, RoleFixed, RoleInUse)

    role: RoleId


class ListStaff(Query[StaffList], frozen=True):
    """Who works here, so that a register can offer their names for sign-on. Badges are left out."""

    asked_by = ("register", "backoffice", "hub")

    active_only: bool = True


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
    badge: CodeText | None = None


class SignedOff(Reply, frozen=True):
    """Nobody is signed on at the register any more."""

    session: int


class SignOff(Command[SignedOff], frozen=True):
    """Sign off whoever is signed on at the asking register."""

    asked_by = ("register", "backoffice", "hub")


class Lock(Command[SignedOff], frozen=True):
    """Nobody was at the register for a while: its token is void until somebody signs on again; its sale stays open."""

    asked_by = ("register", "backoffice", "hub")


class NotApprovable(Rejection):
    """Whoever typed the PIN may not approve this; ask somebody whose role may."""


class ApprovalGiven(Rejection):
    """Somebody has approved this command already; it is done once."""


class Approved(Reply, frozen=True):
    """An approval for one command. It goes along with that command as the user property ``approval``, once."""

    personal: ClassVar = True

    approval: str
    approved_by: StaffId
    expires_at: Timestamp


class Approve(Command[Approved], frozen=True):
    """Somebody who may types their PIN at the asking register, for whoever is signed on there.

    The approval is for one ``action`` (a permission) and one ``command`` (the id that it will be sent with); where
    that command is about a sale, it names that sale.
    """

    asked_by = ("register", "backoffice", "hub")
    rejections = (SignOnRefused, SignOnLocked, NotApprovable, ApprovalGiven)

    action: Permission
    command: Uuid
    pin: Pin
    sale_id: SaleId | None = None
    staff_id: StaffId | None = None
    badge: CodeText | None = None
    also: Annotated[tuple[Permission, ...], Meta(max_length=3)] = ()
    """What the same command needs an approval for besides."""


class StaffNamed(Reply, frozen=True):
    """Whose badge it is."""

    personal: ClassVar = True

    staff_id: StaffId
    name: str
    short_name: str


class IdentifyBadge(Query[StaffNamed], frozen=True):
    """Whose badge was read, so that a line can be credited to them. It signs nobody on."""

    asked_by = ("register", "backoffice", "hub")
    rejections = (StaffNotFound,)

    badge: CodeText


class StaffLabel(Reply, frozen=True):
    """What receipts call a member of staff: their short name, else nothing."""

    personal: ClassVar = True

    label: str


class GetStaffLabel(Query[StaffLabel], frozen=True):
    """Read what receipts call a member of staff."""

    asked_by = ("devices", "register", "backoffice", "hub")
    rejections = (StaffNotFound,)

    staff_id: StaffId


class SuggestedStaff(Message, frozen=True):
    """Somebody who may be credited; ``lately`` where they were credited at this register in recent sales."""

    staff_id: StaffId
    name: str
    short_name: str
    lately: bool


class StaffSuggestions(Reply, frozen=True):
    """Whom to credit: those used lately at the register first, then by name.

    ``search_wanted`` is true from 12 active staff on: the register then offers to type a name.
    """

    personal: ClassVar = True

    staff: tuple[SuggestedStaff, ...]
    search_wanted: bool


class SuggestStaff(Query[StaffSuggestions], frozen=True):
    """Suggest who gets the credit at the asking register; ``text`` finds by the beginning of a name or short name."""

    asked_by = ("register", "backoffice", "hub")

    text: Annotated[str, Meta(max_length=100)] = ""


class StaffSalesRow(Message, frozen=True):
    """Sales of one period. ``period`` is a day, an ISO week (``2026-W10``), a month (``2026-03``) or ``whole``.

    ``staff_id`` is None where persons are not told apart.
    """

    period: Annotated[str, Meta(pattern=r"^([0-9]{4}-([0-9]{2}(-[0-9]{2})?|W[0-9]{2})|whole)$(?!\n)")]
    staff_id: StaffId | None
    sales: int
    amount: Amount


class StaffSales(Reply, frozen=True):
    """Sales by period and then by staff id, returns taken off."""

    credit: Literal["attributed", "cashier"]
    rows: tuple[StaffSalesRow, ...]


class GetStaffSales(Query[StaffSales], frozen=True):
    """Sales by attributed staff or by cashier between two business days, both included.

    ``by_person`` or a ``staff_id`` needs ``staff.report_person``, too. Without them the rows name nobody.
    """

    asked_by = ("register", "backoffice", "hub")
    permission = "staff.report"

    from_day: Day
    to_day: Day
    credit: Literal["attributed", "cashier"] = "attributed"
    per: Literal["day", "week", "month", "whole"] = "day"
    by_person: bool = False
    staff_id: StaffId | None = None


class SessionStarted(Event, frozen=True):
    """Somebody signed on at a register; tokens of lower sessions there are void."""

    register: RegisterId
    session: int
    staff_id: StaffId


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


class StaffChanged(Event, frozen=True):
    """Somebody joined the staff list or changed on it. ``changed_by`` is None where the hub itself did it."""

    staff_id: StaffId
    revision: int
    role: RoleId
    active: bool
    changed_by: StaffId | None = None
    approved_by: StaffId | None = None


class StaffExported(Event, frozen=True):
    """All that is held about a member of staff was handed out."""

    staff_id: StaffId
    exported_by: StaffId


class RoleChanged(Event, frozen=True):
    """What a role may do is this from now on; a role that is ``removed`` may nothing."""

    role: RoleId
    revision: int
    allowed: tuple[Permission, ...]
    needs_approval: tuple[Permission, ...]
    may_approve: bool
    removed: bool = False
    changed_by: StaffId | None = None
    approved_by: StaffId | None = None


class ActionApproved(Event, frozen=True):
    """Somebody approved one command of whoever was signed on."""

    register: RegisterId
    session: int
    action: Permission
    command: Uuid
    sale_id: SaleId | None
    approved_by: StaffId
    asked_by: StaffId
    also: tuple[Permission, ...] = ()


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
