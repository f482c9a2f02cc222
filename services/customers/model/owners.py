"""Whose part of a balance something is taken from, where a merge put those of several owners into one ledger. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from services.customers.model.ledgers import NEVER, Lot, Owner, Standing


def taken_from(  # noqa: PLR0913 - what decides whose it is
    whole: Standing,
    amount: int,
    *,
    whose: Owner,
    first: Sequence[Collection[Owner]] = (),
    kept: Mapping[Owner, int],
    oldest_first: bool = False,
) -> Counter[Owner]:
    """Say how much of an amount is taken from whose part.

    In the order of ``first``, then from anybody's: what has the earliest last day, of that the holder's own, of that
    the oldest. What is kept for other sales is left alone. What is found nowhere is taken from ``whose``, who owes it
    then.

    Args:
        whole: what is left of each part.
        amount: above zero.
        whose: in whose name it is done.
        first: owners whose parts are taken from before those of the others.
        kept: how much of each part is kept for sales.
        oldest_first: a payment, which settles the oldest debt, the holder's own only among those of one day.
    """
    found = Counter[Owner]()
    free = {owner: max(0, part.had - kept.get(owner, 0)) for owner, part in whole.parts.items()}
    lots = [lot for part in whole.parts.values() for lot in part.lots]
    lots.sort(key=_by_day if oldest_first else _by_last_day)
    left = Counter[int]()
    for owners in (*first, tuple(whole.parts)):
        for place, lot in enumerate(lots):
            if lot.owner in owners:
                taken = min(lot.left - left[place], free[lot.owner], amount)
                left[place] += taken
                free[lot.owner] -= taken
                found[lot.owner] += taken
                amount -= taken
    found[whose] += amount
    return +found


def _by_last_day(lot: Lot) -> tuple[str, bool, str, int]:
    return lot.entry.expires_on or NEVER, lot.owner is not None, lot.day, lot.entry.number


def _by_day(lot: Lot) -> tuple[str, bool, int]:
    return lot.day, lot.owner is not None, lot.entry.number
