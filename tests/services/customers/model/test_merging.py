"""Merging as algebra: nothing that can be kept is lost, and what nobody touched comes back as it was."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.customers import Customer
from contracts.customers.merging import Take
from services.customers.model.merging import FIELDS, differing, merged, parted
from tests.services.customers.examples import customer_id

NAMES = st.sampled_from(["", "Anna", "Anne", "Virtanen"])
LISTS = st.lists(st.sampled_from(["a@example.com", "b@example.com", "c@example.com"]), unique=True, max_size=3).map(
    tuple
)
LETTERS = st.lists(st.sampled_from("abcde"), unique=True, max_size=3).map(tuple)


@st.composite
def records(draw: st.DrawFn, number: int) -> Customer:
    """A record; codes of two numbers differ, as they do in a store."""
    codes = draw(st.lists(st.integers(0, 3), unique=True, max_size=4))
    blocked = draw(st.integers(0, len(codes)))
    names = [f"{number}-{each}" for each in codes]
    return Customer(
        customer_id(number),
        draw(st.integers(1, 9)),
        first_name=draw(NAMES),
        last_name=draw(NAMES),
        company=draw(NAMES),
        emails=draw(LISTS),
        codes=tuple(names[blocked:]),
        blocked_codes=tuple(names[:blocked]),
        tags=draw(LETTERS),
        notes=draw(NAMES),
        custom=draw(st.dictionaries(st.sampled_from(["size", "colour"]), st.sampled_from(["s", "m"]))),
    )


def content(customer: Customer) -> dict[str, object]:
    return {name: getattr(customer, name) for name in (*FIELDS, "codes", "blocked_codes", "placeholder")}


@given(records(1), records(2), st.randoms())
def test_every_choice_that_is_offered_can_be_made_and_says_whose_it_is(
    survivor: Customer, loser: Customer, chance: object
) -> None:
    offered = differing(survivor, loser)
    take: dict[object, Take] = {each.field: chance.choice(each.takes) for each in offered}  # type: ignore[attr-defined]

    result = merged(survivor, loser, take)  # type: ignore[arg-type]

    for field in FIELDS:
        mine, theirs, made = (getattr(each, field) for each in (survivor, loser, result))
        chosen = take.get(field, "survivor")
        assert made == mine if chosen == "survivor" else made == theirs if chosen == "loser" else made
    assert set(result.codes) == {*survivor.codes, *loser.codes}
    assert set(result.blocked_codes) == {*survivor.blocked_codes, *loser.blocked_codes}


@given(records(1), records(2))
def test_nothing_that_can_be_kept_of_both_is_lost_unless_chosen(survivor: Customer, loser: Customer) -> None:
    result = merged(survivor, loser, {})

    assert set(result.emails) == {*survivor.emails, *loser.emails}
    assert set(result.tags) == {*survivor.tags, *loser.tags}
    assert set(result.custom) == {*survivor.custom, *loser.custom}
    for name in ("first_name", "last_name", "company"):
        assert getattr(result, name) == (getattr(survivor, name) or getattr(loser, name))
    for each in (survivor.notes, loser.notes):
        assert each in result.notes


@given(records(1), records(2))
def test_a_merge_that_nobody_touched_comes_apart_as_it_was(survivor: Customer, loser: Customer) -> None:
    result = merged(survivor, loser, {})

    mine, theirs = parted(result, result, survivor, loser)

    assert (content(mine), content(theirs)) == (content(survivor), content(loser))
    assert result.revision > max(survivor.revision, loser.revision)
    assert mine.revision == theirs.revision == result.revision + 1


@given(records(1), records(2), LISTS, LETTERS, NAMES)
def test_what_was_changed_since_stays_with_the_survivor(
    survivor: Customer, loser: Customer, emails: tuple[str, ...], tags: tuple[str, ...], company: str
) -> None:
    result = merged(survivor, loser, {})
    now = Customer(
        **{
            **{each: getattr(result, each) for each in result.__struct_fields__},
            "company": company,
            "tags": tags,
            "emails": emails,
        }
    )

    mine, theirs = parted(now, result, survivor, loser)

    assert mine.company == (survivor.company if company == result.company else company)
    if tags != result.tags:
        assert mine.tags == tuple(each for each in tags if each in survivor.tags or each not in loser.tags)
    assert content(theirs) == content(loser)


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ("Likes tea.\nTaller than a steak.\ntea\nNew.", "Likes tea.\nTaller than a steak.\nNew."),
        ("tea", ""),
        ("Likes teapots.", "Likes teapots."),
    ],
)
def test_whole_lines_of_the_losers_notes_leave_with_them(now: str, left: str) -> None:
    survivor, loser = (Customer(customer_id(each), 1, notes=notes) for each, notes in ((1, "Likes tea."), (2, "tea")))
    result = merged(survivor, loser, {})

    mine, theirs = parted(msgspec.structs.replace(result, notes=now), result, survivor, loser)

    assert (mine.notes, theirs.notes) == (left, "tea")


@given(records(1), records(2))
def test_what_is_alike_is_not_asked_about(survivor: Customer, loser: Customer) -> None:
    asked = {each.field for each in differing(survivor, loser)}

    assert asked == {field for field in FIELDS if getattr(survivor, field) != getattr(loser, field)}
