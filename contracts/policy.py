"""What policy owns: which details a checkout must collect, and whether it may proceed."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, Message, Query, Rejection, Reply, State
from contracts.customers import CustomerFacts, GroupId, LanguageCode, RevisionConflict
from contracts.ids import Day, DecisionId, Hash, ReceiptNumber, RegisterId, SaleId, Segment, StaffId, Timestamp
from contracts.money import Amount, PositiveAmount

Level = Literal["not_required", "recommended", "required"]
ContactMode = Literal["phone", "email", "email_or_phone", "email_and_phone"]
AttributionMode = Literal["not_required", "manual", "automatic"]
Purpose = Literal["warranty", "order", "account", "delivery", "law", "service", "marketing"]
RuleKind = Literal["first_name", "last_name", "contact", "attribution", "age_check", "sale_hours"]
TransactionKind = Literal["sale", "return", "deposit_return", "exchange", "order", "workshop", "account_payment"]
TenderKind = Literal["cash", "card", "store_credit", "account", "loyalty", "voucher"]
Outcome = Literal["proceed", "prompt", "block"]
Moment = Literal["before_payment", "at_start"]
OnPolicyUnavailable = Literal["refuse", "allow_flagged"]
ChosenSkipReason = Literal["customer_declined", "no_time", "language", "already_given", "other"]
"""Why staff skip a prompt, the most usual first."""
SkipReason = Literal["customer_declined", "no_time", "language", "already_given", "other", "unanswered"]
"""The same, and ``unanswered`` where money was taken without a word about the prompt."""
Settled = Literal["skipped", "waived"]
ExceptionKind = Literal[
    "waiver", "policy_unavailable", "policy_unsatisfied", "offline", "unsatisfied_offline", "clock_unsure"
]
ReportBy = Literal["rule", "register", "staff", "day", "reason"]
MOST_OVERRIDES = 10_000
SentenceText = Annotated[str, Meta(min_length=1, max_length=200)]


class Sentences(Message, frozen=True, forbid_unknown_fields=True):
    """One sentence in each of the languages of the shop."""

    en: SentenceText
    de: SentenceText
    nl: SentenceText
    fi: SentenceText


class RulePurpose(Message, frozen=True, forbid_unknown_fields=True):
    """Why a detail is asked for, told on till and display."""

    kind: Purpose
    sentences: Sentences


class DetailRule(Message, frozen=True, forbid_unknown_fields=True):
    """How strongly a name is asked for."""

    level: Level = "not_required"
    purpose: RulePurpose | None = None


class ContactRule(Message, frozen=True, forbid_unknown_fields=True):
    """How strongly a way to reach the customer is asked for, and which."""

    level: Level = "not_required"
    mode: ContactMode = "email_or_phone"
    purpose: RulePurpose | None = None


class OverrideWhen(Message, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which sales an override is for: those that fit every condition named here; at least one is."""

    register: RegisterId | None = None
    transaction_kind: TransactionKind | None = None
    tender_kind: TenderKind | None = None
    total_from: PositiveAmount | None = None
    item_tag: Segment | None = None
    customer_group: GroupId | None = None


