"""Who gets the credit for which lines: chosen ones or all, each shared to the cent."""

from collections.abc import Iterable, Mapping, Sequence

from contracts.checkout import LineItem, LineItemNotFound, LineKind, Share
from contracts.checkout.crediting import SharesInvalid
from contracts.customers import RevisionConflict
from contracts.ids import LineItemId
from contracts.money import credit

CREDITED_KINDS: frozenset[LineKind] = frozenset({"goods", "service"})
"""Kinds of line that a staff member sells; a charge that follows one earns no credit of its own."""
WHOLE = 10_000


def prove_shares(shares: Sequence[Share]) -> None:
    """Check that shares make a whole.

    Rejections:
        SharesInvalid: a staff member is named twice, or they do not add up to 10000.
    """
    if len({share.staff_id for share in shares}) < len(shares):
        raise SharesInvalid(field="shares", rule="each staff member stands once")
    if sum(share.basis_points for share in shares) != WHOLE:
        raise SharesInvalid(field="shares", rule="basis points add up to 10000")


def credited_lines(
    kinds: Mapping[LineItemId, LineKind], line_item_ids: Iterable[LineItemId] | None
) -> frozenset[LineItemId]:
    """Which of a sale's lines get the credit that is given: the named ones, or all that a staff member can sell.

    Rejections:
        LineItemNotFound: a named line is not on the sale.
        SharesInvalid: a named line is a linked charge.
    """
    if line_item_ids is None:
        return frozenset(line_item_id for line_item_id, kind in kinds.items() if kind in CREDITED_KINDS)
    named = frozenset(line_item_ids)
    for line_item_id in sorted(named):
        if line_item_id not in kinds:
            raise LineItemNotFound(field="line_item_ids", line_item_id=line_item_id)
        if kinds[line_item_id] not in CREDITED_KINDS:
            raise SharesInvalid(field="line_item_ids", rule="a linked charge earns no credit of its own")
    return named


def prove_version(expected: int, found: int) -> None:
    """Check that the credit is still as it was read.

    Rejections:
        RevisionConflict: somebody changed it meanwhile.
    """
    if expected != found:
        raise RevisionConflict(field="expected_version", version=found)


def changed_lines(
    lines: Sequence[LineItem], shares: Sequence[Share], line_item_ids: Iterable[LineItemId] | None
) -> frozenset[LineItemId]:
    """Which lines of a completed sale get other credit.

    Rejections:
        LineItemNotFound, SharesInvalid.
    """
    prove_shares(shares)
    return credited_lines({line.line_item_id: line.kind for line in lines}, line_item_ids)


def amounts(amount: int, shares: Sequence[Share]) -> list[int]:
    """What each share of a line comes to, in the order of the shares."""
    parts = credit(amount, {share.staff_id: share.basis_points for share in shares})
    return [parts[share.staff_id] for share in shares]
