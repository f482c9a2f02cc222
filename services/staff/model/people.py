"""The staff list: somebody new, somebody changed, and the owner who always remains.

Pure: nothing here waits, stores or reads a clock.
"""

from typing import Literal, NamedTuple

import msgspec
from msgspec import UNSET

from contracts.customers import RevisionConflict
from contracts.staff import AddOwner, CreateStaff, LastOwner, StaffChanged, StaffMember, UpdateStaff
from services.staff.model.authors import NOBODY, Author
from services.staff.model.names import a_name, one_line
from services.staff.model.roles import OWNER


class Record(NamedTuple):
    """A staff member as they are kept; ``pin_hash`` is an argon2id hash."""

    member: StaffMember
    pin_hash: str

    @property
    def revision(self) -> int:
        """How often they were put down or changed."""
        return self.member.revision

    @property
    def erased(self) -> bool:
        """Whether it is forgotten who they were."""
        return not self.member.name


def new_member(command: CreateStaff | AddOwner) -> StaffMember:
    """Somebody new on the staff list, active at once.

    Rejections:
        Malformed: the name is blank, or a name holds a control character.
    """
    return StaffMember(
        staff_id=command.staff_id,
        name=a_name(command.name, "name"),
        short_name=one_line(command.short_name, "short_name"),
        role=command.role if isinstance(command, CreateStaff) else OWNER,
        active=True,
        badge=command.badge,
    )


def changed_member(command: UpdateStaff, before: StaffMember) -> StaffMember:
    """Somebody with the details that a command gives, the others as they were; the revision is one higher.

    Rejections:
        RevisionConflict: the record is not at the revision that the command was made for.
        Malformed: the name is blank, or a name holds a control character.
    """
    if command.expected_revision != before.revision:
        raise RevisionConflict(field="expected_revision", revision=before.revision)
    return StaffMember(
        staff_id=before.staff_id,
        name=before.name if command.name is UNSET else a_name(command.name, "name"),
        short_name=before.short_name if command.short_name is UNSET else one_line(command.short_name, "short_name"),
        role=before.role if command.role is UNSET else command.role,
        active=before.active if command.active is UNSET else command.active,
        badge=before.badge if command.badge is UNSET else command.badge,
        revision=before.revision + 1,
    )


def changed(member: StaffMember, author: Author = NOBODY) -> StaffChanged:
    """What is told of somebody."""
    return StaffChanged(
        member.staff_id,
        member.revision,
        member.role,
        member.active,
        changed_by=author.changed_by,
        approved_by=author.approved_by,
    )


def same_details(one: StaffMember, other: StaffMember) -> bool:
    """Whether nothing but the revision tells two records apart."""
    return one == msgspec.structs.replace(other, revision=one.revision)


def check_owner_remains(before: StaffMember, after: StaffMember, active_owners: int) -> None:
    """Let no change leave the store without an owner who can sign on.

    Rejections:
        LastOwner: this is the only active owner, who would be none any more.
    """
    if _is_active_owner(before) and not _is_active_owner(after) and active_owners == 1:
        raise LastOwner(staff_id=before.staff_id)


def why_signed_off(
    before: StaffMember, after: StaffMember, *, new_pin: bool
) -> Literal["deactivated", "changed"] | None:
    """Why a change ends the sessions of whoever it is about; None where they go on."""
    if not after.active:
        return "deactivated"
    return "changed" if new_pin or before.role != after.role else None


def _is_active_owner(member: StaffMember) -> bool:
    return member.active and member.role == OWNER
