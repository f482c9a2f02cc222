"""What is held about somebody who works here: all of it given out, and erased."""

from typing import ClassVar

from contracts.base import Command, Event, Message, Reply
from contracts.ids import RegisterId, SaleId, StaffId, Timestamp, Uuid
from contracts.staff import LastOwner, Permission, StaffMember, StaffNotFound
from contracts.staff.credit import StaffSalesRow


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


class StaffExported(Event, frozen=True):
    """All that is held about a member of staff was handed out."""

    staff_id: StaffId
    exported_by: StaffId
