"""Money and the arithmetic every service shares: integer minor units, exact rates, shares that add up.

An amount is an ``int`` of minor units (cents) of the store's currency. Rates, quantities and
percentages are ``Decimal``. Nothing here is ever a float.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from msgspec import Meta

LARGEST = 10**12

Amount = Annotated[int, Meta(ge=-LARGEST, le=LARGEST, description="Minor units (cents); negative is money going out.")]
PositiveAmount = Annotated[int, Meta(ge=1, le=LARGEST, description="Minor units (cents), more than zero.")]
Rate = Annotated[Decimal, Meta(description="A percentage as a decimal in a string, '25.5' for 25.5 %.")]
Quantity = Annotated[Decimal, Meta(description="Pieces, or kilograms with at most three places, as a decimal string.")]
BasisPoints = Annotated[int, Meta(ge=1, le=10_000, description="Ten-thousandths of the whole; 10000 is all of it.")]


def round_half_away(value: Decimal) -> int:
    """Round to whole minor units, halves away from zero (2.5 becomes 3, -2.5 becomes -3)."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights so that the shares add up to it exactly (largest remainder).

    A remainder's tie goes to the earlier weight. Weights are not negative; if all are zero
    everything goes to the first. The sign of the amount is the sign of every share.
    """
    if not weights:
        if amount:
            msg = f"{amount} minor units cannot be shared among nobody"
            raise ValueError(msg)
        return []
    if any(weight < 0 for weight in weights):
        msg = "weights must not be negative"
        raise ValueError(msg)
    whole = sum(weights)
    if whole == 0:
        return [amount, *([0] * (len(weights) - 1))]
    sign = -1 if amount < 0 else 1
    shares, remainders = [], []
    for place, weight in enumerate(weights):
        share, remainder = divmod(abs(amount) * weight, whole)
        shares.append(share)
        remainders.append((-remainder, place))
    for _, place in sorted(remainders)[: abs(amount) - sum(shares)]:
        shares[place] += 1
    return [sign * share for share in shares]


def credit(amount: int, shares: Mapping[str, int]) -> dict[str, int]:
    """Split a line item's amount among staff by basis points (largest remainder); the parts add up to it exactly.

    The order of the shares does not matter: a remainder's tie goes to the lower staff id. Nobody's line gives nothing.
    """
    if not shares:
        return {}
    in_order = sorted(shares.items())
    parts = allocate(amount, [basis_points for _, basis_points in in_order])
    return {staff_id: part for (staff_id, _), part in zip(in_order, parts, strict=True)}


def credit_returned(
    amount: int, shares: Mapping[str, int], *, returned_before: int, returned_now: int
) -> dict[str, int]:
    """What a return takes back of the credit for the line item it reverses; the parts add up to it exactly.

    ``amount`` is what the line came to, ``returned_before`` and ``returned_now`` what of that was and is given back
    (minor units, of the line's own sign). The parts add up to ``-returned_now``, and once all is given back
    they have taken back exactly what ``credit`` gave. Rounding may turn a single part by a cent meanwhile.
    """
    if not 0 <= abs(returned_before) + abs(returned_now) <= abs(amount):
        msg = "no more is returned than was sold"
        raise ValueError(msg)
    before, after = credit(returned_before, shares), credit(returned_before + returned_now, shares)
    return {staff_id: before[staff_id] - after[staff_id] for staff_id in after}


def tax_in(gross: int, rate: Decimal) -> int:
    """The tax inside a price that includes it, for a rate in percent."""
    return round_half_away(Decimal(gross) * rate / (100 + rate))


def split_tax(tax: int, grosses: Sequence[int], rate: Decimal) -> list[int]:
    """Split the tax on a sum over the prices it consists of (largest remainder); the parts add up to it exactly.

    Each part is the price's own tax rounded down or up to a whole minor unit, so prices of both
    signs may stand together. ``tax`` is ``tax_in`` of the sum, or what a split of a larger sum
    gave it. A remainder's tie goes to the earlier price.
    """
    numerator, denominator = rate.as_integer_ratio()
    parts, remainders = [], []
    for place, gross in enumerate(grosses):
        part, remainder = divmod(gross * numerator, 100 * denominator + numerator)
        parts.append(part)
        remainders.append((-remainder, place))
    left = tax - sum(parts)
    if not 0 <= left <= len(parts):
        msg = f"{tax} minor units are not the tax in {sum(grosses)} at {rate} %"
        raise ValueError(msg)
    for _, place in sorted(remainders)[:left]:
        parts[place] += 1
    return parts


def round_to_five_cents(amount: int) -> int:
    """Round what is left to pay in cash: 1, 2, 6, 7 down, 3, 4, 8, 9 up; 0.01 and 0.02 in all stay.

    Finland: Laki eräiden hintojen pyöristämisestä 890/2000. Netherlands: afronding op 5 cent, 2004.
    """
    size = abs(amount)
    if size <= 2:
        return amount
    rounded = (size + 2) // 5 * 5
    return rounded if amount > 0 else -rounded
