"""Settings, customers, sales and what checkout tells of them, to try policy on."""

from typing import Any

import msgspec

from contracts.checkout import Flag
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.decided import CheckoutDecided, DecidedCustomer, DecidedItem
from contracts.customers import CustomerFacts, GroupId
from contracts.ids import CurrencyCode, CustomerId, DecisionId, RegisterId, SaleId, StaffId
from contracts.policy import (
    AttributionMode,
    ContactMode,
    ContactRule,
    DetailRule,
    Level,
    Override,
    OverrideWhen,
    PolicySettings,
    Sentences,
    TenderKind,
    TransactionKind,
)
from contracts.policy.checking import CheckoutFacts
from services.policy.model.decision import Verdict
from services.policy.model.decision import decide as decide_by
from services.policy.model.rulebook import Rulebook

LEVELS: tuple[Level, ...] = ("not_required", "recommended", "required")
MODES: tuple[ContactMode, ...] = ("email_or_phone", "phone", "email", "email_and_phone")
ATTRIBUTIONS: tuple[AttributionMode, ...] = ("not_required", "automatic", "manual")
OUTCOMES = ("proceed", "prompt", "block")
SENTENCES = Sentences(en="For the warranty.", de="Für die Garantie.", nl="Voor de garantie.", fi="Takuuta varten.")
OWNER = StaffId("0190a000-0000-7000-8000-00000000000f")
MANAGER = StaffId("0190a000-0000-7000-8000-00000000000e")
TILL_1, TILL_2 = RegisterId("till-1"), RegisterId("till-2")


def sale_id(number: int) -> SaleId:
    return SaleId(f"0190b000-0000-7000-8000-{number:012d}")


def a_customer(
    *,
    first_name: bool = False,
    last_name: bool = False,
    email: bool = False,
    phone: bool = False,
    placeholder: bool = False,
    group: str = "all",
) -> CustomerFacts:
    return CustomerFacts(
        customer_id=CustomerId("0190a000-0000-7000-8000-000000000001"),
        revision=1,
        has_first_name=first_name,
        has_last_name=last_name,
        has_email=email,
        has_phone=phone,
        placeholder=placeholder,
        group=GroupId(group),
    )


def a_sale(
    customer: CustomerFacts | None = None,
    *,
    kind: TransactionKind = "sale",
    register: str = "till-1",
    total: int = 1250,
    tender: TenderKind | None = None,
    tags: tuple[str, ...] = (),
    unattributed: int = 0,
    signed_on: bool = False,
    skipped: tuple[str, ...] = (),
    waived: tuple[str, ...] = (),
) -> CheckoutFacts:
    return CheckoutFacts(
        sale_id=SaleId("0190a000-0000-7000-8000-00000000000a"),
        register=RegisterId(register),
        transaction_kind=kind,
        total=total,
        goods_lines=2,
        unattributed_lines=unattributed,
        tender_kind=tender,
        item_tags=tags,
        signed_on=signed_on,
        customer=customer,
        skipped=skipped,
        waived=waived,
    )


def exactly(name: str, when: OverrideWhen, **rules: Any) -> Override:
    return Override(name, "exactly", when, **rules)


def at_least(name: str, when: OverrideWhen, **rules: Any) -> Override:
    return Override(name, "at_least", when, **rules)


def decide(settings: PolicySettings, facts: CheckoutFacts, revision: int = 1) -> Verdict:
    """Decide by settings that are compiled for this once."""
    return decide_by(Rulebook(settings, revision), facts)


def codes(settings: PolicySettings, facts: CheckoutFacts) -> list[str]:
    return [finding.code for finding in decide(settings, facts).findings]


FIRST_NAME = PolicySettings(first_name=DetailRule("required"))
EVERYTHING = PolicySettings(
    first_name=DetailRule("required"),
    last_name=DetailRule("required"),
    contact=ContactRule("required", mode="email_and_phone"),
    attribution="manual",
)
EVERYBODY = a_customer(first_name=True, last_name=True, email=True, phone=True)

MISSING = DecidedItem("first_name", "required", satisfied=False, code="first-name-missing")
PROMPTED = DecidedItem("contact", "recommended", satisfied=False, code="email-missing")
_DECIDED = CheckoutDecided(
    decision_id=DecisionId(""),
    sale_id=sale_id(1),
    register=TILL_1,
    staff_id=OWNER,
    decided_at="2026-03-01T10:00:00.000000Z",
    settings_revision=3,
    outcome="block",
    items=(MISSING,),
    tender_kind="card",
    total=1250,
    transaction_kind="sale",
    business_day="2026-03-01",
    hour=11,
    goods_lines=2,
    unattributed_lines=0,
    signed_on=True,
    item_tags=("warranty", "serialised"),
    customer=DecidedCustomer(
        has_first_name=False,
        has_last_name=True,
        has_email=False,
        has_phone=True,
        placeholder=False,
        group=GroupId("vip"),
    ),
    skipped=("email-missing",),
    waived=(),
)


def a_decision(number: int, **changes: Any) -> CheckoutDecided:
    """A decision as checkout tells it, with facts of its own where they are given."""
    decision_id = DecisionId(f"0190c000-0000-7000-8000-{number:012d}")
    return msgspec.structs.replace(_DECIDED, decision_id=decision_id, **changes)


def unanswered(number: int, **changes: Any) -> CheckoutDecided:
    """A check that policy did not answer."""
    return a_decision(number, **{"settings_revision": None, "outcome": "unavailable", "items": (), **changes})


def completed(sale: SaleId, *flags: Flag, at: str = "2026-03-01T10:05:00Z", **changes: Any) -> SaleCompleted:
    """A sale that was closed, with flags."""
    told = SaleCompleted(
        sale_id=sale,
        register=TILL_1,
        receipt_number="till-1-000001",
        transaction_number=1,
        transaction_kind="sale",
        business_day="2026-03-01",
        started_at="2026-03-01T09:58:00Z",
        completed_at=at,
        currency=CurrencyCode("EUR"),
        total=1250,
        rounding=0,
        cashier=OWNER,
        customer_id=None,
        lines=(),
        tenders=(),
        rates=(),
        flags=flags,
    )
    return msgspec.structs.replace(told, **changes)
