"""What each role may do at first, who gives what, and what owners keep."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Malformed, PermissionDenied, Request
from contracts.customers import RevisionConflict
from contracts.staff import Grant, Permission, RoleId
from contracts.staff.roles import PutRole, RoleChanged, RoleFixed, StaffRole
from services.hub.published.messages import every_message
from services.staff import model
from services.staff.model.roles import (
    BUILT_IN,
    KEPT_BY_OWNERS,
    OWNER,
    PERMISSIONS,
    changed,
    check_holds,
    every_grant,
    having,
    put,
    removed,
    weight,
    with_new_permissions,
)

README = Path(model.__file__).parents[1] / "README.md"
CASHIER, SENIOR, MANAGER, OWNERS = BUILT_IN
GRANTS = st.sampled_from(get_args(Grant))
SETS = st.dictionaries(st.sampled_from(PERMISSIONS), GRANTS)
ORDER: tuple[Grant, ...] = ("denied", "needs_approval", "allowed")
CHECKED_BY_HANDLERS: tuple[Permission, ...] = ("policy.pass_unavailable", "staff.report_person", "sale.remove_line")
STOCK = RoleId("stock-taker")


def a_role(permissions: dict[Permission, Grant], role: str = "custom", *, may_approve: bool = False) -> StaffRole:
    return StaffRole(RoleId(role), 1, "Custom", every_grant(permissions), may_approve)


def permissions_in_readme() -> dict[str, list[str]]:
    rows = re.findall(
        r"^\| `([a-z._]+)` \|((?: [a-z ]+ \|){4})", README.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return {permission: [cell.strip() for cell in cells.strip(" |").split("|")] for permission, cells in rows}


def test_the_readme_has_the_same_permissions_as_the_code() -> None:
    told = permissions_in_readme()

    assert told == {
        permission: [role.permissions[permission].replace("_", " ") for role in BUILT_IN] for permission in PERMISSIONS
    }


def test_the_readme_says_who_may_approve() -> None:
    row = next(
        line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| may approve others |")
    )

    assert [cell.strip() for cell in row.split("|")[2:6]] == ["yes" if role.may_approve else "no" for role in BUILT_IN]


def test_every_permission_that_anything_asks_for_is_in_the_readme() -> None:
    asked = {
        message.permission
        for message in every_message()
        if issubclass(message, Request) and message.permission is not None
    }

    assert asked | set(CHECKED_BY_HANDLERS) <= set(permissions_in_readme())


def test_a_higher_role_may_no_less() -> None:
    for lower, higher in pairwise(BUILT_IN):
        check_holds(higher, lower, "staff.edit")
        assert weight(lower) < weight(higher)


def test_nobody_reads_reports_of_persons_at_first() -> None:
    assert {role.permissions["staff.report_person"] for role in BUILT_IN} == {"denied"}


@pytest.mark.parametrize(("giver", "role"), [(MANAGER, OWNERS), (CASHIER, SENIOR), (None, CASHIER), (SENIOR, MANAGER)])
def test_nobody_gives_a_role_above_their_own(giver: StaffRole | None, role: StaffRole) -> None:
    with pytest.raises(PermissionDenied) as refused:
        check_holds(giver, role, "staff.edit")

    assert (refused.value.details["permission"], refused.value.details["field"]) == ("staff.edit", "role")


@pytest.mark.parametrize(("giver", "role"), [(MANAGER, MANAGER), (OWNERS, OWNERS), (MANAGER, CASHIER)])
def test_a_role_up_to_ones_own_can_be_given(giver: StaffRole, role: StaffRole) -> None:
    check_holds(giver, role, "staff.edit")


@given(SETS, SETS, st.booleans(), st.booleans())
def test_nobody_but_an_owner_gives_more_than_they_hold(
    held: dict[Permission, Grant], wanted: dict[Permission, Grant], approves: bool, to_approve: bool
) -> None:
    giver, role = a_role(held, may_approve=approves), a_role(wanted, may_approve=to_approve)
    more = {each for each in PERMISSIONS if ORDER.index(role.permissions[each]) > ORDER.index(giver.permissions[each])}
    beyond: set[str] = more | ({"may_approve"} if to_approve and not approves else set())

    check_holds(OWNERS, role, "staff.roles")
    if beyond:
        with pytest.raises(PermissionDenied) as refused:
            check_holds(giver, role, "staff.roles")
        assert set(refused.value.details["beyond"]) == beyond
    else:
        check_holds(giver, role, "staff.roles")


@given(SETS)
def test_every_permission_is_told_in_one_way(permissions: dict[Permission, Grant]) -> None:
    role = a_role(permissions)
    told = changed(role)

    assert set(told.allowed) == {each for each, grant in permissions.items() if grant == "allowed"}
    assert set(told.needs_approval) == {each for each, grant in permissions.items() if grant == "needs_approval"}
    assert len(having(role, "denied")) == len(PERMISSIONS) - len(told.allowed) - len(told.needs_approval)


@pytest.mark.parametrize("kept", KEPT_BY_OWNERS)
@pytest.mark.parametrize("grant", ["denied", "needs_approval"])
def test_owners_keep_what_gets_everything_else_back(kept: Permission, grant: Grant) -> None:
    with pytest.raises(RoleFixed) as refused:
        put(PutRole(OWNER, 1, "Owner", {**OWNERS.permissions, kept: grant}, may_approve=True), OWNERS, 1)

    assert refused.value.details == {"role": "owner", "permission": kept}


def test_owners_keep_approving() -> None:
    with pytest.raises(RoleFixed) as refused:
        put(PutRole(OWNER, 1, "Owner", OWNERS.permissions), OWNERS, 1)

    assert refused.value.details == {"role": "owner", "permission": "may_approve"}


def test_a_new_role_denies_what_it_does_not_name() -> None:
    role = put(PutRole(STOCK, 0, " Stock taker ", {"customer.view": "allowed"}), None, 0)

    assert (role.revision, role.name, role.built_in) == (1, "Stock taker", False)
    assert [each for each, grant in role.permissions.items() if grant != "denied"] == ["customer.view"]
    assert set(role.permissions) == set(PERMISSIONS)


def test_a_role_that_comes_again_goes_on_from_its_last_revision() -> None:
    assert put(PutRole(STOCK, 0, "Stock taker", {}), None, 4).revision == 5


@pytest.mark.parametrize(("before", "expected", "revision"), [(None, 1, 0), (CASHIER, 0, 1), (CASHIER, 2, 1)])
def test_a_role_that_has_changed_meanwhile_is_left_alone(
    before: StaffRole | None, expected: int, revision: int
) -> None:
    with pytest.raises(RevisionConflict) as refused:
        put(PutRole(RoleId("cashier"), expected, "Cashier", {}), before, revision)

    assert refused.value.details == {"field": "expected_revision", "revision": revision}


@pytest.mark.parametrize("name", ["", "  ", "Stock\ntaker", "\u202eStock"])
def test_a_roles_name_is_one_visible_line(name: str) -> None:
    with pytest.raises(Malformed) as refused:
        put(PutRole(STOCK, 0, name, {}), None, 0)

    assert refused.value.details["field"] == "$.name"


def test_a_removed_role_may_nothing() -> None:
    gone = changed(removed(MANAGER), removed=True)

    assert gone == RoleChanged(RoleId("manager"), 2, (), (), may_approve=False, removed=True)


def test_a_built_in_role_learns_what_is_new_and_keeps_what_the_shop_settled() -> None:
    old: dict[Permission, Any] = {**MANAGER.permissions, "sale.void": "needs_approval"}
    del old["policy.report"]
    kept = msgspec.structs.replace(MANAGER, permissions=old, revision=3)

    after = with_new_permissions(kept, MANAGER)

    assert after is not None
    assert after.revision == 4
    assert after.permissions == {**MANAGER.permissions, "sale.void": "needs_approval"}
    assert with_new_permissions(after, MANAGER) is None
