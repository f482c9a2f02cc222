"""Settings made ready for use: which rules a sale meets, once every override is weighed.

Belongs here: the order of overrides and the lattice of what is asked for. Never here: what a sale has or lacks.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import msgspec

from contracts.money import LARGEST
from contracts.policy import (
    AttributionMode,
    ContactMode,
    ContactRule,
    DetailRule,
    Level,
    Override,
    OverrideWhen,
    PolicySettings,
    RulePurpose,
    TransactionKind,
)
from contracts.policy.checking import CheckoutFacts, RuleKind

NEVER_ASKED: frozenset[TransactionKind] = frozenset({"return", "deposit_return", "account_payment"})
"""Transactions that pay out or settle what is owed: only an override that names their kind asks for anything.

Directive (EU) 2019/771, art. 13 and 16: the consumer's refund depends on no detail of theirs.
"""
FIELDS: tuple[RuleKind, ...] = ("first_name", "last_name", "contact", "attribution")
"""Every kind of rule, in the order in which a register asks."""
RECOMMENDED, REQUIRED = 1, 2
STRENGTHS: dict[Level, int] = {"not_required": 0, "recommended": RECOMMENDED, "required": REQUIRED}
THE_NAME = 1
PHONE, EMAIL = 1, 2
MODES: dict[ContactMode, int] = {"email_or_phone": 0, "phone": PHONE, "email": EMAIL, "email_and_phone": PHONE | EMAIL}
"""What a contact must hold, as bits; either will do where none is set. Two demands together are their bits joined."""
ATTRIBUTION_MODES: tuple[AttributionMode, ...] = ("not_required", "automatic", "manual")
"""From mild to strict."""
WITHOUT_TOTAL = -LARGEST - 1
"""Lower than the total of any sale."""

NOT_ASKED = 1 << 40
"""Stands where a demand does not ask for these bits; higher than the number of any purpose."""

Demand = tuple[int, ...]
"""What a rule asks for. ``demand[level * BITS + bits]`` is the number of the purpose, or ``NOT_ASKED``.

Numbers of purposes rank them, so that the lowest at each place joins two demands.
"""
Demands = tuple[Demand, ...]
"""One demand for each of ``FIELDS``."""
MOST_REMEMBERED = 1_000
"""So many different kinds of sale are weighed once only; more than a shop's registers meet in a day."""
BITS = 4
NOTHING: Demand = (NOT_ASKED,) * (BITS * 3)
NOTHING_AT_ALL: Demands = (NOTHING,) * len(FIELDS)


def joined(demands: Sequence[Demand]) -> Demand:
    """All demands at once; where some ask for the same, the purpose with the lowest number is told."""
    return demands[0] if len(demands) == 1 else tuple(map(min, *demands))


def asked(demand: Demand, level: int) -> dict[int, int]:
    """What a demand asks for at one level: bits and the numbers of their purposes."""
    first = level * BITS
    return {bits: number for bits, number in enumerate(demand[first : first + BITS]) if number != NOT_ASKED}


class _Steps(NamedTuple):
    """What is demanded from which total on: ``totals`` rise, ``demands`` go with them."""

    totals: tuple[int, ...]
    demands: tuple[Demand, ...]


class _Cell(NamedTuple):
    """What the overrides with the same conditions, the total left aside, make of each rule they set."""

    exactly: tuple[tuple[int, _Steps], ...]
    at_least: tuple[tuple[int, _Steps], ...]


class _Shape(NamedTuple):
    """The overrides that name the same kinds of conditions, the total left aside."""

    places: tuple[int, ...]
    names_kind: bool
    names_tag: bool
    conditions: int
    cells: dict[tuple[str, ...], _Cell]


class Fitting(NamedTuple):
    """The overrides that a sale fits whatever its total, with how many conditions they name besides it."""

    matches: tuple[tuple[int, tuple[_Cell, ...]], ...]
    asked_by_default: bool

    def totals(self) -> tuple[int, ...]:
        """Every total from which one of them counts; two totals between the same ones meet the same rules."""
        return tuple(
            sorted(
                {
                    total
                    for _, cells in self.matches
                    for cell in cells
                    for _, steps in (*cell.exactly, *cell.at_least)
                    for total in steps.totals
                }
            )
        )


