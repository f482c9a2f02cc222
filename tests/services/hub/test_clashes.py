"""Rows of one file are judged as if those before them had been taken over."""

import pytest

from contracts.customers.importing import ImportRow, OnDuplicate, RowResult
from contracts.ids import CustomerId
from services.hub.commands.customers.clashes import Clashes

SAME, OTHER = "a" * 32, "b" * 32


def created(row: int, *, contacts: tuple[str, ...] = (), likenesses: tuple[str, ...] = ()) -> RowResult:
    return RowResult(
        row, "created", CustomerId("0190a000-0000-8000-8000-000000000001"), None, None, None, (), contacts, likenesses
    )


@pytest.mark.parametrize(
    ("on_duplicate", "same_contact", "alike"),
    [("refuse", "refused", "refused"), ("fill", "changed", "refused"), ("save_anyway", "created", "created")],
)
def test_a_row_that_is_like_an_earlier_one_is_judged_as_if_that_were_on_file(
    on_duplicate: OnDuplicate, same_contact: str, alike: str
) -> None:
    clashes = Clashes(on_duplicate)

    first = clashes.judged(ImportRow(2, "a"), created(2, contacts=(SAME,), likenesses=(OTHER,)))
    second = clashes.judged(ImportRow(3, "b"), created(3, contacts=(SAME,)))
    third = clashes.judged(ImportRow(4, "c"), created(4, likenesses=(OTHER,)))

    assert (first.outcome, second.outcome, third.outcome) == ("created", same_contact, alike)


def test_a_code_of_an_earlier_row_is_taken_whatever_is_done_with_duplicates() -> None:
    clashes = Clashes("save_anyway")

    clashes.judged(ImportRow(2, "a", codes=("X",)), created(2))
    second = clashes.judged(ImportRow(3, "b", codes=("X",)), created(3))

    assert (second.outcome, second.code, second.rule) == ("refused", "code-taken", "row 2 has that code")


def test_a_row_that_is_refused_leaves_nothing_behind_for_others_to_clash_with() -> None:
    clashes = Clashes("refuse")

    clashes.judged(ImportRow(2, "a", codes=("X",)), RowResult(2, "refused", code="contact-invalid"))

    assert clashes.judged(ImportRow(3, "b", codes=("X",)), created(3)).outcome == "created"
