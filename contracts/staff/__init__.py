"""What staff owns: the people who work in the shop and what they may do; its neighbours hold the rest of their day."""

from typing import Annotated, ClassVar, Literal, NewType

from msgspec import UNSET, Meta, UnsetType

from contracts.base import Command, Event, Message, Query, Rejection, Reply
from contracts.customers import RevisionConflict
from contracts.ids import Segment, StaffId

RoleId = NewType("RoleId", Segment)
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
    "customer.grant",
    "customer.merge",
    "customer.erase",
    "customer.export",
    "customer.import",
    "customer.fields",
    "ledger.adjust",
    "fiscal.read",
    "fiscal.edit",
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
BadgeText = Annotated[
    str, Meta(pattern=r"^[\x21-\x7e]{1,64}$(?!\n)", description="What a badge's barcode says: printable ASCII.")
]
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
    badge: BadgeText | None = None


class AddOwner(Command[StaffFile], frozen=True):
    """Put the first owner on the staff list; only the hub itself may, and only while there is none."""

    lane: ClassVar = "staff_id"
    asked_by = ("hub",)
    rejections = (OwnerExists, StaffExists, BadgeTaken)

    staff_id: StaffId
    name: StaffName
    pin: Pin
    short_name: ShortName = ""
    badge: BadgeText | None = None


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
    badge: BadgeText | UnsetType | None = UNSET
    role: RoleId | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    pin: Pin | UnsetType = UNSET


class ListStaff(Query[StaffList], frozen=True):
    """Who works here, so that a register can offer their names for sign-on. Badges are left out."""

    asked_by = ("register", "backoffice", "hub")

    active_only: bool = True


class StaffChanged(Event, frozen=True):
    """Somebody joined the staff list or changed on it. ``changed_by`` is None where the hub itself did it."""

    staff_id: StaffId
    revision: int
    role: RoleId
    active: bool
    changed_by: StaffId | None = None
    approved_by: StaffId | None = None
