"""What a sale earns in points, what they are worth and what a return takes back. Pure."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec
from babel.numbers import get_currency_precision

from contracts.checkout import LineKind
from contracts.checkout.completed import CompletedLine
from contracts.customers import GroupId
from contracts.customers.ledgers import PointsWorthless
from contracts.customers.loyalty import GroupRate, LoyaltyProgramme, RateInvalid
from contracts.money import allocate
from contracts.policy import TenderKind

EARNING_KINDS: frozenset[LineKind] = frozenset({"goods", "service", "discount"})
"""A surcharge is delivery or packing; it earns nothing, nor do tips, deposits, vouchers and payments."""
NOT_EARNING_TENDERS: frozenset[TenderKind] = frozenset({"loyalty", "voucher"})
NO_PROGRAMME = LoyaltyProgramme(0, False, "", Decimal(0), (), 1, "discount", 0, None)
"""What holds where no programme was ever set."""
MOST_A_UNIT = Decimal(10_000)
MOST_PLACES = 4


class Base(msgspec.Struct, frozen=True):
    """What of a sale earns points, minor units, tax included, and what of it was paid with points or vouchers."""

    amount: int

    @classmethod
    def of(cls, lines: Iterable[CompletedLine], paid_otherwise: int) -> "Base":
        """The part of the lines that earns, less its share of what was paid with points or vouchers."""
        whole = list(lines)
        earning = sum(line.amount for line in whole if line.kind in EARNING_KINDS)
        rest = sum(line.amount for line in whole) - earning
        if earning <= 0 or paid_otherwise <= 0:
            return cls(earning)
        share, _ = allocate(paid_otherwise, (earning, max(0, rest)))
        return cls(max(0, earning - share))


def minor_units_of(currency: str) -> int:
    """How many minor units a currency unit has, 100 for the euro (ISO 4217, as Unicode's CLDR has it)."""
    return int(10 ** get_currency_precision(currency))


def points_for(base: int, points_per_unit: Decimal, minor_units: int) -> int:
    """Points for an amount; a started point is not given, and a return's not taken.

    Args:
        base: what earns, minor units.
        points_per_unit: points for each currency unit.
        minor_units: how many minor units a currency unit has, 100 for the euro.
    """
    return int(Decimal(base) * points_per_unit / minor_units)


def rate_of(programme: LoyaltyProgramme, group: GroupId) -> Decimal:
    """What a group earns: its own rate, else the usual one."""
    return next(
        (rate.points_per_unit for rate in programme.group_rates if rate.group == group), programme.points_per_unit
    )


def prove_rates(usual: Decimal, groups: tuple[GroupRate, ...]) -> None:
    """Check the rates of a programme.

    Rejections:
        RateInvalid: a rate is out of bounds, or a group has two.
    """
    named: set[GroupId] = set()
    _prove_rate(usual, "points_per_unit")
    for place, rate in enumerate(groups):
        _prove_rate(rate.points_per_unit, f"group_rates[{place}].points_per_unit")
        if rate.group in named:
            raise RateInvalid(field=f"group_rates[{place}].group", rule="each group once")
        named.add(rate.group)


def taken_back(earned: int, base: int, returned_before: int, returned_now: int) -> int:
    """The points that a return takes back of what its sale earned; once all is returned, all are taken back.

    Args:
        earned: points that the sale earned.
        base: the amount that earned them.
        returned_before: what of that amount earlier returns gave back.
        returned_now: what this one gives back.
    """
    if base <= 0 or earned <= 0:
        return 0
    before = min(base, max(0, returned_before))
    after = min(base, before + max(0, returned_now))
    return earned * after // base - earned * before // base


def points_worth(amount: int, point_value: int) -> int:
    """How many points an amount is.

    Rejections:
        PointsWorthless: it is no whole number of points.
    """
    points, over = divmod(amount, point_value)
    if over:
        raise PointsWorthless(field="amount", point_value=point_value)
    return points


def _prove_rate(rate: Decimal, field: str) -> None:
    exponent = rate.as_tuple().exponent
    if not rate.is_finite() or not isinstance(exponent, int) or not 0 <= rate <= MOST_A_UNIT or -exponent > MOST_PLACES:
        raise RateInvalid(field=field, rule="0 to 10000, at most four places")
