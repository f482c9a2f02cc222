"""The check of a sale: what policy is told of it, what it answers, and why staff may skip a prompt.

Never here: who waived or skipped what, which checkout keeps with the sale.
"""

from typing import Literal

from contracts.base import Message, Query, Reply
from contracts.customers import CustomerFacts, LanguageCode
from contracts.ids import RegisterId, SaleId, Segment
from contracts.money import Amount
from contracts.policy import AttributionMode, Level, Moment, OnPolicyUnavailable, TenderKind, TransactionKind

RuleKind = Literal["first_name", "last_name", "contact", "attribution", "age_check", "sale_hours"]
Outcome = Literal["proceed", "prompt", "block"]
ChosenSkipReason = Literal["customer_declined", "no_time", "language", "already_given", "other"]
"""Why staff skip a prompt, the most usual first."""
SkipReason = Literal["customer_declined", "no_time", "language", "already_given", "other", "unanswered"]
"""The same, and ``unanswered`` where money was taken without a word about the prompt."""
Settled = Literal["skipped", "waived"]


class CheckoutFacts(Message, frozen=True):
    """What policy is told of a sale: facts and counts, never personal data.

    ``skipped`` and ``waived`` are the codes of what staff settled otherwise while this customer was attached, such as
    ``email-missing``. What asks for more than that is not settled by it.
    """

    sale_id: SaleId
    register: RegisterId
    transaction_kind: TransactionKind
    total: Amount
    goods_lines: int
    unattributed_lines: int
    tender_kind: TenderKind | None = None
    item_tags: tuple[str, ...] = ()
    signed_on: bool = False
    customer: CustomerFacts | None = None
    skipped: tuple[Segment, ...] = ()
    waived: tuple[Segment, ...] = ()


class CheckItem(Message, frozen=True):
    """One rule's answer. ``code`` is stable; ``sentence`` is for people, in the asker's language.

    What is not satisfied prompts or blocks unless it is ``settled``. ``waivable_by`` names the roles that may
    let a rule pass that blocks.
    """

    field: RuleKind
    level: Level
    satisfied: bool
    code: Segment
    sentence: str
    purpose: str | None = None
    waivable_by: tuple[Segment, ...] = ()
    settled: Settled | None = None


class CheckAnswer(Reply, frozen=True):
    """Whether the checkout may proceed: the strictest of its items decides.

    ``on_policy_unavailable`` and ``moment`` travel along so that checkout knows them when policy is away.
    """

    outcome: Outcome
    settings_revision: int
    items: tuple[CheckItem, ...]
    attribution: AttributionMode = "not_required"
    on_policy_unavailable: OnPolicyUnavailable = "refuse"
    moment: Moment = "before_payment"


class CheckCheckout(Query[CheckAnswer], frozen=True):
    """Ask whether a sale may be paid as it stands."""

    asked_by = ("checkout",)

    facts: CheckoutFacts
    language: LanguageCode = "en"


class SkipReasonText(Message, frozen=True):
    """One reason with the sentence that staff read."""

    reason: ChosenSkipReason
    sentence: str


class SkipReasons(Reply, frozen=True):
    """Why a prompt may be skipped, the most usual first."""

    reasons: tuple[SkipReasonText, ...]


class ListSkipReasons(Query[SkipReasons], frozen=True):
    """The reasons a register offers when a prompt is skipped, in the language of its staff."""

    asked_by = ("register", "backoffice", "hub")

    language: LanguageCode = "en"
