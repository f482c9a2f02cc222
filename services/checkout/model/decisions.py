"""What policy answered about a sale, as the sale keeps it while it is open."""

from typing import Literal

import msgspec

from contracts.checkout import CheckoutBlocked, Decision, PolicyUnavailable
from contracts.ids import DecisionId
from contracts.policy import AttributionMode, CheckAnswer, CheckItem, Moment, OnPolicyUnavailable, RuleKind, TenderKind
from contracts.staff import Grant

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


class Decided(msgspec.Struct, frozen=True, omit_defaults=True):
    """A decision with the content it was made about; ``outcome`` is ``unavailable`` when policy was away."""

    decision_id: DecisionId
    outcome: Literal["proceed", "prompt", "block", "unavailable"]
    content: str
    settings_revision: int | None = None
    items: tuple[CheckItem, ...] = ()
    tender_kind: TenderKind | None = None

    def shown(self, *, held: bool) -> Decision | None:
        """The decision as registers see it; there is none where policy did not answer."""
        if self.outcome == "unavailable" or self.settings_revision is None:
            return None
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
    def prompts(self) -> tuple[RuleKind, ...]:
        """What staff may still be asked to collect, or skip."""
        return tuple(item.field for item in self.open_items if item.level == "recommended")

    @property
    def waivable(self) -> tuple[RuleKind, ...]:
        """What stops the sale and somebody may let pass."""
        return tuple(item.field for item in self.open_items if item.level == "required" and item.waivable_by)

    def waits_for_policy(self, known: KnownPolicy) -> bool:
        """Whether policy is away and the store takes no money without it, unless somebody lets it pass."""
        return self.outcome == "unavailable" and known.on_unavailable == "refuse"

    def lets_pay(self, known: KnownPolicy, passing: Grant = "denied") -> bool:
        """Whether money may be taken; a prompt does not stop it. ``passing`` is who asks may do without policy."""
        return self.outcome != "block" and (passing == "allowed" or not self.waits_for_policy(known))

    def prove_payable(self, known: KnownPolicy, passing: Grant = "denied") -> None:
        """Check that money may be taken.

        Rejections:
            CheckoutBlocked: policy requires details that are missing.
            PolicyUnavailable: policy is away, the store takes no money without it, and nobody lets it pass;
                ``needs_approval`` says whether somebody else could.
        """
        if self.outcome == "block":
            raise CheckoutBlocked(
                decision_id=self.decision_id,
                items=[{"field": item.field, "level": item.level, "code": item.code} for item in self.open_items],
            )
        if not self.lets_pay(known, passing):
            raise PolicyUnavailable(decision_id=self.decision_id, needs_approval=passing == "needs_approval")