class Override(Message, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Other rules for some sales; a rule left out is not touched.

    ``exactly`` replaces the store's rule, milder too; ``at_least`` only raises it. ``override_id`` is
    made by whoever writes the override and stands once in the settings.
    """

    override_id: Segment
    effect: Literal["exactly", "at_least"]
    when: OverrideWhen
    first_name: DetailRule | None = None
    last_name: DetailRule | None = None
    contact: ContactRule | None = None
    attribution: AttributionMode | None = None


class PolicySettings(Message, frozen=True, forbid_unknown_fields=True):
    """What a checkout must collect before it may be paid.

    ``moment`` says when it is asked first, ``waivable`` whether somebody with ``policy.waive`` may let a
    required rule pass, ``keep_days`` for how long decisions name a sale and staff.
    """

    first_name: DetailRule = DetailRule()
    last_name: DetailRule = DetailRule()
    contact: ContactRule = ContactRule()
    attribution: AttributionMode = "not_required"
    overrides: Annotated[tuple[Override, ...], Meta(max_length=MOST_OVERRIDES)] = ()
    moment: Moment = "before_payment"
    waivable: bool = False
    on_policy_unavailable: OnPolicyUnavailable = "refuse"
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 90


class PolicyInForce(Reply, frozen=True):
    """Settings, their revision, and what a careful shop should know about them.

    ``set_by`` and ``set_at`` are None for revision 0, with which every store starts.
    """

    revision: int
    settings: PolicySettings
    warnings: tuple[str, ...] = ()
    in_force: bool = True
    set_by: StaffId | None = None
    set_at: Timestamp | None = None


class PurposeRefused(Rejection):
    """Marketing is no purpose that may require a detail; recommend it instead or name another purpose."""


class UnknownRegister(Rejection):
    """An override names a register that this store does not have; correct its name or add the register first."""


class UnknownGroup(Rejection):
    """An override names a customer group that this store does not have; correct it or make the group first."""


class RevisionNotFound(Rejection):
    """There were never settings of that revision."""


class GetSettings(Query[PolicyInForce], frozen=True):
    """Read the settings in force, or those of an earlier ``revision``."""

    asked_by = ("register", "backoffice", "hub", "customers")
    rejections = (RevisionNotFound,)

    revision: Annotated[int, Meta(ge=0)] | None = None


class SettingsRevision(Message, frozen=True):
    """That somebody put settings in force; ``settings_hash`` tells alike ones."""

    revision: int
    set_by: StaffId
    set_at: Timestamp
    settings_hash: Hash


class SettingsRevisions(Reply, frozen=True):
    """The revisions of the settings, newest first; ``next`` asks for the following page."""

    revisions: tuple[SettingsRevision, ...]
    next: int | None = None


class ListSettingsRevisions(Query[SettingsRevisions], frozen=True):
    """Who put which settings in force, and when, from revision ``next`` downwards."""

    asked_by = ("register", "backoffice", "hub")

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    next: Annotated[int, Meta(ge=0)] | None = None


class SetSettings(Command[PolicyInForce], frozen=True):
    """Put settings in force for the next check; ``expected_revision`` is the one they were read at."""

    asked_by = ("register", "backoffice", "hub")
    permission = "policy.edit"
    rejections = (RevisionConflict, PurposeRefused, UnknownRegister, UnknownGroup)

    expected_revision: int
    settings: PolicySettings


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


class WhatIfCell(Message, frozen=True):
    """What would have happened at one register in one hour of the day (0 to 23, the shop's wall clock).

    Each sale counts once, in the hour of its first check and by the strictest answer it had or would have had.
    ``was_prompted`` and ``was_blocked`` is what did happen. ``examples`` are sales that the draft would have
    prompted or blocked, as far as they are still named.
    """

    register: RegisterId
    hour: int
    sales: int
    prompted: int
    blocked: int
    was_prompted: int
    was_blocked: int
    examples: tuple[SaleId, ...] = ()


class WhatIfReport(Reply, frozen=True):
    """What draft settings would have done, by register and then by hour; the first counts are of all cells.

    A check whose sale is no longer named counts as a sale of its own.
    """

    days: int
    sales: int
    prompted: int
    blocked: int
    was_prompted: int
    was_blocked: int
    cells: tuple[WhatIfCell, ...]
    warnings: tuple[str, ...] = ()


class WhatIf(Query[WhatIfReport], frozen=True):
    """Try draft settings on the decisions of the last ``days`` days; nothing is changed."""

    asked_by = ("register", "backoffice", "hub")
    permission = "policy.edit"
    rejections = (PurposeRefused, UnknownRegister)

    settings: PolicySettings
    days: Annotated[int, Meta(ge=1, le=366)] = 28


class SkipCount(Message, frozen=True):
    """How many prompts were skipped for one reason."""

    reason: SkipReason
    count: int


class PolicyReportRow(Message, frozen=True):
    """What policy said in one part of a report. ``key`` is a rule, a register, a staff id, a day or a reason.

    A prompt and a block count once for a sale and rule, and afresh once its customer changed. ``unavailable``
    counts checks that policy did not answer. A staff id that has faded is an empty key.
    """

    key: str
    prompts: int = 0
    skips: int = 0
    skip_reasons: tuple[SkipCount, ...] = ()
    blocks: int = 0
    waivers: int = 0
    unavailable: int = 0


class PolicyReport(Reply, frozen=True):
    """Prompts, skips, blocks and waivers of a period, by key."""

    by: ReportBy
    rows: tuple[PolicyReportRow, ...]


class GetPolicyReport(Query[PolicyReport], frozen=True):
    """Count what policy said between two business days, both included. By staff it needs ``staff.report_person``."""

    asked_by = ("register", "backoffice", "hub")
    permission = "policy.report"

    from_day: Day
    to_day: Day
    by: ReportBy = "rule"
    register: RegisterId | None = None


class PolicyException(Message, frozen=True):
    """One sale that did not go as the rules have it. ``staff_id`` is the cashier's, None once it has faded.

    ``rechecked`` is what policy says afterwards of a sale that was paid while it was away, by the settings of
    that time. ``receipt_number`` is None where the sale was not completed.
    """

    kind: ExceptionKind
    sale_id: SaleId | None
    register: RegisterId
    business_day: Day
    at: Timestamp
    staff_id: StaffId | None = None
    approved_by: StaffId | None = None
    receipt_number: ReceiptNumber | None = None
    fields: tuple[RuleKind, ...] = ()
    rechecked: Outcome | None = None


class PolicyExceptions(Reply, frozen=True):
    """Exceptions, newest first; ``next`` asks for the following page."""

    exceptions: tuple[PolicyException, ...]
    next: str | None = None


class ListExceptions(Query[PolicyExceptions], frozen=True):
    """Waivers, sales without policy, flagged and offline sales between two business days, both included."""

    asked_by = ("register", "backoffice", "hub")
    permission = "policy.report"

    from_day: Day
    to_day: Day
    register: RegisterId | None = None
    kind: ExceptionKind | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    next: Annotated[str, Meta(max_length=200)] | None = None


class SettingsChanged(Event, frozen=True):
    """Other settings are in force from now on; what checkout must know while policy is away is told along."""

    revision: int
    staff_id: StaffId
    settings_hash: Hash
    on_policy_unavailable: OnPolicyUnavailable = "refuse"
    attribution: AttributionMode = "not_required"
    moment: Moment = "before_payment"
    approved_by: StaffId | None = None


class SaleRechecked(Event, frozen=True):
    """A sale that was paid while policy was away was checked afterwards, by the settings of its time."""

    decision_id: DecisionId
    sale_id: SaleId
    register: RegisterId
    settings_revision: int
    outcome: Outcome
    missing: tuple[RuleKind, ...]


class PolicyRevision(State, frozen=True):
    """Which revision of the settings is in force."""

    path: ClassVar = "settings"
    read_by: ClassVar = ("ops", "register", "display", "backoffice", "checkout")

    revision: int
    on_policy_unavailable: OnPolicyUnavailable
