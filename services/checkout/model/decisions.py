"""What policy answered about a sale, as the sale keeps it while it is open."""

from typing import Literal

import msgspec

from contracts.checkout import Decision
from contracts.checkout.paying import CheckoutBlocked, PolicyUnavailable
from contracts.ids import DecisionId
from contracts.policy import AttributionMode, Moment, OnPolicyUnavailable, TenderKind
from contracts.policy.checking import CheckAnswer, CheckItem
from contracts.staff import Grant

DecidedOutcome = Literal["proceed", "prompt", "block", "unavailable"]
NEVER_HEARD = -1
"""Stands for the revision of policy's settings until policy was heard once."""


class KnownPolicy(msgspec.Struct, frozen=True):
    """What checkout last heard of policy's settings, for when policy is away."""

    on_unavailable: OnPolicyUnavailable = "refuse"
    attribution: AttributionMode = "not_required"
    moment: Moment = "before_payment"
    revision: int = NEVER_HEARD


class Verdict(msgspec.Struct, frozen=True):
    """Policy's answer, None when policy is away, and what was known of its settings by then."""

    answer: CheckAnswer | None
    known: KnownPolicy

    @property
    def attribution(self) -> AttributionMode:
        """How lines get their staff."""
        return self.known.attribution if self.answer is None else self.answer.attribution

    @property
    def waits(self) -> bool:
        """Whether policy is away and the store takes no money without it, unless somebody lets it pass."""
        return self.answer is None and self.known.on_unavailable == "refuse"

    def lets_pay(self, *, passing: bool = False) -> bool:
        """Whether money may be taken; a prompt does not stop it. ``passing`` is that somebody does without policy."""
        if self.answer is None:
            return passing or not self.waits
        return self.answer.outcome != "block"

    def decided(self, decision_id: DecisionId, content: str, tender_kind: TenderKind | None) -> "Decided":
        """The decision that this is about a sale of that content."""
        if self.answer is None:
            return Decided(decision_id, "unavailable", content, tender_kind=tender_kind)
        answer = self.answer
        return Decided(decision_id, answer.outcome, content, answer.settings_revision, answer.items, tender_kind)


class Decided(msgspec.Struct, frozen=True, omit_defaults=True):
    """A decision with the content it was made about; ``outcome`` is ``unavailable`` when policy was away."""

    decision_id: DecisionId
    outcome: DecidedOutcome
    content: str
    settings_revision: int | None = None
    items: tuple[CheckItem, ...] = ()
    tender_kind: TenderKind | None = None

    def shown(self, *, held: bool) -> Decision:
        """The decision as registers see it."""
        return Decision(
            decision_id=self.decision_id,
            outcome=self.outcome,
            settings_revision=self.settings_revision,
            items=self.items,
            held=held,
        )

    @property
    def open_items(self) -> tuple[CheckItem, ...]:
        """What is missing and neither skipped nor waived."""
        return tuple(item for item in self.items if not item.satisfied and item.settled is None)

    @property
    def prompts(self) -> tuple[CheckItem, ...]:
        """What staff may still be asked to collect, or skip."""
        return tuple(item for item in self.open_items if item.level == "recommended")

    @property
    def waivable(self) -> tuple[CheckItem, ...]:
        """What stops the sale and somebody may let pass."""
        return tuple(item for item in self.open_items if item.level == "required" and item.waivable_by)

    def prove_payable(self, verdict: Verdict, grant: Grant = "denied") -> None:
        """Check that money may be taken where nobody lets it pass.

        Rejections:
            CheckoutBlocked: policy requires details that are missing.
            PolicyUnavailable: policy is away, and the store takes no money without it;
                ``needs_approval`` says whether an approval would help, ``may_pass`` whether whoever asks may say so.
        """
        if self.outcome == "block":
            raise CheckoutBlocked(
                decision_id=self.decision_id,
                items=[{"field": item.field, "level": item.level, "code": item.code} for item in self.open_items],
            )
        if verdict.waits:
            raise PolicyUnavailable(
                decision_id=self.decision_id, needs_approval=grant == "needs_approval", may_pass=grant == "allowed"
            )
