"""Roles, locks, sessions and shares."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Malformed, PermissionDenied
from contracts.checkout import Share
from contracts.ids import RegisterId, StaffId
from contracts.staff import AddOwner, CreateStaff, Permission, RegisterSession, StaffRole
from services.staff import model
from services.staff.model import (
    MOST_WRONG_TRIES,
    PERMISSIONS,
    ROLES,
    Session,
    Tries,
    after_wrong_try,
    check_may_give,
    check_period,
    credited,
    expires_at,
    locked_s,
    new_member,
    next_number,
    register_session,
    sales_in,
    shares,
)
from services.staff.settings import StaffSettings
from tests.services.staff.examples import CASHIER, JONAS, JONAS_PIN, MIA, NORA, NORAS_PIN, OWNER, a_line, a_sale

NOW = datetime(2026, 3, 14, 9, 0, 0, 250_000, tzinfo=UTC)
README = Path(model.__file__).parent / "README.md"
SESSION = Session(RegisterId("till-1"), 17, JONAS, "cashier", NOW, "0190a000-0000-7000-8000-00000000000c")

AMOUNTS = st.integers(-(10**9), 10**9)


@st.composite
def attributions(draw: st.DrawFn) -> tuple[Share, ...]:
    """One to six staff members whose basis points add up to 10000."""
    count = draw(st.integers(1, 6))
    cuts = sorted(draw(st.sets(st.integers(1, 9_999), min_size=count - 1, max_size=count - 1)))
    bounds = [0, *cuts, 10_000]
    return tuple(
        Share(StaffId(f"0190a000-0000-7000-8000-{place:012d}"), high - low)
        for place, (low, high) in enumerate(pairwise(bounds))
    )


def test_the_readme_has_the_same_permissions_as_the_code() -> None:
    rows = re.findall(
        r"^\| `([a-z.]+)` \|((?: (?:yes|-) \|)+)$", README.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    told: dict[StaffRole, set[str]] = {role: set() for role in ROLES}
    for permission, cells in rows:
        for role, cell in zip(ROLES, cells.strip(" |").split(" | "), strict=True):
            if cell == "yes":
                told[role].add(permission)

    assert told == {role: set(permissions) for role, permissions in PERMISSIONS.items()}


def test_every_permission_is_somebodys_and_a_higher_role_may_no_less() -> None:
    assert set(PERMISSIONS) == set(get_args(StaffRole))
    assert set(PERMISSIONS["owner"]) == set(get_args(Permission))
    for lower, higher in pairwise(ROLES):
        assert set(PERMISSIONS[lower]) <= set(PERMISSIONS[higher])


@pytest.mark.parametrize(("giver", "role"), [("manager", "owner"), ("cashier", "senior"), ("stranger", "cashier")])
def test_nobody_gives_a_role_above_their_own(giver: str, role: StaffRole) -> None:
    with pytest.raises(PermissionDenied):
        check_may_give(giver, role)


@pytest.mark.parametrize(("giver", "role"), [("manager", "manager"), ("owner", "owner"), ("manager", "cashier")])
def test_a_role_up_to_ones_own_can_be_given(giver: str, role: StaffRole) -> None:
    check_may_give(giver, role)


def test_an_owner_added_by_the_hub_is_an_owner_and_active() -> None:
    member = new_member(OWNER)

    assert (member.role, member.active, member.badge) == ("owner", True, "B-1001")


def test_a_name_is_kept_trimmed_and_composed() -> None:
    assert new_member(CreateStaff(MIA, " Zoe\u0308 ", "1234")).name == "Zoë"


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


def test_the_fifth_wrong_try_locks_for_five_minutes() -> None:
    tries = Tries()
    for _ in range(MOST_WRONG_TRIES - 1):
        tries = after_wrong_try(tries, NOW)
        assert locked_s(tries, NOW) == 0
    tries = after_wrong_try(tries, NOW)

    assert locked_s(tries, NOW) == 300
    assert locked_s(tries, NOW + timedelta(seconds=299, microseconds=1)) == 1
    assert locked_s(tries, NOW + timedelta(seconds=300)) == 0


def test_after_a_lock_the_count_begins_anew() -> None:
    assert after_wrong_try(Tries(5, NOW), NOW + timedelta(minutes=6)) == Tries(1, None)


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    assert locked_s(Tries(5, NOW), NOW - timedelta(days=365)) == 0


def test_session_numbers_rise_by_one() -> None:
    assert next_number(None) == 1
    assert next_number(SESSION) == 18


def test_starting_and_ending_a_session_raise_the_revision() -> None:
    started = register_session(SESSION)
    ended = register_session(SESSION._replace(ended="signed_off"))
    following = register_session(SESSION._replace(number=18))

    assert started == RegisterSession(33, 17, JONAS)
    assert ended == RegisterSession(34, 17, None)
    assert following.revision == 35


def test_a_session_lasts_twelve_hours_in_whole_seconds() -> None:
    assert expires_at(SESSION, StaffSettings().session_hours) == datetime(2026, 3, 14, 21, tzinfo=UTC)


@given(AMOUNTS, attributions())
def test_the_shares_of_a_line_add_up_to_it(amount: int, attribution: tuple[Share, ...]) -> None:
    assert sum(shares(amount, attribution).values()) == amount


@given(AMOUNTS, attributions(), st.randoms())
def test_the_order_of_shares_does_not_matter(amount: int, attribution: tuple[Share, ...], random: Random) -> None:
    shuffled = list(attribution)
    random.shuffle(shuffled)

    assert shares(amount, shuffled) == shares(amount, attribution)


@given(AMOUNTS, attributions())
def test_no_share_is_a_cent_or_more_off(amount: int, attribution: tuple[Share, ...]) -> None:
    parts = shares(amount, attribution)

    assert all(abs(parts[each.staff_id] * 10_000 - amount * each.basis_points) < 10_000 for each in attribution)


@given(AMOUNTS, attributions())
def test_a_return_takes_off_what_the_sale_gave(amount: int, attribution: tuple[Share, ...]) -> None:
    given_before, taken = shares(amount, attribution), shares(-amount, attribution)

    assert taken == {staff_id: -part for staff_id, part in given_before.items()}


@given(st.lists(st.tuples(AMOUNTS, attributions()), max_size=6), st.randoms())
def test_the_credit_of_a_sale_is_its_attributed_lines_in_any_order(
    lines: list[tuple[int, tuple[Share, ...]]], random: Random
) -> None:
    sale = [a_line(amount, *((each.staff_id, each.basis_points) for each in parts)) for amount, parts in lines]
    shuffled = [*sale, a_line(999)]
    random.shuffle(shuffled)

    assert credited(shuffled) == credited(sale)
    assert sum(credited(sale).values()) == sum(amount for amount, _ in lines)


def test_a_cent_that_cannot_be_split_goes_to_the_lower_staff_id() -> None:
    assert shares(5, (Share(JONAS, 5_000), Share(NORA, 5_000))) == {NORA: 3, JONAS: 2}


def test_a_return_is_no_sale() -> None:
    assert sales_in(a_sale(1, a_line(100))) == 1
    assert sales_in(a_sale(2, a_line(-100), kind="return")) == 0


@pytest.mark.parametrize(
    ("from_day", "to_day", "field"),
    [
        ("2026-02-30", "2026-03-14", "$.from_day"),
        ("2026-03-01", "2026-13-01", "$.to_day"),
        ("0000-01-01", "2026-03-14", "$.from_day"),
        ("2026-03-14", "2026-03-13", "$.to_day"),
        ("2026-01-01", "2027-01-02", "$.to_day"),
    ],
)
def test_a_period_that_is_none_is_refused(from_day: str, to_day: str, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_period(from_day, to_day)

    assert refused.value.details["field"] == field


@pytest.mark.parametrize(("from_day", "to_day"), [("2026-03-14", "2026-03-14"), ("2024-01-01", "2024-12-31")])
def test_a_day_or_a_leap_year_is_a_period(from_day: str, to_day: str) -> None:
    check_period(from_day, to_day)


def test_what_is_kept_of_a_pin_is_no_part_of_a_member() -> None:
    told = str(new_member(CASHIER)) + str(new_member(OWNER))

    assert JONAS_PIN not in told
    assert NORAS_PIN not in told
