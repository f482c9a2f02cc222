"""Ids: new ones sort by time, derived ones are the same every time."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.ids import RandomIds, derived, is_uuid

PARENT = "0198c0de-0000-7000-8000-00000000000a"


def test_new_ids_are_uuids_of_version_7_that_sort_in_their_order() -> None:
    made = [RandomIds().new() for _ in range(1000)]

    assert all(is_uuid(each) for each in made)
    assert {uuid.UUID(each).version for each in made} == {7}
    assert made == sorted(set(made))


@given(st.uuids(), st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_a_derived_id_follows_from_parent_and_purpose_alone(parent: uuid.UUID, purpose: str, other: str) -> None:
    first = derived(str(parent), purpose)

    assert is_uuid(first)
    assert RandomIds().derived(str(parent), purpose) == first
    assert (derived(str(parent), other) == first) == (other == purpose)


def test_a_derived_id_stays_what_it_was_in_every_release() -> None:
    """Repeats of commands that were sent before an update must meet the same ids."""
    assert derived(PARENT, "capture") == str(uuid.uuid5(uuid.UUID(PARENT), "capture"))
    assert derived(PARENT, "capture") == "48b20062-996d-51b6-9a28-1fa3fabbaf56"


@pytest.mark.parametrize(
    "text",
    ["", "a", PARENT.upper(), PARENT + "\n", f"{{{PARENT}}}", PARENT.replace("-", ""), f" {PARENT}", PARENT[:-1] + "²"],
)
def test_any_other_spelling_is_no_id(text: str) -> None:
    assert not is_uuid(text)
