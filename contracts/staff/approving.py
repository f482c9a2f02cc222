"""Somebody else's PIN on the spot, for one action."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.base import Command, Event, Rejection, Reply
from contracts.ids import RegisterId, SaleId, StaffId, Timestamp, Uuid
from contracts.staff import BadgeText, Permission, Pin
from contracts.staff.signing_on import SignOnLocked, SignOnRefused


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
    badge: BadgeText | None = None
    also: Annotated[tuple[Permission, ...], Meta(max_length=3)] = ()
    """What the same command needs an approval for besides."""


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
