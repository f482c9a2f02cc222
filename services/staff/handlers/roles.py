"""Roles: those that every store has, and those that the shop makes or changes."""

from contracts.staff import RoleNotFound
from contracts.staff.roles import ListRoles, PutRole, RemoveRole, RoleFile, RoleFixed, RoleInUse, RoleRemoved, Roles
from services.staff.model.roles import BUILT_IN, changed, check_holds, put, removed, weight, with_new_permissions
from services.staff.store.roles import RoleStore
from services.staff.transactions import StaffTx, StaffView


def start(tx: StaffTx) -> None:
    """Have the built-in roles, and let them know what the hub has learned since; each change is told once."""
    for shipped in BUILT_IN:
        kept = tx.roles.find(shipped.role)
        role = shipped if kept is None else with_new_permissions(kept, shipped)
        if role is not None:
            tx.roles.put(role, tx.now)
            tx.record(changed(role))


async def list_roles(query: ListRoles, view: StaffView) -> Roles:  # noqa: ARG001 - it asks for all
    """What each role may do, from the one that may least to the one that may most."""
    roles = await view.read(lambda connection: RoleStore(connection).every())
    return Roles(tuple(sorted(roles, key=weight)))


def put_role(command: PutRole, tx: StaffTx) -> RoleFile:
    """Make a role or change it; whoever has it signs on again where it may other things by now.

    Rejections:
        PermissionDenied: the role may, or is to, more than that of whoever asks.
        RevisionConflict: it has changed meanwhile; ``revision`` says which it is at, 0 where it is none.
        RoleFixed: an owner would lose what owners keep.
        Malformed: the name is blank, or holds a control character.
    """
    giver = tx.giver("staff.roles")
    before = tx.roles.find(command.role)
    role = put(command, before, tx.roles.last_revision(command.role))
    for each in (before, role):
        if each is not None:
            check_holds(giver, each, "staff.roles")
    tx.roles.put(role, tx.now)
    tx.record(changed(role, tx.author("staff.roles")))
    if before is not None and before.permissions != role.permissions:
        for staff_id in tx.staff.having(role.role):
            tx.end_everywhere(staff_id, "changed")
    return RoleFile(role)


def remove_role(command: RemoveRole, tx: StaffTx) -> RoleRemoved:
    """Take away a role that nobody has.

    Rejections:
        RoleNotFound: there is none of that id.
        RoleFixed: every store has it.
        PermissionDenied: the role may more than that of whoever asks.
        RoleInUse: somebody has it, or had it when they left; ``staff_ids`` names them.
    """
    role = tx.roles.find(command.role)
    if role is None:
        raise RoleNotFound(field="role", role=command.role)
    if role.built_in:
        raise RoleFixed(role=role.role)
    check_holds(tx.giver("staff.roles"), role, "staff.roles")
    having = tx.staff.having(role.role)
    if having:
        raise RoleInUse(role=role.role, staff_ids=having)
    gone = removed(role)
    tx.roles.put(gone, tx.now, removed=True)
    tx.record(changed(gone, tx.author("staff.roles"), removed=True))
    return RoleRemoved(role.role)