class Rulebook:
    """The settings of one revision, compiled once; what they ask for never changes.

    Weighing 10,000 overrides takes microseconds: they are found by what they name exactly, so that a sale meets only
    those that fit it.
    """

    def __init__(self, settings: PolicySettings, revision: int) -> None:
        self.settings = settings
        self.revision = revision
        self.purposes = _purposes(settings)
        numbers = {purpose: number for number, purpose in enumerate(self.purposes)}
        self._store_wide = _demands(settings, numbers)
        self._shapes = tuple(_shapes(settings.overrides, numbers))
        tags = (override.when.item_tag for override in settings.overrides)
        self._tags = frozenset(tag for tag in tags if tag is not None)
        self._totals = sorted({each.when.total_from for each in settings.overrides if each.when.total_from is not None})
        self._remembered: dict[tuple[object, ...], Demands] = {}

    def asked_of(self, facts: CheckoutFacts) -> Demands:
        """What each rule asks of a sale. One like it, of a total between the same thresholds, is remembered."""
        customer = facts.customer
        like = (
            facts.register,
            facts.transaction_kind,
            facts.tender_kind,
            None if customer is None else customer.group,
            self._tags.intersection(facts.item_tags) if self._tags else None,
            bisect_right(self._totals, facts.total),
        )
        demands = self._remembered.get(like)
        if demands is None:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            demands = self._remembered[like] = self.demands(self.fitting(facts), facts.total)
        return demands

    def fitting(self, facts: CheckoutFacts) -> Fitting:
        """The overrides whose conditions a sale fits, the total left aside."""
        only_named = facts.transaction_kind in NEVER_ASKED
        group = None if facts.customer is None else facts.customer.group
        values = (facts.register, facts.transaction_kind, facts.tender_kind, group)
        tags = self._tags.intersection(facts.item_tags) if self._tags else ()
        matches: list[tuple[int, tuple[_Cell, ...]]] = []
        for shape in self._shapes:
            if only_named and not shape.names_kind:
                continue
            named = tuple([values[place] for place in shape.places])
            keys = [(*named, tag) for tag in tags] if shape.names_tag else [named]
            cells = tuple([cell for key in keys if (cell := shape.cells.get(key)) is not None])  # type: ignore[arg-type] # None finds none
            if cells:
                matches.append((shape.conditions, cells))
        return Fitting(tuple(matches), asked_by_default=not only_named)

    def demands(self, fitting: Fitting, total: int) -> Demands:
        """What each rule asks of a sale of that total; ``decide`` says how overrides are weighed."""
        bases = [[demand] for demand in (self._store_wide if fitting.asked_by_default else NOTHING_AT_ALL)]
        narrowest = [-1] * len(FIELDS)
        raised: list[tuple[int, Demand]] = []
        for conditions, cells in fitting.matches:
            for field, (reached, found) in _narrowest(cells, total).items():
                named = conditions + (reached != WITHOUT_TOTAL)
                if named > narrowest[field]:
                    narrowest[field], bases[field] = named, [*found]
                elif named == narrowest[field]:
                    bases[field] += found
            for cell in cells:
                for field, steps in cell.at_least:
                    place = bisect_right(steps.totals, total) - 1
                    if place >= 0:
                        raised.append((field, steps.demands[place]))
        for field, demand in raised:
            bases[field].append(demand)
        return tuple([joined(base) for base in bases])


def _narrowest(cells: tuple[_Cell, ...], total: int) -> dict[int, tuple[int, list[Demand]]]:
    """Of the ``exactly`` with the same kinds of conditions, by rule: the highest total reached, and the demands."""
    if len(cells) == 1:
        return {
            field: (steps.totals[place], [steps.demands[place]])
            for field, steps in cells[0].exactly
            if (place := bisect_right(steps.totals, total) - 1) >= 0
        }
    best: dict[int, tuple[int, list[Demand]]] = {}
    for cell in cells:
        for field, steps in cell.exactly:
            place = bisect_right(steps.totals, total) - 1
            if place < 0:
                continue
            reached = steps.totals[place]
            before = best.get(field)
            if before is None or reached > before[0]:
                best[field] = (reached, [steps.demands[place]])
            elif reached == before[0]:
                before[1].append(steps.demands[place])
    return best


