"""What a sale earns in points, what they are worth and what a return takes back. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec
from babel.numbers import get_currency_precision

from contracts.checkout import NOT_FOR_SINGLE_PURPOSE, LineKind
from contracts.checkout.completed import CompletedLine
from contracts.customers import GroupId
from contracts.customers.ledgers.reserving import PointsWorthless
from contracts.customers.loyalty import GroupRate, LoyaltyProgramme, RateInvalid, TermsVersionUsed
from contracts.ids import TaxClassCode
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
    """What of a sale earns points, minor units, tax included, and what the lines that do came to in all."""

    amount: int
    earning: int

    @classmethod
    def of(cls, lines: Iterable[CompletedLine], paid_otherwise: int, settled: Mapping[TaxClassCode, int]) -> "Base":
        """The part of the lines that earns, less its share of what was paid with points or vouchers.

        Args:
            lines: of the sale, without what it takes back.
            paid_otherwise: what points and vouchers for anything paid, which is shared by all lines.
            settled: what single-purpose vouchers paid, by tax class, which its lines share that such ones may pay.
        """
        whole = list(lines)
        earning = sum(line.amount for line in whole if line.kind in EARNING_KINDS)
        rest = sum(line.amount for line in whole) - earning
        amount = earning
        for tax_class, paid in sorted(settled.items()):
            share = _share(paid, *_of_class(tax_class, whole))
            amount, rest = amount - share, rest - (paid - share)
        return cls(max(0, amount - _share(paid_otherwise, amount, rest)), earning)


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


def prove_version(terms: LoyaltyProgramme, used: LoyaltyProgramme | None) -> None:
    """Check that a version of terms that was in force before is still the same terms.

    Args:
        terms: what is to be in force.
        used: what was in force under that version, if anything was.

    Rejections:
        TermsVersionUsed: they differ in more than whether they are on.
    """
    if used is not None and msgspec.structs.replace(used, revision=terms.revision, on=terms.on) != terms:
        raise TermsVersionUsed(field="terms_version", terms_version=terms.terms_version)


def taken_back(earned: int, earning: int, returned_before: int, returned_now: int) -> int:
    """The points that a return takes back of what its sale earned; once all is returned, all are taken back.

    Args:
        earned: points that the sale earned.
        earning: what the lines that earned them came to, however they were paid.
        returned_before: what of that earlier returns gave back.
        returned_now: what this one gives back.
    """
    if earning <= 0 or earned <= 0:
        return 0
    before = min(earning, max(0, returned_before))
    after = min(earning, before + max(0, returned_now))
    return earned * after // earning - earned * before // earning


def points_worth(amount: int, point_value: int) -> int:
    """How many points an amount is.

    Rejections:
        PointsWorthless: it is no whole number of points.
    """
    points, over = divmod(amount, point_value)
    if over:
        raise PointsWorthless(field="amount", point_value=point_value)
    return points


def _of_class(tax_class: TaxClassCode, lines: Iterable[CompletedLine]) -> tuple[int, int]:
    """What of the lines that a single-purpose voucher of a class may pay earns points, and what does not."""
    earning = rest = 0
    for line in lines:
        amount = sum(tax.gross for tax in line.taxes if tax.tax_class == tax_class)
        if line.kind in EARNING_KINDS:
            earning += amount
        elif line.kind not in NOT_FOR_SINGLE_PURPOSE:
            rest += amount
    return earning, rest


def _share(paid: int, earning: int, rest: int) -> int:
    """The share of what earns in what was paid for both."""
    if paid <= 0 or earning <= 0:
        return 0
    return allocate(paid, (earning, max(0, rest)))[0]


def _prove_rate(rate: Decimal, field: str) -> None:
    exponent = rate.as_tuple().exponent
    if not rate.is_finite() or not isinstance(exponent, int) or not 0 <= rate <= MOST_A_UNIT or -exponent > MOST_PLACES:
        raise RateInvalid(field=field, rule="0 to 10000, at most four places")
