"""Who gets the credit for which lines, and what each share comes to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout import LineItemNotFound, LineKind, Share
from contracts.checkout.crediting import SharesInvalid
from contracts.customers import RevisionConflict
from contracts.ids import LineItemId, StaffId
from services.checkout.model.credit import WHOLE, amounts, credited_lines, prove_shares, prove_version
from tests.services.checkout.sales import ANNA, BEN, uuid

TEA, DEPOSIT, REPAIR = (LineItemId(uuid(number)) for number in (11, 12, 13))
KINDS: dict[LineItemId, LineKind] = {TEA: "goods", DEPOSIT: "deposit", REPAIR: "service"}


@st.composite
def wholes(draw: st.DrawFn) -> list[Share]:
    """Shares of one to six people that make a whole."""
    people = draw(st.integers(1, 6))
    cuts = sorted(draw(st.sets(st.integers(1, WHOLE - 1), min_size=people - 1, max_size=people - 1)))
    parts = [after - before for before, after in zip([0, *cuts], [*cuts, WHOLE], strict=True)]
    return [Share(StaffId(uuid(number)), part) for number, part in enumerate(parts)]


@given(st.integers(-(10**12), 10**12), wholes())
def test_credit_adds_up_to_the_line(amount: int, shares: list[Share]) -> None:
    prove_shares(shares)

    assert sum(amounts(amount, shares)) == amount


@given(st.integers(-(10**12), 10**12), wholes(), st.randoms(use_true_random=False))
def test_each_gets_the_same_in_whatever_order_the_shares_stand(
    amount: int, shares: list[Share], chance: object
) -> None:
    shuffled = list(shares)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    def by_person(order: list[Share]) -> dict[str, int]:
        return {share.staff_id: part for share, part in zip(order, amounts(amount, order), strict=True)}

    assert by_person(shuffled) == by_person(shares)


def test_a_line_without_shares_credits_nobody() -> None:
    assert amounts(100, []) == []


@pytest.mark.parametrize(
    "shares",
    [
        [Share(ANNA, 9999)],
        [Share(ANNA, 6000), Share(BEN, 4001)],
        [Share(ANNA, 5000), Share(ANNA, 5000)],
    ],
)
def test_shares_that_make_no_whole_are_refused(shares: list[Share]) -> None:
    with pytest.raises(SharesInvalid):
        prove_shares(shares)


def test_all_lines_are_those_that_somebody_can_sell() -> None:
    assert credited_lines(KINDS, None) == {TEA, REPAIR}
    assert credited_lines(KINDS, [REPAIR]) == {REPAIR}


def test_a_line_that_is_not_there_and_a_charge_are_refused_by_name() -> None:
    with pytest.raises(LineItemNotFound):
        credited_lines(KINDS, [TEA, LineItemId(uuid(99))])
    with pytest.raises(SharesInvalid):
        credited_lines(KINDS, [TEA, DEPOSIT])


def test_credit_that_somebody_changed_meanwhile_is_not_overwritten() -> None:
    prove_version(3, 3)
    with pytest.raises(RevisionConflict) as refused:
        prove_version(2, 3)

    assert refused.value.details == {"field": "expected_version", "version": 3}
