"""What the staff service owns: who sells, who is signed on where, and who gets the credit."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, Message, Query, Rejection, Reply, State
from contracts.customers import CodeText
from contracts.ids import Day, RegisterId, StaffId, Timestamp
from contracts.money import Amount

StaffRole = Literal["cashier", "senior", "manager", "owner"]
Permission = Literal[
    "sale.sell",
    "sale.void",
    "customer.view",
    "customer.edit",
    "policy.edit",
    "staff.edit",
    "staff.report",
    "receipt.reprint",
]
Pin = Annotated[str, Meta(pattern=r"^[0-9]{4,8}$(?!\n)", description="4 to 8 digits", extra={"secret": True})]


class StaffMember(Message, frozen=True):
    """Somebody who works here."""

    staff_id: StaffId
    name: str
    short_name: str
    role: StaffRole
    active: bool
    badge: str | None = None


class StaffFile(Reply, frozen=True):
    """One staff member's record."""

    personal: ClassVar = True

    member: StaffMember


class StaffList(Reply, frozen=True):
    """All who work here, by name."""

    personal: ClassVar = True

    staff: tuple[StaffMember, ...]


class StaffExists(Rejection):
    """A staff member with that id exists already, with other details."""


class BadgeTaken(Rejection):
    """Another staff member has that badge."""


class OwnerExists(Rejection):
    """The store has an owner already; an owner adds others with create-staff."""


class CreateStaff(Command[StaffFile], frozen=True):
    """Put somebody new on the staff list under an id made by the caller."""

    lane: ClassVar = "staff_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "staff.edit"
    rejections = (StaffExists, BadgeTaken)

    staff_id: StaffId
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    pin: Pin
    role: StaffRole = "cashier"
    short_name: Annotated[str, Meta(max_length=20)] = ""
    badge: CodeText | None = None


class AddOwner(Command[StaffFile], frozen=True):
    """Put the first owner on the staff list; only the hub itself may, and only while there is none."""

    lane: ClassVar = "staff_id"
    asked_by = ("hub",)
    rejections = (OwnerExists, StaffExists, BadgeTaken)

    staff_id: StaffId
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    pin: Pin
    short_name: Annotated[str, Meta(max_length=20)] = ""
    badge: CodeText | None = None


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


class SignOn(Command[SignedOn], frozen=True):
    """Sign on at the asking register with a name picked from the list (its id) or a badge, and a PIN."""

    asked_by = ("register", "backoffice", "hub")
    rejections = (SignOnRefused, SignOnLocked)

    pin: Pin
    staff_id: StaffId | None = None
    badge: CodeText | None = None


class SignedOff(Reply, frozen=True):
    """Nobody is signed on at the register any more."""

    session: int


class SignOff(Command[SignedOff], frozen=True):
    """Sign off whoever is signed on at the asking register."""

    asked_by = ("register", "backoffice", "hub")


class AttributedTotal(Message, frozen=True):
    """What one staff member is credited with on one business day."""

    staff_id: StaffId
    business_day: Day
    sales: int
    amount: Amount


class AttributedTotals(Reply, frozen=True):
    """Sales by attributed staff, by day and then by staff id."""

    totals: tuple[AttributedTotal, ...]


class GetAttributedTotals(Query[AttributedTotals], frozen=True):
    """Sales by attributed staff between two business days, both included."""

    asked_by = ("register", "backoffice", "hub")
    permission = "staff.report"

    from_day: Day
    to_day: Day
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
    reason: Literal["signed_off", "replaced", "deactivated"]


class StaffChanged(Event, frozen=True):
    """Somebody joined the staff list or changed on it."""

    staff_id: StaffId
    revision: int
    role: StaffRole
    active: bool


class RegisterSession(State, frozen=True):
    """Who is signed on at a register, by id; None when nobody is."""

    path: ClassVar = "registers/{register}"
    read_by: ClassVar = ("ops", "register", "display", "backoffice")

    revision: int
    session: int
    staff_id: StaffId | None
