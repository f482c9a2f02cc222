"""Somebody new, somebody changed, and the owner who always remains."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Malformed
from contracts.customers import RevisionConflict
from contracts.staff import AddOwner, CreateStaff, LastOwner, StaffMember, UpdateStaff
from services.staff.model.people import (
    changed_member,
    check_owner_remains,
    new_member,
    same_details,
    why_signed_off,
)
from tests.services.staff.examples import (
    CASHIER,
    JONAS_PIN,
    MANAGER,
    MIA,
    NORA,
    NORAS_PIN,
    OWNER,
    OWNERS,
    SENIOR,
)

NORA_OWNS = new_member(OWNER)
MEMBERS = st.builds(
    StaffMember,
    staff_id=st.just(NORA),
    name=st.just("Nora"),
    short_name=st.just(""),
    role=st.sampled_from([OWNERS, MANAGER, SENIOR]),
    active=st.booleans(),
)


def test_an_owner_added_by_the_hub_is_an_owner_and_active() -> None:
    assert (NORA_OWNS.role, NORA_OWNS.active, NORA_OWNS.badge) == ("owner", True, "B-1001")


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (CreateStaff(MIA, "  ", "1234"), "$.name"),
        (CreateStaff(MIA, "Mia\nLang", "1234"), "$.name"),
        (AddOwner(MIA, "Mia \u202eLang", "1234"), "$.name"),
        (CreateStaff(MIA, "Mia", "1234", short_name="M\x1b"), "$.short_name"),
    ],
)
def test_a_name_that_is_none_is_refused_by_field(command: CreateStaff | AddOwner, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        new_member(command)

    assert refused.value.details["field"] == field
    assert "Mia" not in str(refused.value.details)


def test_what_is_kept_of_a_pin_is_no_part_of_a_member() -> None:
    told = str(new_member(CASHIER)) + str(NORA_OWNS)

    assert JONAS_PIN not in told
    assert NORAS_PIN not in told


def test_a_change_names_what_changes_and_leaves_the_rest() -> None:
    renamed = changed_member(UpdateStaff(NORA, 1, name=" Nora Schwarz "), NORA_OWNS)
    without_badge = changed_member(UpdateStaff(NORA, 1, badge=None, short_name=""), NORA_OWNS)

    assert renamed == msgspec.structs.replace(NORA_OWNS, name="Nora Schwarz", revision=2)
    assert without_badge == msgspec.structs.replace(NORA_OWNS, badge=None, short_name="", revision=2)


def test_a_change_of_an_older_revision_is_refused_with_the_newer() -> None:
    with pytest.raises(RevisionConflict) as refused:
        changed_member(UpdateStaff(NORA, 1), msgspec.structs.replace(NORA_OWNS, revision=3))

    assert refused.value.details == {"field": "expected_revision", "revision": 3}


@pytest.mark.parametrize(
    ("details", "field"), [({"name": " \u200b"}, "$.name"), ({"short_name": "N\t"}, "$.short_name")]
)
def test_a_changed_name_is_held_to_the_same_rules(details: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as refused:
        changed_member(UpdateStaff(NORA, 1, **details), NORA_OWNS)

    assert refused.value.details["field"] == field


def test_only_the_revision_is_no_detail() -> None:
    assert same_details(NORA_OWNS, msgspec.structs.replace(NORA_OWNS, revision=9))
    assert not same_details(NORA_OWNS, msgspec.structs.replace(NORA_OWNS, active=False))


@given(MEMBERS, MEMBERS, st.integers(0, 5))
def test_an_active_owner_always_remains(before: StaffMember, after: StaffMember, others: int) -> None:
    """Whatever changes, no store that had an active owner is left without one."""
    active = others + (before.active and before.role == OWNERS)
    left = others + (after.active and after.role == OWNERS)

    if active == 1 and left == 0:
        with pytest.raises(LastOwner) as refused:
            check_owner_remains(before, after, active)
        assert refused.value.details == {"staff_id": NORA}
    else:
        check_owner_remains(before, after, active)


@pytest.mark.parametrize(
    ("change", "new_pin", "reason"),
    [
        ({"active": False}, False, "deactivated"),
        ({"active": False, "role": SENIOR}, True, "deactivated"),
        ({"role": MANAGER}, False, "changed"),
        ({}, True, "changed"),
        ({"name": "Nora Schwarz", "badge": None}, False, None),
    ],
)
def test_who_left_or_has_another_role_or_pin_is_signed_off(
    change: dict[str, Any], new_pin: bool, reason: str | None
) -> None:
    after = msgspec.structs.replace(NORA_OWNS, **change)

    assert why_signed_off(NORA_OWNS, after, new_pin=new_pin) == reason
