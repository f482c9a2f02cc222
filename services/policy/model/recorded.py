"""Decisions of the past, decided again: one by the settings of its time, many by settings that are only tried.

Belongs here: a recorded decision as plain values, and counting. Never here: where they are kept.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from contracts.customers import CustomerFacts, GroupId
from contracts.ids import CustomerId, RegisterId, SaleId
from contracts.policy import TenderKind, TransactionKind
from contracts.policy.checking import CheckoutFacts, Outcome, RuleKind
from contracts.policy.reporting import WhatIfCell
from services.policy.model.decision import judge
from services.policy.model.rulebook import Demands, Fitting, Rulebook

NOBODY = CustomerId("")
"""Decisions keep what was told of a customer, never who it was."""
MOST_EXAMPLES = 3
_PROMPT, _BLOCK = 1, 2
_STRICTNESS: Final[dict[str, int]] = {"unavailable": 0, "proceed": 0, "prompt": _PROMPT, "block": _BLOCK}


class Recorded(NamedTuple):
    """What is kept of one decision, in this order, as the database gives it; flags are 0 or 1, lists have commas.

    From ``register`` on it says which overrides fit, from ``signed_on`` on what the sale has and lacks.
    ``customer_group`` is None without a customer.
    """

    sale_id: SaleId | None
    outcome: str
    hour: int
    total: int
    unattributed_lines: int
    goods_lines: int
    register: RegisterId
    transaction_kind: TransactionKind
    tender_kind: TenderKind | None
    item_tags: str
    customer_group: GroupId | None
    signed_on: int
    has_first_name: int | None
    has_last_name: int | None
    has_email: int | None
    has_phone: int | None
    placeholder: int | None
    skipped: str
    waived: str

    def facts(self) -> CheckoutFacts:
        """What policy was told."""
        return CheckoutFacts(
            sale_id=self.sale_id or SaleId(""),
            register=self.register,
            transaction_kind=self.transaction_kind,
            total=self.total,
            goods_lines=self.goods_lines,
            unattributed_lines=self.unattributed_lines,
            tender_kind=self.tender_kind,
            item_tags=listed(self.item_tags),
            signed_on=bool(self.signed_on),
            customer=self._customer(),
            skipped=listed(self.skipped),
            waived=listed(self.waived),
        )

    def _customer(self) -> CustomerFacts | None:
        if self.customer_group is None:
            return None
        return CustomerFacts(
            customer_id=NOBODY,
            revision=0,
            has_first_name=bool(self.has_first_name),
            has_last_name=bool(self.has_last_name),
            has_email=bool(self.has_email),
            has_phone=bool(self.has_phone),
            placeholder=bool(self.placeholder),
            group=self.customer_group,
        )


def listed(text: str) -> tuple[str, ...]:
    """A list as it is kept: its entries with commas between."""
    return tuple(text.split(",")) if text else ()


def rules(text: str) -> tuple[RuleKind, ...]:
    """Kinds of rules as they are kept."""
    return listed(text)  # type: ignore[return-value] # written from the contract's own words


class _Count:
    """What is counted of one register and hour."""

    __slots__ = ("blocked", "examples", "prompted", "sales", "was_blocked", "was_prompted")

    def __init__(self) -> None:
        self.sales = self.prompted = self.blocked = self.was_prompted = self.was_blocked = 0
        self.examples: list[SaleId] = []

    def add(self, sale_id: SaleId | None, would: int, was: int) -> None:
        """Count one sale by the strictest answer it would have had, and the strictest it had."""
        self.sales += 1
        self.prompted += would == _PROMPT
        self.blocked += would == _BLOCK
        self.was_prompted += was == _PROMPT
        self.was_blocked += was == _BLOCK
        if would and sale_id is not None and len(self.examples) < MOST_EXAMPLES:
            self.examples.append(sale_id)

    def cell(self, register: RegisterId, hour: int) -> WhatIfCell:
        return WhatIfCell(
            register=register,
            hour=hour,
            sales=self.sales,
            prompted=self.prompted,
            blocked=self.blocked,
            was_prompted=self.was_prompted,
            was_blocked=self.was_blocked,
            examples=tuple(self.examples),
        )


class _Fitting(NamedTuple):
    """The overrides that some sales fit, at which totals they change, and what they demand there."""

    fitting: Fitting
    totals: tuple[int, ...]
    demands: dict[int, Demands]


class _Trial:
    """Decides so that what the settings cannot tell apart is decided once."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._known: dict[tuple[Any, ...], _Fitting] = {}
        self._alike: dict[tuple[Any, ...], _Fitting] = {}
        self._outcomes: dict[tuple[Any, ...], Outcome] = {}

    def outcome(self, decision: tuple[Any, ...]) -> Outcome:
        """What comes of a decision of the past, given in the order of ``Recorded``."""
        total, unattributed = decision[3], decision[4]
        named = decision[6:11]
        fitting = self._known.get(named)
        if fitting is None:
            fitting = self._known[named] = self._fitting(decision)
        step = bisect_right(fitting.totals, total)
        demands = fitting.demands.get(step)
        if demands is None:
            demands = fitting.demands[step] = self._rulebook.demands(fitting.fitting, total)
        alike = (demands, unattributed > 0, decision[11:])
        outcome = self._outcomes.get(alike)
        if outcome is None:
            verdict = judge(self._rulebook, demands, Recorded(*decision).facts())
            outcome = self._outcomes[alike] = verdict.outcome
        return outcome

    def _fitting(self, decision: tuple[Any, ...]) -> _Fitting:
        fitting = self._rulebook.fitting(Recorded(*decision).facts())
        same = (fitting.asked_by_default, *(id(cell) for _, cells in fitting.matches for cell in cells))
        if same not in self._alike:
            self._alike[same] = _Fitting(fitting, fitting.totals(), {})
        return self._alike[same]


class _Sale:
    """A sale that was checked: where and when first, and the strictest of its answers."""

    __slots__ = ("place", "was", "would")

    def __init__(self, place: tuple[RegisterId, int], would: int, was: int) -> None:
        self.place, self.would, self.was = place, would, was


def what_if(rulebook: Rulebook, decisions: Iterable[tuple[Any, ...]]) -> tuple[WhatIfCell, ...]:
    """Count what settings would have made of sales of the past, by register and hour.

    A sale counts once, where and when it was checked first, by the strictest of its answers. A decision that no
    longer names its sale counts by itself. Decisions that these settings cannot tell apart are decided once.

    Args:
        rulebook: The settings that are tried.
        decisions: Plain tuples in the order of ``Recorded``, the earliest first.
    """
    sales: dict[SaleId, _Sale] = {}
    counts: defaultdict[tuple[RegisterId, int], _Count] = defaultdict(_Count)
    trial = _Trial(rulebook)
    for decision in decisions:
        would = _STRICTNESS[trial.outcome(decision)]
        sale_id, outcome, hour, *_ = decision
        was, place = _STRICTNESS[outcome], (decision[6], hour)
        if sale_id is None:
            counts[place].add(None, would, was)
        elif (sale := sales.get(sale_id)) is None:
            sales[sale_id] = _Sale(place, would, was)
        else:
            sale.would, sale.was = max(sale.would, would), max(sale.was, was)
    for sale_id, sale in sales.items():
        counts[sale.place].add(sale_id, sale.would, sale.was)
    return tuple(counts[place].cell(*place) for place in sorted(counts))
