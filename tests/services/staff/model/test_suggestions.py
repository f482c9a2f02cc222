"""Whom a register suggests for the credit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import StaffId
from contracts.staff import StaffMember
from services.staff.model.suggestions import MOST_FOUND, MOST_LATELY, SEARCH_FROM, suggest
from tests.services.staff.examples import TILLS_CASHIER


def an_id(number: int) -> StaffId:
    return StaffId(f"0190a000-0000-7000-8000-{number:012d}")


def somebody(number: int, name: str, short_name: str = "", *, active: bool = True) -> StaffMember:
    return StaffMember(an_id(number), name, short_name, TILLS_CASHIER, active)


def crowd(size: int) -> list[StaffMember]:
    return [somebody(number, f"Person {number:02}", f"P{number}") for number in range(size)]


def numbers(members: list[StaffMember], lately: list[int], text: str = "") -> list[int]:
    found = suggest(members, [an_id(each) for each in lately], text).staff
    return [int(each.staff_id[-12:]) for each in found]


def test_who_was_credited_lately_comes_first_newest_first_then_by_name() -> None:
    members = [somebody(1, "Zoë"), somebody(2, "anna"), somebody(3, "Bert"), somebody(4, "Carl")]

    found = suggest(members, [an_id(4), an_id(1)], "").staff

    assert [(each.name, each.lately) for each in found] == [
        ("Carl", True),
        ("Zoë", True),
        ("anna", False),
        ("Bert", False),
    ]


def test_five_are_lately_and_those_who_left_are_not_among_them() -> None:
    members = [*crowd(8), somebody(8, "Person 99", active=False)]

    assert numbers(members, [8, 7, 6, 5, 4, 3, 2]) == [7, 6, 5, 4, 3, 0, 1, 2]


@pytest.mark.parametrize(("active", "wanted"), [(11, False), (12, True), (40, True)])
def test_a_search_is_wanted_from_twelve_active_on(active: int, wanted: bool) -> None:
    members = [*crowd(active), somebody(90, "Gone", active=False)]

    suggestions = suggest(members, [], "")

    assert suggestions.search_wanted is wanted
    assert len(suggestions.staff) == min(active, SEARCH_FROM)


def test_a_search_finds_twenty_at_most() -> None:
    assert len(numbers(crowd(40), [], "per")) == MOST_FOUND


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mak", [1]),
        ("MÄK", [1]),
        ("matti", [1]),
        ("ma ma", [2, 1]),
        ("lon ma", [2]),
        ("47", [2]),
        ("akinen", []),
        ("matti x", []),
        ("  ", [2, 1, 3]),
    ],
)
def test_every_word_typed_begins_a_word_of_the_name_or_the_short_name(text: str, found: list[int]) -> None:
    members = [somebody(1, "Matti Mäkinen"), somebody(2, "Mary-Ann London", "47"), somebody(3, "Zoë")]

    assert numbers(members, [], text) == found


@given(st.permutations(range(10)), st.lists(st.integers(0, 12), unique=True))
def test_the_order_of_the_list_does_not_matter(order: list[int], lately: list[int]) -> None:
    members = crowd(10)

    assert numbers([members[each] for each in order], lately) == numbers(members, lately)
    assert sum(each.lately for each in suggest(members, [an_id(each) for each in lately], "").staff) <= MOST_LATELY
