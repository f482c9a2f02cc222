"""Decisions of the past, decided again: one by the settings of its time, many by settings that are only tried.

Belongs here: a recorded decision as plain values, and counting. Never here: where they are kept.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, NamedTuple

from contracts.customers import CustomerFacts, GroupId
from contracts.ids import CustomerId, RegisterId, SaleId
from contracts.policy import CheckoutFacts, Outcome, RuleKind, TenderKind, TransactionKind, WhatIfCell
from services.policy.model.decision import judge
from services.policy.model.rulebook import Demands, Fitting, Rulebook

NOBODY = CustomerId("")
"""Decisions keep what was told of a customer, never who it was."""
MOST_EXAMPLES = 3
_STRICTNESS: dict[str, int] = {"unavailable": 0, "proceed": 0, "prompt": 1, "block": 2}


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
            skipped=rules(self.skipped),
            waived=rules(self.waived),
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

    __slots__ = ("blocked", "decisions", "examples", "prompted", "was_blocked", "was_prompted")

    def __init__(self) -> None:
        self.decisions = self.prompted = self.blocked = self.was_prompted = self.was_blocked = 0
        self.examples: list[SaleId] = []

    def cell(self, register: RegisterId, hour: int) -> WhatIfCell:
        return WhatIfCell(
            register=register,
            hour=hour,
            decisions=self.decisions,
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


def what_if(rulebook: Rulebook, decisions: Iterable[tuple[Any, ...]]) -> tuple[WhatIfCell, ...]:
    """Count what settings would have made of decisions of the past, by register and hour.

    Decisions that these settings cannot tell apart are decided once.

    Args:
        rulebook: The settings that are tried.
        decisions: Plain tuples in the order of ``Recorded``.
    """
    counts: dict[tuple[RegisterId, int], _Count] = {}
    trial = _Trial(rulebook)
    for decision in decisions:
        outcome = trial.outcome(decision)
        sale_id, was, hour, *_ = decision
        place = (decision[6], hour)
        count = counts.get(place)
        if count is None:
            count = counts[place] = _Count()
        count.decisions += 1
        count.prompted += outcome == "prompt"
        count.blocked += outcome == "block"
        count.was_prompted += was == "prompt"
        count.was_blocked += was == "block"
        if (
            len(count.examples) < MOST_EXAMPLES
            and _STRICTNESS[outcome] > _STRICTNESS[was]
            and sale_id is not None
            and sale_id not in count.examples
        ):
            count.examples.append(sale_id)
    return tuple(counts[place].cell(*place) for place in sorted(counts))
