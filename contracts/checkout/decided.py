"""What others are told of the checks before payment: decisions, skips, waivers."""

from typing import Literal

from contracts.base import Event, Message
from contracts.customers import GroupId
from contracts.ids import (
    Day,
    DecisionId,
    RegisterId,
    SaleId,
    Segment,
    StaffId,
    Timestamp,
)
from contracts.money import Amount
from contracts.policy import Level, TenderKind, TransactionKind
from contracts.policy.checking import RuleKind, Settled, SkipReason


class DecidedItem(Message, frozen=True):
    """One rule's answer as it is kept; ``anew`` is the first like it since the sale began or its customer changed."""

    field: RuleKind
    level: Level
    satisfied: bool
    code: Segment
    settled: Settled | None = None
    anew: bool = True


class DecidedCustomer(Message, frozen=True):
    """What policy was told of the customer: facts, without saying who it is."""

    has_first_name: bool
    has_last_name: bool
    has_email: bool
    has_phone: bool
    placeholder: bool
    group: GroupId


class CheckoutDecided(Event, frozen=True):
    """Policy answered about a sale, or did not (``settings_revision`` None); kept by policy with the facts.

    ``business_day`` and ``hour`` (0 to 23) are of the shop's wall clock.
    """

    decision_id: DecisionId
    sale_id: SaleId
    register: RegisterId
    staff_id: StaffId
    decided_at: Timestamp
    settings_revision: int | None
    outcome: Literal["proceed", "prompt", "block", "unavailable"]
    items: tuple[DecidedItem, ...]
    tender_kind: TenderKind | None
    total: Amount
    transaction_kind: TransactionKind
    business_day: Day
    hour: int
    goods_lines: int
    unattributed_lines: int
    signed_on: bool
    item_tags: tuple[Segment, ...] = ()
    customer: DecidedCustomer | None = None
    skipped: tuple[Segment, ...] = ()
    waived: tuple[Segment, ...] = ()


class PromptSkipped(Event, frozen=True):
    """Staff went on without a recommended detail; ``unanswered`` where money was taken without a word about it."""

    sale_id: SaleId
    register: RegisterId
    business_day: Day
    field: RuleKind
    reason: SkipReason
    staff_id: StaffId
    skipped_at: Timestamp


class RuleWaived(Event, frozen=True):
    """Somebody let a required detail pass on a sale."""

    sale_id: SaleId
    register: RegisterId
    business_day: Day
    field: RuleKind
    staff_id: StaffId
    approved_by: StaffId
    waived_at: Timestamp


class PolicyPassedOver(Event, frozen=True):
    """Somebody let money be taken although policy did not answer and the store takes none without it."""

    decision_id: DecisionId
    sale_id: SaleId
    register: RegisterId
    business_day: Day
    staff_id: StaffId
    approved_by: StaffId
    passed_at: Timestamp
