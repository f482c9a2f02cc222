"""What policy answered about a sale, as the sale keeps it while it is open."""

from typing import Literal

import msgspec

from contracts.checkout import CheckoutBlocked, Decision, PolicyUnavailable
from contracts.ids import DecisionId
from contracts.policy import AttributionMode, CheckAnswer, CheckItem, TenderKind

OnUnavailable = Literal["refuse", "allow_flagged"]


class KnownPolicy(msgspec.Struct, frozen=True):
    """What checkout last heard of policy's settings, for when policy is away."""

    on_unavailable: OnUnavailable = "refuse"
    attribution: AttributionMode = "not_required"


class Verdict(msgspec.Struct, frozen=True):
    """Policy's answer, None when policy is away, and what was known of its settings before it was asked."""

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

    def lets_pay(self, known: KnownPolicy) -> bool:
        """Whether money may be taken; a prompt does not stop it."""
        return self.outcome in ("proceed", "prompt") or (
            self.outcome == "unavailable" and known.on_unavailable == "allow_flagged"
        )

    def prove_payable(self, known: KnownPolicy) -> None:
        """Check that money may be taken.

        Rejections:
            CheckoutBlocked: policy requires details that are missing.
            PolicyUnavailable: policy is away and the store takes no money without it.
        """
        if self.outcome == "block":
            raise CheckoutBlocked(
                decision_id=self.decision_id,
                items=[
                    {"field": item.field, "level": item.level, "code": item.code}
                    for item in self.items
                    if not item.satisfied
                ],
            )
        if not self.lets_pay(known):
            raise PolicyUnavailable(decision_id=self.decision_id)
