"""The staff list: somebody new, somebody changed, somebody forgotten."""

from msgspec import UNSET

from contracts.base import PermissionDenied
from contracts.ids import StaffId
from contracts.staff import (
    AddOwner,
    BadgeTaken,
    CreateStaff,
    ListStaff,
    OwnerExists,
    RoleId,
    RoleNotFound,
    StaffExists,
    StaffFile,
    StaffList,
    StaffMember,
    StaffNotFound,
    UpdateStaff,
)
from contracts.staff.privacy import EraseStaff, StaffErased
from contracts.staff.roles import StaffRole
from services.runtime.asking import Ask
from services.staff.model.authors import NOBODY, Author
from services.staff.model.people import (
    Record,
    changed,
    changed_member,
    check_owner_remains,
    new_member,
    same_details,
    why_signed_off,
)
from services.staff.model.roles import check_holds
from services.staff.store.people import StaffStore
from services.staff.transactions import StaffTx, StaffView

HUB = "hub"


async def prepare_create_staff(command: CreateStaff, view: StaffView, ask: Ask) -> str:  # noqa: ARG001
    """Hash the PIN. It is compared with nobody's: whoever may put people on the list would find out PINs so."""
    return await view.pins.hash(command.pin)


def create_staff(command: CreateStaff, pin_hash: str, tx: StaffTx) -> StaffFile:
    """Put somebody new on the staff list.

    Rejections:
        RoleNotFound: the store has no such role.
        PermissionDenied: the role may more than that of whoever asks.
        StaffExists: the id was used before, with whatever details.
        BadgeTaken: another staff member has the badge.
        Malformed: the name is blank, or a name holds a control character.
    """
    check_holds(tx.giver("staff.edit"), _role(command.role, tx), "staff.edit")
    return _add(new_member(command), pin_hash, tx, tx.author("staff.edit"))


async def prepare_add_owner(command: AddOwner, view: StaffView, ask: Ask) -> str:  # noqa: ARG001
    """Hash the PIN.

    Rejections:
        PermissionDenied: somebody other than the hub asks.
    """
    if view.caller != HUB:
        raise PermissionDenied(asked_by=HUB)
    return await view.pins.hash(command.pin)


def add_owner(command: AddOwner, pin_hash: str, tx: StaffTx) -> StaffFile:
    """Put the first owner on the staff list, or another when no owner is active any more.

    Rejections:
        OwnerExists: there is an active owner.
        StaffExists: the id was used before, with whatever details.
        BadgeTaken: another staff member has the badge.
        Malformed: the name is blank, or a name holds a control character.
    """
    if tx.staff.active_owners():
        raise OwnerExists
    return _add(new_member(command), pin_hash, tx, NOBODY)


async def prepare_update_staff(command: UpdateStaff, view: StaffView, ask: Ask) -> str | None:  # noqa: ARG001
    """Hash the new PIN, where one is given."""
    return None if command.pin is UNSET else await view.pins.hash(command.pin)


def update_staff(command: UpdateStaff, pin_hash: str | None, tx: StaffTx) -> StaffFile:
    """Change the given details of somebody; where nothing is new, nothing is told.

    Rejections:
        StaffNotFound: nobody has that id, or it is forgotten who had it.
        PermissionDenied: their role, or the one that they are to have, may more than that of whoever asks.
        RevisionConflict: the record has changed meanwhile; ``revision`` says which it is at.
        RoleNotFound: the store has no such role.
        BadgeTaken: another staff member has the badge.
        LastOwner: the store would be left without an owner.
        Malformed: the name is blank, or a name holds a control character.
    """
    before = person_in_reach(command.staff_id, tx)
    if before.erased:
        raise StaffNotFound(staff_id=command.staff_id)
    after = changed_member(command, before.member)
    if after.role != before.member.role:
        check_holds(tx.giver("staff.edit"), _role(after.role, tx), "staff.edit")
    if pin_hash is None and same_details(after, before.member):
        return StaffFile(before.member)
    if after.badge is not None and after.badge != before.member.badge:
        _check_badge(after.badge, tx)
    check_owner_remains(before.member, after, tx.staff.active_owners())
    tx.staff.put(Record(after, pin_hash or before.pin_hash), tx.now)
    tx.record(changed(after, tx.author("staff.edit")))
    reason = why_signed_off(before.member, after, new_pin=pin_hash is not None)
    if reason is not None:
        tx.end_everywhere(after.staff_id, reason)
    return StaffFile(after)


def staff_file_again(command: CreateStaff | AddOwner | UpdateStaff, tx: StaffTx) -> StaffFile:
    """Answer a repeated creation or change with the record as it is by now."""
    return StaffFile(tx.staff.get(command.staff_id).member)


def erase_staff(command: EraseStaff, tx: StaffTx) -> StaffErased:
    """Forget who somebody was; doing so again changes nothing.

    Rejections:
        StaffNotFound: nobody ever had that id.
        PermissionDenied: their role may more than that of whoever asks.
        LastOwner: the store would be left without an owner.
    """
    before = person_in_reach(command.staff_id, tx)
    if not before.erased:
        owners = tx.staff.active_owners()
        tx.staff.erase(command.staff_id, tx.now)
        after = tx.staff.get(command.staff_id).member
        check_owner_remains(before.member, after, owners)
        tx.record(changed(after, tx.author("staff.edit")))
        tx.end_everywhere(command.staff_id, "deactivated")
    return StaffErased(command.staff_id)


async def list_staff(query: ListStaff, view: StaffView) -> StaffList:
    """Who works here, by name, without badges."""
    members = await view.read(lambda connection: StaffStore(connection).all_members())
    wanted = (member for member in members if member.active or not query.active_only)
    return StaffList(tuple(sorted(wanted, key=lambda member: (member.name.casefold(), member.staff_id))))


def person_in_reach(staff_id: StaffId, tx: StaffTx) -> Record:
    """Somebody whose role may no more than that of whoever asks.

    Rejections:
        StaffNotFound: nobody ever had that id.
        PermissionDenied: their role may more.
    """
    record = tx.staff.find(staff_id)
    if record is None:
        raise StaffNotFound(staff_id=staff_id)
    role = tx.roles.find(record.member.role)
    if role is not None:  # an erased person's role may be gone
        check_holds(tx.giver("staff.edit"), role, "staff.edit")
    return record


def _add(member: StaffMember, pin_hash: str, tx: StaffTx, author: Author) -> StaffFile:
    if tx.staff.find(member.staff_id) is not None:
        raise StaffExists(field="staff_id", staff_id=member.staff_id)
    if member.badge is not None:
        _check_badge(member.badge, tx)
    tx.staff.add(Record(member, pin_hash), tx.now)
    tx.record(changed(member, author))
    return StaffFile(member)


def _role(role: RoleId, tx: StaffTx) -> StaffRole:
    found = tx.roles.find(role)
    if found is None:
        raise RoleNotFound(field="role", role=role)
    return found


def _check_badge(badge: str, tx: StaffTx) -> None:
    if tx.staff.find_badge(badge) is not None:
        raise BadgeTaken(field="badge")
