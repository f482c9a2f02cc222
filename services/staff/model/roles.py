"""Roles: what each may do, who may give what, and what nobody may take from an owner.

Pure: nothing here waits, stores or reads a clock.
"""

from collections.abc import Mapping
from typing import Final, get_args

import msgspec

from contracts.base import PermissionDenied
from contracts.customers import RevisionConflict
from contracts.staff import Grant, Permission, RoleId
from contracts.staff.roles import PutRole, RoleChanged, RoleFixed, StaffRole
from services.staff.model.authors import NOBODY, Author
from services.staff.model.names import a_name

PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)
OWNER: Final = RoleId("owner")
KEPT_BY_OWNERS: Final[tuple[Permission, ...]] = ("staff.edit", "staff.roles", "policy.edit")
"""With these an owner gets everything else back."""

_ORDER: Final[dict[Grant, int]] = {"denied": 0, "needs_approval": 1, "allowed": 2}

_CASHIER: dict[Permission, Grant] = {
    "sale.sell": "allowed",
    "sale.remove_line": "allowed",
    "sale.void": "needs_approval",
    "tender.remove": "allowed",
    "attribution.edit_completed": "needs_approval",
    "receipt.reprint": "allowed",
    "drawer.open": "needs_approval",
    "customer.view": "allowed",
    "customer.details": "needs_approval",
    "customer.edit": "allowed",
    "customer.grant": "needs_approval",
    "customer.merge": "needs_approval",
    "ledger.adjust": "needs_approval",
    "policy.waive": "needs_approval",
    "policy.pass_unavailable": "needs_approval",
}
_SENIOR: dict[Permission, Grant] = {
    **_CASHIER,
    "sale.void": "allowed",
    "drawer.open": "allowed",
    "customer.details": "allowed",
    "customer.grant": "allowed",
    "customer.merge": "allowed",
}
_OWNER: dict[Permission, Grant] = {**dict.fromkeys(PERMISSIONS, "allowed"), "staff.report_person": "denied"}
_MANAGER: dict[Permission, Grant] = {**_OWNER, "staff.roles": "denied"}


def every_grant(permissions: Mapping[Permission, Grant]) -> dict[Permission, Grant]:
    """All permissions of the hub in their order; one that is not named is denied."""
    return {permission: permissions.get(permission, "denied") for permission in PERMISSIONS}


BUILT_IN: Final[tuple[StaffRole, ...]] = tuple(
    StaffRole(RoleId(role), 1, name, every_grant(permissions), may_approve=may_approve, built_in=True)
    for role, name, permissions, may_approve in (
        ("cashier", "Cashier", _CASHIER, False),
        ("senior", "Senior", _SENIOR, True),
        ("manager", "Manager", _MANAGER, True),
        (OWNER, "Owner", _OWNER, True),
    )
)
"""The roles that every store has, as they are at first, from the one that may least to the one that may most."""


def having(role: StaffRole, grant: Grant) -> tuple[Permission, ...]:
    """The permissions that a role has just so, in the contract's order."""
    return tuple(permission for permission in PERMISSIONS if role.permissions.get(permission, "denied") == grant)


def changed(role: StaffRole, author: Author = NOBODY, *, removed: bool = False) -> RoleChanged:
    """What is told of a role."""
    return RoleChanged(
        role=role.role,
        revision=role.revision,
        allowed=having(role, "allowed"),
        needs_approval=having(role, "needs_approval"),
        may_approve=role.may_approve,
        removed=removed,
        changed_by=author.changed_by,
        approved_by=author.approved_by,
    )


def weight(role: StaffRole) -> tuple[int, bool, str]:
    """What roles are put in order by, from the one that may least to the one that may most."""
    return sum(_ORDER[grant] for grant in role.permissions.values()), role.may_approve, role.role


def check_holds(giver: StaffRole | None, role: StaffRole, permission: Permission) -> None:
    """Let nobody give or touch what may more than they may themselves; an owner gives anything.

    Args:
        giver: the role of whoever asks; None where the store has no such role any more.
        role: what is given, or what somebody has who is to be changed.
        permission: the one that let the giver ask, named in the refusal.

    Rejections:
        PermissionDenied: the role may more; ``beyond`` names what.
    """
    if giver is None:
        raise PermissionDenied(permission=permission, field="role", beyond=[])
    if giver.role == OWNER:
        return
    beyond: list[str] = [
        each
        for each, grant in role.permissions.items()
        if _ORDER[grant] > _ORDER[giver.permissions.get(each, "denied")]
    ]
    if role.may_approve and not giver.may_approve:
        beyond.append("may_approve")
    if beyond:
        raise PermissionDenied(permission=permission, field="role", beyond=beyond)


def put(command: PutRole, before: StaffRole | None, last_revision: int) -> StaffRole:
    """A role as a command wants it.

    Args:
        command: what is wanted.
        before: the role as it is; None where the store has none of that id.
        last_revision: the highest that this id ever had, so that followers see a role that comes again as newer.

    Rejections:
        RevisionConflict: it is not at the revision that the command was made for.
        RoleFixed: an owner would lose what owners keep; ``permission`` names it.
        Malformed: the name is blank, or holds a control character.
    """
    revision = 0 if before is None else before.revision
    if command.expected_revision != revision:
        raise RevisionConflict(field="expected_revision", revision=revision)
    permissions = every_grant(command.permissions)
    if command.role == OWNER:
        for kept in KEPT_BY_OWNERS:
            if permissions[kept] != "allowed":
                raise RoleFixed(role=OWNER, permission=kept)
        if not command.may_approve:
            raise RoleFixed(role=OWNER, permission="may_approve")
    return StaffRole(
        role=command.role,
        revision=last_revision + 1,
        name=a_name(command.name, "name"),
        permissions=permissions,
        may_approve=command.may_approve,
        built_in=before is not None and before.built_in,
    )


def removed(role: StaffRole) -> StaffRole:
    """A role that may nothing any more, one revision on."""
    return msgspec.structs.replace(role, revision=role.revision + 1, permissions=every_grant({}), may_approve=False)


def with_new_permissions(kept: StaffRole, shipped: StaffRole) -> StaffRole | None:
    """A built-in role with what the hub has learned since it was kept, each as shipped; None where that is nothing."""
    if all(permission in kept.permissions for permission in PERMISSIONS):
        return None
    permissions = {each: kept.permissions.get(each, shipped.permissions[each]) for each in PERMISSIONS}
    return msgspec.structs.replace(kept, revision=kept.revision + 1, permissions=permissions)