def _shapes(overrides: Iterable[Override], numbers: Mapping[RulePurpose | None, int]) -> Iterator[_Shape]:
    by_key: dict[tuple[str | None, ...], list[tuple[Override, Demands]]] = {}
    for override in overrides:
        by_key.setdefault(_key(override.when), []).append((override, _demands(override, numbers)))
    by_shape: dict[tuple[bool, ...], dict[tuple[str, ...], _Cell]] = {}
    for key, alike in by_key.items():
        named = tuple(part for part in key if part is not None)
        by_shape.setdefault(tuple(part is not None for part in key), {})[named] = _cell(alike)
    for shape, cells in by_shape.items():
        *plain, names_tag = shape
        places = tuple(place for place, named in enumerate(plain) if named)
        yield _Shape(places, shape[1], names_tag, sum(shape), cells)


def _key(when: OverrideWhen) -> tuple[str | None, ...]:
    return (when.register, when.transaction_kind, when.tender_kind, when.customer_group, when.item_tag)


def _cell(alike: list[tuple[Override, Demands]]) -> _Cell:
    exactly: list[tuple[int, _Steps]] = []
    at_least: list[tuple[int, _Steps]] = []
    for field, name in enumerate(FIELDS):
        for effect, steps in (("exactly", exactly), ("at_least", at_least)):
            found = [
                (WITHOUT_TOTAL if override.when.total_from is None else override.when.total_from, demands[field])
                for override, demands in alike
                if override.effect == effect and getattr(override, name) is not None
            ]
            if found:
                steps.append((field, _steps(found, cumulative=effect == "at_least")))
    return _Cell(tuple(exactly), tuple(at_least))


def _steps(found: list[tuple[int, Demand]], *, cumulative: bool) -> _Steps:
    totals: list[int] = []
    demands: list[Demand] = []
    for total, alike in groupby(sorted(found, key=itemgetter(0)), key=itemgetter(0)):
        before = demands[-1:] if cumulative else []
        totals.append(total)
        demands.append(joined([*before, *(demand for _, demand in alike)]))
    return _Steps(tuple(totals), tuple(demands))


def _demands(rules: PolicySettings | Override, numbers: Mapping[RulePurpose | None, int]) -> Demands:
    attribution = ATTRIBUTION_MODES.index(rules.attribution or "not_required")
    return (
        _demand(rules.first_name, THE_NAME, numbers),
        _demand(rules.last_name, THE_NAME, numbers),
        _demand(rules.contact, MODES[rules.contact.mode] if rules.contact is not None else 0, numbers),
        _asking(REQUIRED, attribution, numbers[None]) if attribution else NOTHING,
    )


def _demand(rule: DetailRule | ContactRule | None, bits: int, numbers: Mapping[RulePurpose | None, int]) -> Demand:
    if rule is None or rule.level == "not_required":
        return NOTHING
    return _asking(STRENGTHS[rule.level], bits, numbers[rule.purpose])


def _asking(level: int, bits: int, purpose: int) -> Demand:
    place = level * BITS + bits
    return (*NOTHING[:place], purpose, *NOTHING[place + 1 :])


def _purposes(settings: PolicySettings) -> tuple[RulePurpose | None, ...]:
    """Every purpose once, in the order of their text, so that ties do not depend on which override came first."""
    named: set[RulePurpose] = set()
    all_rules: list[PolicySettings | Override] = [settings, *settings.overrides]
    for each in all_rules:
        named.update(
            rule.purpose
            for rule in (each.first_name, each.last_name, each.contact)
            if rule is not None and rule.purpose is not None
        )
    return (*sorted(named, key=msgspec.json.encode), None)
