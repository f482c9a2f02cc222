"""Rows of one file are judged as if those before them had been taken over."""

import pytest

from contracts.customers.importing import ImportRow, OnDuplicate, RowResult
from contracts.ids import CustomerId
from services.hub.commands.customers.clashes import Clashes

SAME, OTHER = "a" * 32, "b" * 32
KIM, LEE = "c" * 32, "d" * 32
ANNA = CustomerId("0190a000-0000-8000-8000-000000000001")


def created(
    row: int, *, contacts: tuple[str, ...] = (), likenesses: tuple[str, ...] = (), name: str = KIM
) -> RowResult:
    return RowResult(row, "created", contacts=contacts, likenesses=likenesses, name_hash=name)


@pytest.mark.parametrize(
    ("on_duplicate", "same_person", "other_name", "alike"),
    [
        ("refuse", "refused", "refused", "refused"),
        ("fill", "changed", "refused", "refused"),
        ("save_anyway", "created", "created", "created"),
    ],
)
def test_a_row_that_is_like_an_earlier_one_is_judged_as_if_that_were_on_file(
    on_duplicate: OnDuplicate, same_person: str, other_name: str, alike: str
) -> None:
    clashes = Clashes(on_duplicate)

    first = clashes.judged(ImportRow(2, "a"), created(2, contacts=(SAME,), likenesses=(OTHER,)))
    second = clashes.judged(ImportRow(3, "b"), created(3, contacts=(SAME,), name=LEE))
    third = clashes.judged(ImportRow(4, "c"), created(4, contacts=(SAME,)))
    fourth = clashes.judged(ImportRow(5, "d"), created(5, likenesses=(OTHER,)))

    told = (first.outcome, second.outcome, third.outcome, fourth.outcome)
    assert told == ("created", other_name, same_person, alike)
    assert (first.customer_id, third.customer_id) == (None, None)


def test_a_contact_that_an_earlier_row_gave_to_somebody_on_file_is_theirs() -> None:
    clashes = Clashes("refuse")

    clashes.judged(ImportRow(2, "a"), RowResult(2, "changed", ANNA, contacts=(SAME,), name_hash=LEE))
    second = clashes.judged(ImportRow(3, "b"), created(3, contacts=(SAME,)))

    assert (second.outcome, second.code, second.rule) == (
        "refused",
        "possible-duplicate",
        "row 2 may be the same person",
    )


def test_a_code_of_an_earlier_row_is_taken_whatever_is_done_with_duplicates() -> None:
    clashes = Clashes("save_anyway")

    clashes.judged(ImportRow(2, "a", codes=("W", "X")), created(2))
    second = clashes.judged(ImportRow(3, "b", codes=("V", "X")), created(3))

    assert (second.outcome, second.code, second.field, second.rule) == (
        "refused",
        "code-taken",
        "codes[1]",
        "row 2 has that code",
    )


def test_a_row_that_is_refused_leaves_nothing_behind_for_others_to_clash_with() -> None:
    clashes = Clashes("refuse")

    clashes.judged(ImportRow(2, "a", codes=("X",)), RowResult(2, "refused", code="contact-invalid"))

    assert clashes.judged(ImportRow(3, "b", codes=("X",)), created(3)).outcome == "created"
