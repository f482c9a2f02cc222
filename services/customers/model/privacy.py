"""What a store has settled about consent, erasure and retention, and what of a customer is sealed. Pure."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.customers import Customer
from contracts.customers.consent import Preset
from contracts.customers.privacy.erasing import Erasure, ErasureReason
from contracts.customers.privacy.keeping import BuyerRecord, DataClass, KeptRecord, RetentionRule, SealBuyer, SealReason
from contracts.customers.profile import Address, Balances
from contracts.ids import CountryCode
from contracts.topics import FOLLOWS
from services.customers.model import retention
from services.runtime.clock import stamp

OWN = "customers"
TO_ACKNOWLEDGE = (OWN, *sorted(name for name, leaders in FOLLOWS.items() if OWN in leaders))
"""Who does a part of an erasure: this service, and all that follow its journal."""


SUPPRESSING: frozenset[ErasureReason] = frozenset({"asked_for"})
"""Why somebody is erased who is not to be written to any more. A record that was made by mistake, or had its time, says
nothing about whoever else has the address."""


class Buyer(msgspec.Struct, frozen=True):
    """Who bought, as far as the law wants it known."""

    name: str
    company: str
    address: Address | None
    vat_number: str
    evidence: str


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

    def half_due_before(self, now: datetime) -> str:
        """Of the time in which an erasure of before that time is to be finished, half has passed."""
        return stamp(now - timedelta(hours=self.erasure_hours) / 2)

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


def buyer_of(customer: Customer) -> Buyer:
    """A customer as a buyer."""
    exemption = customer.exemption
    return Buyer(
        name=" ".join(filter(None, (customer.first_name, customer.last_name))),
        company=customer.company,
        address=_billing(customer),
        vat_number="" if exemption is None else exemption.vat_number,
        evidence="" if exemption is None else exemption.evidence,
    )


def sealed(  # noqa: PLR0913, PLR0917 - who it is, and all that says for how long
    command: SealBuyer,
    buyer: Buyer,
    settled: Privacy,
    now: str,
    today: str,
    also: tuple[SealReason, ...] = (),
) -> BuyerRecord:
    """Who bought, as they are now, for as long as the law of the country wants it for any of the reasons.

    The command names the customer by the id they have now.
    """
    country = command.country or CountryCode(settled.country)
    classes = {retention.class_of(reason) for reason in (command.reason, *also)}
    kept_years = max(retention.years(settled.retention, country, each) for each in classes)
    return BuyerRecord(
        record_id=command.record_id,
        sale_id=command.sale_id,
        customer_id=command.customer_id,
        reason=command.reason,
        country=country,
        sealed_at=now,
        keep_until=retention.keep_until(today, kept_years),
        held=False,
        name=command.name or buyer.name,
        company=buyer.company,
        address=command.address or buyer.address,
        vat_number=buyer.vat_number,
        evidence=buyer.evidence,
    )


def certificate_seal(key: bytes, erasure: Erasure) -> str:
    """A keyed hash over what never changes of an erasure, which this store alone can make.

    So a paper can be checked for ever: after a restore, too, and once what the law kept has had its time.
    """
    said = (erasure.erasure_id, erasure.customer_id, erasure.reason, erasure.erased_at)
    return hmac.new(key, "\0".join(("certificate", *said)).encode(), hashlib.sha256).hexdigest()


def certificate_seal_of_before(key: bytes, erasure: Erasure, kept: tuple[KeptRecord, ...]) -> str:
    """The seal that certificates had before: over all that one said, so that it changed with what is kept."""
    told = msgspec.to_builtins(erasure)
    for each in told["services"]:
        del each["waits_for"]  # nobody told that before
    said: dict[str, Any] = {"erasure": told, "kept": kept}
    return hmac.new(key, b"certificate\0" + msgspec.json.encode(said), hashlib.sha256).hexdigest()


def _billing(customer: Customer) -> Address | None:
    billing = [each for each in customer.addresses if each.kind == "billing"]
    return next(iter((*billing, *customer.addresses)), None)
