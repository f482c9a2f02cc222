"""Points that come off a sale's lines: how much of what was agreed the lines take, and which line takes what."""

from collections.abc import Sequence

import msgspec

from contracts.checkout import LineKind, Redemption
from contracts.customers.balances import Reserved
from contracts.ids import RedemptionId
from contracts.money import allocate
from services.checkout.model.lines import DraftLine

DISCOUNTED_KINDS: frozenset[LineKind] = frozenset({"goods", "service"})
"""What a discount comes off; never a deposit, a charge, a tip or money for a voucher."""


class AgreedRedemption(msgspec.Struct, frozen=True):
    """What a customer redeems on a sale: so much is reserved, until a time (UTC)."""

    redemption_id: RedemptionId
    amount: int
    reserved: Reserved
    kept_until: str

    @property
    def point_value(self) -> int:
        """What one point is worth on this sale, in minor units."""
        return self.amount // self.reserved.units

    def of(self, most: int) -> int:
        """How much of it comes off goods that come to ``most``: all of it, else as many whole points as they take."""
        return min(self.amount, most // self.point_value * self.point_value)

    def told(self, amount: int) -> Redemption:
        """The redemption as it is told, where so much of it comes off."""
        points = amount // self.point_value
        return Redemption(self.redemption_id, amount, msgspec.structs.replace(self.reserved, units=points))


def most_off(lines: Sequence[DraftLine]) -> int:
    """What points can take off at most: what goods and services come to."""
    return sum(line.price for line in lines if _is_discounted(line))


def share(agreed: AgreedRedemption | None, lines: Sequence[DraftLine]) -> None:
    """Let points come off the lines, each by its part of what all come to (largest remainder); none goes below 0."""
    for line in lines:
        line.redeemed = 0
    if agreed is None:
        return
    discounted = [line for line in lines if _is_discounted(line)]
    prices = [line.price for line in discounted]
    for line, part in zip(discounted, allocate(agreed.of(sum(prices)), prices), strict=True):
        line.redeemed = part


def _is_discounted(line: DraftLine) -> bool:
    return line.kind in DISCOUNTED_KINDS and line.follows is None
