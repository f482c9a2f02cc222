"""Settings, customers and sales to try policy on."""

from contracts.customers import CustomerFacts
from contracts.ids import CustomerId, RegisterId, SaleId
from contracts.policy import (
    AttributionMode,
    CheckoutFacts,
    ContactRule,
    DetailRule,
    PolicySettings,
    Sentences,
    TransactionKind,
)

ATTRIBUTIONS: tuple[AttributionMode, ...] = ("not_required", "automatic", "manual")
SENTENCES = Sentences(en="For the warranty.", de="Für die Garantie.", nl="Voor de garantie.", fi="Takuuta varten.")


def a_customer(
    *,
    first_name: bool = False,
    last_name: bool = False,
    email: bool = False,
    phone: bool = False,
    placeholder: bool = False,
) -> CustomerFacts:
    return CustomerFacts(
        customer_id=CustomerId("0190a000-0000-7000-8000-000000000001"),
        revision=1,
        has_first_name=first_name,
        has_last_name=last_name,
        has_email=email,
        has_phone=phone,
        placeholder=placeholder,
    )


def a_sale(
    customer: CustomerFacts | None = None,
    *,
    kind: TransactionKind = "sale",
    unattributed: int = 0,
    signed_on: bool = False,
) -> CheckoutFacts:
    return CheckoutFacts(
        sale_id=SaleId("0190a000-0000-7000-8000-00000000000a"),
        register=RegisterId("till-1"),
        transaction_kind=kind,
        total=1250,
        goods_lines=2,
        unattributed_lines=unattributed,
        signed_on=signed_on,
        customer=customer,
    )


EVERYTHING = PolicySettings(
    first_name=DetailRule("required"),
    last_name=DetailRule("required"),
    contact=ContactRule("required", mode="email_and_phone"),
    attribution="manual",
)
EVERYBODY = a_customer(first_name=True, last_name=True, email=True, phone=True)
