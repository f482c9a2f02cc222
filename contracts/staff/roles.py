"""What a role may do, and how the shop changes it."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.base import Command, Event, Message, Query, Rejection, Reply
from contracts.customers import RevisionConflict
from contracts.ids import StaffId
from contracts.staff import Grant, Permission, RoleId, RoleNotFound


class RoleFixed(Rejection):
    """A built-in role stays, and owners keep what lets them set everything else right."""


class RoleInUse(Rejection):
    """Somebody has this role; give them another one first."""


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
