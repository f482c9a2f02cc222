"""What policy owns: which details a checkout must collect, and whether it may proceed."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, Message, Query, Rejection, Reply, State
from contracts.customers import CustomerFacts, LanguageCode, RevisionConflict
from contracts.ids import Hash, RegisterId, SaleId, Segment, StaffId
from contracts.money import Amount

Level = Literal["not_required", "recommended", "required"]
ContactMode = Literal["phone", "email", "email_or_phone", "email_and_phone"]
AttributionMode = Literal["not_required", "manual", "automatic"]
Purpose = Literal["warranty", "order", "account", "delivery", "law", "service", "marketing"]
RuleKind = Literal["first_name", "last_name", "contact", "attribution", "age_check", "sale_hours"]
TransactionKind = Literal["sale", "return", "deposit_return", "exchange", "order", "workshop", "account_payment"]
TenderKind = Literal["cash", "card", "store_credit", "account", "loyalty", "voucher"]
Outcome = Literal["proceed", "prompt", "block"]
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


class PolicySettings(Message, frozen=True, forbid_unknown_fields=True):
    """What a checkout must collect before it may be paid."""

    first_name: DetailRule = DetailRule()
    last_name: DetailRule = DetailRule()
    contact: ContactRule = ContactRule()
    attribution: AttributionMode = "not_required"
    moment: Literal["before_payment", "at_start"] = "before_payment"
    waivable: bool = False
    on_policy_unavailable: Literal["refuse", "allow_flagged"] = "refuse"
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 90


class PolicyInForce(Reply, frozen=True):
    """The settings in force, their revision, and what a careful shop should know about them."""

    revision: int
    settings: PolicySettings
    warnings: tuple[str, ...] = ()


class PurposeRefused(Rejection):
    """Marketing is no purpose that may require a detail; recommend it instead or name another purpose."""


class GetSettings(Query[PolicyInForce], frozen=True):
    """Read the settings in force."""

    asked_by = ("register", "backoffice", "hub", "checkout")


class SetSettings(Command[PolicyInForce], frozen=True):
    """Put settings in force for the next check; ``expected_revision`` is the one they were read at."""

    asked_by = ("register", "backoffice", "hub")
    permission = "policy.edit"
    rejections = (RevisionConflict, PurposeRefused)

    expected_revision: int
    settings: PolicySettings


class CheckoutFacts(Message, frozen=True):
    """What policy is told of a sale: facts and counts, never personal data."""

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


class CheckItem(Message, frozen=True):
    """One rule's answer. ``code`` is stable; ``sentence`` is for people, in the asker's language."""

    field: RuleKind
    level: Level
    satisfied: bool
    code: Segment
    sentence: str
    purpose: str | None = None
    waivable_by: tuple[Segment, ...] = ()


class CheckAnswer(Reply, frozen=True):
    """Whether the checkout may proceed: the strictest of its items decides.

    ``on_policy_unavailable`` travels along so that checkout knows it when policy is away.
    """

    outcome: Outcome
    settings_revision: int
    items: tuple[CheckItem, ...]
    attribution: AttributionMode = "not_required"
    on_policy_unavailable: Literal["refuse", "allow_flagged"] = "refuse"


class CheckCheckout(Query[CheckAnswer], frozen=True):
    """Ask whether a sale may be paid as it stands."""

    asked_by = ("checkout",)

    facts: CheckoutFacts
    language: LanguageCode = "en"


class SettingsChanged(Event, frozen=True):
    """Other settings are in force from now on."""

    revision: int
    staff_id: StaffId
    settings_hash: Hash


class PolicyRevision(State, frozen=True):
    """Which revision of the settings is in force."""

    path: ClassVar = "settings"
    read_by: ClassVar = ("ops", "register", "display", "backoffice", "checkout")

    revision: int
    on_policy_unavailable: Literal["refuse", "allow_flagged"]
