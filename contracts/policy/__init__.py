"""What policy owns: the settings that say which details a checkout must collect, with every revision of them.

Never here: a single sale (``checking``), and what came of the settings (``reporting``).
"""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.base import Command, Message, Query, Rejection, Reply
from contracts.customers import GroupId, RevisionConflict
from contracts.ids import Hash, RegisterId, Segment, StaffId, Timestamp
from contracts.money import PositiveAmount

Level = Literal["not_required", "recommended", "required"]
ContactMode = Literal["phone", "email", "email_or_phone", "email_and_phone"]
AttributionMode = Literal["not_required", "manual", "automatic"]
Purpose = Literal["warranty", "order", "account", "delivery", "law", "service", "marketing"]
TransactionKind = Literal["sale", "return", "deposit_return", "exchange", "order", "workshop", "account_payment"]
TenderKind = Literal["cash", "card", "store_credit", "account", "loyalty", "voucher"]
Moment = Literal["before_payment", "at_start"]
OnPolicyUnavailable = Literal["refuse", "allow_flagged"]
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
