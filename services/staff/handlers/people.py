"""The staff list: somebody new, somebody changed, somebody forgotten, and what is held about them."""

from typing import NamedTuple

from msgspec import UNSET

from contracts.base import PermissionDenied
from contracts.ids import StaffId
from contracts.staff import (
    AddOwner,
    BadgeTaken,
    CreateStaff,
    EraseStaff,
    ExportStaff,
    ListStaff,
    OwnerExists,
    RoleId,
    RoleNotFound,
    StaffApproval,
    StaffChanged,
    StaffErased,
    StaffExists,
    StaffExport,
    StaffFile,
    StaffList,
    StaffMember,
    StaffNotFound,
    StaffRole,
    StaffSession,
    UpdateStaff,
)
from services.runtime.clock import stamp
from services.runtime.requester import Ask
from services.runtime.transactions import StaleFacts
from services.staff.model.credit import by_period
from services.staff.model.people import (
    Record,
    changed_member,
    check_owner_remains,
    new_member,
    same_details,
    why_signed_off,
)
from services.staff.model.roles import check_holds
from services.staff.store.credit import CreditStore
from services.staff.store.people import StaffStore
from services.staff.store.sessions import ApprovalStore, SessionStore, TryStore
from services.staff.transactions import StaffTx, StaffView

HUB = "hub"


class PinFacts(NamedTuple):
    """What a new staff member's PIN came to: its hash, or whether it fits the record that was ``seen`` already."""

    seen: int | None
    pin_hash: str
    fits: bool


async def prepare_create_staff(command: CreateStaff, view: StaffView, ask: Ask) -> PinFacts:  # noqa: ARG001
    """Hash the PIN, or compare it where the id is taken already."""
    return await _pin_facts(command.staff_id, command.pin, view)


def create_staff(command: CreateStaff, facts: PinFacts, tx: StaffTx) -> StaffFile:
    """Put somebody new on the staff list.

    The same details under the same id are answered alike, however often and late they come.

    Rejections:
        RoleNotFound: the store has no such role.
        PermissionDenied: the role may more than that of whoever asks.
        StaffExists: the id was used with other details.
        BadgeTaken: another staff member has the badge.
        Malformed: the name is blank, or a name holds a control character.
    """
    check_holds(tx.giver("staff.edit"), _role(command.role, tx), "staff.edit")
    member = new_member(command)
    known = _same_again(member, facts, tx)
    return known or _add(member, facts.pin_hash, tx)


async def prepare_add_owner(command: AddOwner, view: StaffView, ask: Ask) -> PinFacts:  # noqa: ARG001
    """Hash the PIN, or compare it where the id is taken already.

    Rejections:
        PermissionDenied: somebody other than the hub asks.
    """
    if view.caller != HUB:
        raise PermissionDenied(asked_by=HUB)
    return await _pin_facts(command.staff_id, command.pin, view)


def add_owner(command: AddOwner, facts: PinFacts, tx: StaffTx) -> StaffFile:
    """Put the first owner on the staff list, or another when no owner is active any more.

    The same details under the same id are answered alike, however often and late they come.

    Rejections:
        StaffExists: the id was used with other details.
        OwnerExists: there is an active owner.
        BadgeTaken: another staff member has the badge.
        Malformed: the name is blank, or a name holds a control character.
    """
    member = new_member(command)
    known = _same_again(member, facts, tx)
    if known is not None:
        return known
    if tx.staff.active_owners():
        raise OwnerExists
    return _add(member, facts.pin_hash, tx)


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
    before = _person_in_reach(command.staff_id, tx)
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
    tx.record(changed(after))
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
    before = _person_in_reach(command.staff_id, tx)
    if not before.erased:
        owners = tx.staff.active_owners()
        tx.staff.erase(command.staff_id, tx.now)
        after = tx.staff.get(command.staff_id).member
        check_owner_remains(before.member, after, owners)
        tx.record(changed(after))
        tx.end_everywhere(command.staff_id, "deactivated")
    return StaffErased(command.staff_id)


async def export_staff(query: ExportStaff, view: StaffView) -> StaffExport:
    """All that is held about somebody.

    Rejections:
        StaffNotFound: nobody has that id.
    """
    record, sessions, tries, approvals, days = await view.read(
        lambda connection: (
            StaffStore(connection).find(query.staff_id),
            SessionStore(connection).of_person(query.staff_id),
            TryStore(connection).of_all_registers(query.staff_id),
            ApprovalStore(connection).of_person(query.staff_id),
            CreditStore(connection).of_person(query.staff_id),
        )
    )
    if record is None:
        raise StaffNotFound(staff_id=query.staff_id)
    return StaffExport(
        member=record.member,
        sessions=tuple(
            StaffSession(
                register=each.register,
                session=each.number,
                started_at=stamp(each.started_at),
                ended_at=None if each.ended_at is None else stamp(each.ended_at),
                end_reason=each.ended,
            )
            for each in sessions
        ),
        wrong_tries=tries,
        approvals=tuple(
            StaffApproval(
                register=each.register,
                action=each.action,
                command=each.command,
                sale_id=each.sale_id,
                asked_by=each.asked_by,
                approved_at=stamp(each.approved_at),
            )
            for each in approvals
        ),
        credit=by_period(days, "day"),
    )


async def list_staff(query: ListStaff, view: StaffView) -> StaffList:
    """Who works here, by name, without badges."""
    members = await view.read(lambda connection: StaffStore(connection).all_members())
    wanted = (member for member in members if member.active or not query.active_only)
    return StaffList(tuple(sorted(wanted, key=lambda member: (member.name.casefold(), member.staff_id))))


def changed(member: StaffMember) -> StaffChanged:
    """What is told of somebody."""
    return StaffChanged(member.staff_id, member.revision, member.role, member.active)


async def _pin_facts(staff_id: StaffId, pin: str, view: StaffView) -> PinFacts:
    record = await view.read(lambda connection: StaffStore(connection).find(staff_id))
    if record is None:
        return PinFacts(None, await view.pins.hash(pin), fits=False)
    return PinFacts(record.revision, record.pin_hash, await view.pins.fits(record.pin_hash, pin))


def _same_again(member: StaffMember, facts: PinFacts, tx: StaffTx) -> StaffFile | None:
    record = tx.staff.find(member.staff_id)
    if (None if record is None else record.revision) != facts.seen:
        raise StaleFacts
    if record is None:
        return None
    if not facts.fits or not same_details(record.member, member):
        raise StaffExists(field="staff_id", staff_id=member.staff_id)
    return StaffFile(record.member)


def _add(member: StaffMember, pin_hash: str, tx: StaffTx) -> StaffFile:
    if member.badge is not None:
        _check_badge(member.badge, tx)
    tx.staff.add(Record(member, pin_hash), tx.now)
    tx.record(changed(member))
    return StaffFile(member)


def _person_in_reach(staff_id: StaffId, tx: StaffTx) -> Record:
    """Somebody whose role may no more than that of whoever asks."""
    record = tx.staff.find(staff_id)
    if record is None:
        raise StaffNotFound(staff_id=staff_id)
    role = tx.roles.find(record.member.role)
    if role is not None:  # an erased person's role may be gone
        check_holds(tx.giver("staff.edit"), role, "staff.edit")
    return record


def _role(role: RoleId, tx: StaffTx) -> StaffRole:
    found = tx.roles.find(role)
    if found is None:
        raise RoleNotFound(field="role", role=role)
    return found


def _check_badge(badge: str, tx: StaffTx) -> None:
    if tx.staff.find_badge(badge) is not None:
        raise BadgeTaken(field="badge")
