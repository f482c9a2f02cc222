"""``staff role``: what each role may do, by itself or when somebody approves it."""

from typing import Annotated, Final, get_args

import msgspec
from cyclopts import Parameter
from rich.table import Table

from contracts.staff import Grant, Permission, RoleId
from contracts.staff.roles import ListRoles, PutRole, RemoveRole, StaffRole
from services.hub.persons import ANYBODY, Who, acting
from services.hub.terminal import (
    AsJson,
    CommandRefused,
    as_hub,
    console,
    data_folder,
    fitting,
    nearest,
    plain,
    print_plain,
)

SHOWN: Final[dict[Grant, str]] = {"allowed": "yes", "needs_approval": "approval", "denied": "-"}
NEW: Final = 0
"""The revision of a role that is not there yet."""


async def role_staff(  # noqa: PLR0913 - the arguments of one command
    role: Annotated[str | None, Parameter(help="One role; all if left out.")] = None,
    /,
    *,
    grants: Annotated[
        list[str] | None,
        Parameter(
            name="--set",
            negative="",
            consume_multiple=True,
            help="PERMISSION=GRANT, each allowed, needs_approval or denied; a role that is not there is made.",
        ),
    ] = None,
    name: Annotated[str | None, Parameter(help="What the role is called.")] = None,
    may_approve: Annotated[bool | None, Parameter(help="Whether its people approve what they may do.")] = None,
    remove: Annotated[bool, Parameter(negative="", help="Take the role away; nobody may have it.")] = False,
    as_json: AsJson = False,
    who: Who = ANYBODY,
) -> None:
    """Show what the roles may do, or change one; its people are signed off everywhere when it changes."""
    wanted = _grants(grants or [])
    changes = bool(wanted) or name is not None or may_approve is not None
    if not changes and not remove:
        _tell(await _roles(role, who), as_json=as_json)
        return
    if role is None or (changes and remove):
        raise CommandRefused("name one role, and either what is to change of it or --remove")
    if remove:
        gone = fitting({"role": role}, RemoveRole)
        [known] = await _roles(role, who)
        if known.built_in:
            raise CommandRefused(f"every store has the role {role}; what it may do can be changed, but it stays")
        async with acting(who) as person:
            removed = await person.ask(gone)
        print_plain(msgspec.json.encode(removed).decode() if as_json else f"the role {role} is gone")
        return
    fitting({"role": role, "expected_revision": NEW, "name": name or role, "permissions": wanted}, PutRole)
    async with acting(who) as person:
        listed = (await person.client.ask(ListRoles())).roles
        before = next((each for each in listed if each.role == role), StaffRole(RoleId(role), NEW, role, {}, False))
        put = PutRole(
            role=before.role,
            expected_revision=before.revision,
            name=before.name if name is None else name,
            permissions={**before.permissions, **wanted},
            may_approve=before.may_approve if may_approve is None else may_approve,
        )
        after = (await person.ask(put)).role
    _tell((after,), as_json=as_json)


async def _roles(role: str | None, who: Who) -> tuple[StaffRole, ...]:
    """The role that is named, or all."""
    async with as_hub(data_folder(who.data)) as (_, client):
        listed = (await client.ask(ListRoles())).roles
    if role is not None and role not in {each.role for each in listed}:
        raise CommandRefused(f"there is no role {role[:80]!r}{nearest(role, [each.role for each in listed])}")
    return tuple(each for each in listed if role in (None, each.role))


def _tell(roles: tuple[StaffRole, ...], *, as_json: bool) -> None:
    if as_json:
        print_plain(msgspec.json.encode(roles).decode())
        return
    table = Table("permission", *(each.role for each in roles))
    for permission in get_args(Permission):
        table.add_row(permission, *(SHOWN[each.permissions.get(permission, "denied")] for each in roles))
    table.add_section()
    table.add_row("approves others", *("yes" if each.may_approve else "-" for each in roles))
    table.add_row("called", *(plain(each.name) for each in roles))
    table.add_row("revision", *(str(each.revision) for each in roles))
    console().print(table)


def _grants(given: list[str]) -> dict[Permission, Grant]:
    """What ``--set`` said.

    Raises:
        CommandRefused: a permission or a grant is none.
    """
    wanted: dict[str, str] = {}
    for each in given:
        permission, equals, grant = each.partition("=")
        if not equals:
            raise CommandRefused(f"{each[:80]!r} is no PERMISSION=GRANT, such as sale.void=needs_approval")
        if permission not in get_args(Permission):
            raise CommandRefused(
                f"there is no permission {permission[:80]!r}{nearest(permission, get_args(Permission))}"
            )
        if grant not in get_args(Grant):
            raise CommandRefused(f"{grant[:80]!r} is no grant for {permission}; there are {', '.join(get_args(Grant))}")
        wanted[permission] = grant
    return msgspec.convert(wanted, dict[Permission, Grant])
