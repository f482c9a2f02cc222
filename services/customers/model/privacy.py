"""What a store has settled about consent, erasure and retention, and what of a customer is sealed. Pure."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.customers import Customer
from contracts.customers.consent import Preset
from contracts.customers.privacy import (
    BuyerRecord,
    DataClass,
    Erasure,
    KeptRecord,
    RetentionRule,
    SealBuyer,
)
from contracts.customers.profile import Address, Balances
from contracts.ids import CountryCode
from contracts.topics import FOLLOWS
from services.customers.model import retention
from services.runtime.clock import stamp

OWN = "customers"
TO_ACKNOWLEDGE = (OWN, *sorted(name for name, leaders in FOLLOWS.items() if OWN in leaders))
"""Who does a part of an erasure: this service, and all that follow its journal."""


class Privacy(msgspec.Struct, frozen=True):
    """What a store has settled."""

    country: str
    confirms_consent: bool
    confirm_days: int
    marketing_preset: Preset
    retention: dict[tuple[str, DataClass], int]
    erasure_hours: int
    access_log_days: int

    def overdue_before(self, now: datetime) -> str:
        """An erasure of before that time is overdue."""
        return stamp(now - timedelta(hours=self.erasure_hours))

    def accesses_kept_since(self, now: datetime) -> str:
        """Who saw details before that time is forgotten."""
        return stamp(now - timedelta(days=self.access_log_days))

    def table(self) -> tuple[RetentionRule, ...]:
        """How long what is kept."""
        return retention.table(self.retention, self.country)


def open_balances(balances: Balances) -> dict[str, int]:
    """What a customer has or owes, by name; empty if nothing."""
    amounts = {
        "store_credit": balances.store_credit,
        "account_owed": balances.account_owed,
        "loyalty_points": balances.loyalty_points,
    }
    return {name: amount for name, amount in amounts.items() if amount}


def sealed(command: SealBuyer, customer: Customer, settled: Privacy, now: str, today: str) -> BuyerRecord:
    """Who bought, as they are now, for as long as the law of the country wants it."""
    country = command.country or CountryCode(settled.country)
    kept_years = retention.years(settled.retention, country, retention.class_of(command.reason))
    name = " ".join(filter(None, (customer.first_name, customer.last_name)))
    exemption = customer.exemption
    return BuyerRecord(
        record_id=command.record_id,
        sale_id=command.sale_id,
        customer_id=customer.customer_id,
        reason=command.reason,
        country=country,
        sealed_at=now,
        keep_until=retention.keep_until(today, kept_years),
        held=False,
        name=command.name or name,
        company=customer.company,
        address=command.address or _billing(customer),
        vat_number="" if exemption is None else exemption.vat_number,
        evidence="" if exemption is None else exemption.evidence,
    )


def certificate_seal(key: bytes, erasure: Erasure, kept: tuple[KeptRecord, ...]) -> str:
    """A keyed hash over what a certificate says, which this store alone can make."""
    said: dict[str, Any] = {"erasure": erasure, "kept": kept}
    return hmac.new(key, b"certificate\0" + msgspec.json.encode(said), hashlib.sha256).hexdigest()


def _billing(customer: Customer) -> Address | None:
    billing = [each for each in customer.addresses if each.kind == "billing"]
    return next(iter((*billing, *customer.addresses)), None)
