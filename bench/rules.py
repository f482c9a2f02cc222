"""Rules and sales to check: a store's settings with many overrides, and facts that meet many of them."""

from typing import Final

from contracts.customers import CustomerFacts
from contracts.ids import CustomerId, RegisterId, SaleId
from contracts.policy import (
    ContactRule,
    DetailRule,
    Override,
    OverrideWhen,
    PolicySettings,
    TenderKind,
    TransactionKind,
)
from contracts.policy.checking import CheckoutFacts
from services.runtime.ids import RandomIds

REGISTER: Final = RegisterId("till-1")
TOTAL: Final = 25_990
TAGS: Final = ("serialised", "warranty")
KINDS: Final[tuple[TransactionKind, ...]] = ("sale", "exchange", "order", "workshop")
TENDERS: Final[tuple[TenderKind, ...]] = ("cash", "card", "account", "voucher")


def moderate(overrides: int) -> PolicySettings:
    """A rulebook as a shop may have it: overrides by register, kind, tender, total and tag; some meet, some do not."""
    return _settings(
        tuple(
            _override(
                number,
                OverrideWhen(
                    register=REGISTER if number % 5 == 0 else None,
                    transaction_kind=KINDS[number % len(KINDS)] if number % 3 == 0 else None,
                    tender_kind=TENDERS[number % len(TENDERS)] if number % 3 == 1 else None,
                    total_from=(number + 1) * 1_000,
                    item_tag=TAGS[number % len(TAGS)] if number % 4 == 2 else None,
                ),
            )
            for number in range(overrides)
        )
    )


def all_met(overrides: int) -> PolicySettings:
    """The worst rulebook: each of its overrides is for the sale that is checked."""
    return _settings(tuple(_override(number, OverrideWhen(total_from=number + 1)) for number in range(overrides)))


def sale(register: RegisterId = REGISTER) -> CheckoutFacts:
    """A sale with a customer who has told everything."""
    return CheckoutFacts(
        sale_id=SaleId(RandomIds().new()),
        register=register,
        transaction_kind="sale",
        total=TOTAL,
        goods_lines=5,
        unattributed_lines=0,
        tender_kind="card",
        item_tags=TAGS,
        signed_on=True,
        customer=CustomerFacts(CustomerId(RandomIds().new()), 1, True, True, True, True),
    )


def _settings(overrides: tuple[Override, ...]) -> PolicySettings:
    return PolicySettings(
        first_name=DetailRule("recommended"),
        contact=ContactRule("recommended"),
        attribution="automatic",
        overrides=overrides,
    )


def _override(number: int, when: OverrideWhen) -> Override:
    return Override(
        override_id=f"o-{number}",
        effect="exactly" if number % 2 else "at_least",
        when=when,
        last_name=DetailRule("recommended"),
        contact=ContactRule("required" if number % 3 else "recommended", "email_or_phone"),
    )
