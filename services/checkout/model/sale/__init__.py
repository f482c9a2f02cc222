"""A sale from its first line item to its end, while it may still change.

The whole open sale is one mutable struct that serialises to one JSON document. Its content
(lines, points that come off them, credit, customer) is frozen from the first tender until all tenders are removed.
Each step of its life is a module here and builds on the one before; this one holds its end and how it is told.
"""

import msgspec

from contracts.checkout import Sale, SaleStatus
from contracts.checkout.paying import CustomerMissing, SaleNotPaid, SealBuyerFor
from contracts.customers.privacy.keeping import BuyerRecordId, SealReason
from contracts.ids import StaffId
from services.checkout.model import custom, told
from services.checkout.model.sale.filling import MOST_LINES
from services.checkout.model.sale.paying import MOST_TENDERS, Paying
from services.checkout.model.taxes import tax_prices

__all__ = ["MOST_LINES", "MOST_TENDERS", "Ending", "OpenedSale"]


class Ending(msgspec.Struct, frozen=True):
    """When a sale ended (UTC), on which business day, and who ended it."""

    at: str
    business_day: str
    cashier: StaffId
    clock_unsure: bool = False


class OpenedSale(Paying, omit_defaults=True):
    """A sale that is open on its register, with all that can be done to it."""

    def must_ask_to_complete(self) -> bool:
        """Whether policy is to be asked at the end: only where no tender was needed."""
        return not self.tenders

    def prove_paid(self) -> None:
        """Check that the sale holds something and is paid.

        Rejections:
            SaleEmpty: it has no line.
            SaleNotPaid: something is left to pay.
        """
        self.prove_not_empty()
        due = self.due
        if due:
            raise SaleNotPaid(due=due)

    def seals_buyer(self, asked: SealBuyerFor | None) -> SealReason | None:
        """Why the law wants the sale's buyer known: as asked for, else that they buy on account; None if it does not.

        Rejections:
            CustomerMissing: nobody is attached who could be kept, or a placeholder, which stands for nobody.
        """
        if asked is not None and (self.customer is None or self.customer.placeholder):
            raise CustomerMissing(field="seal_buyer", seal_buyer=asked)
        owes = self.customer_id is not None and any(tender.kind == "account" for tender in self.tenders)
        return asked or ("account" if owes else None)

    def seal_buyer(self, record_id: BuyerRecordId, reason: SealReason) -> None:
        """Point to the record of who bought."""
        self.sealed_buyer_id, self.sealed_reason = record_id, reason

    def complete(self, receipt_number: str, ending: Ending) -> None:
        """Close the sale for ever. Points of which nothing came off are not spent.

        Money that has moved is never refused: where the held decision does not belong to this
        content, the sale is flagged ``policy_unsatisfied``.

        Rejections:
            SaleEmpty, SaleNotPaid.
        """
        self.prove_paid()
        proof = self.held if self.tenders else self.decision
        if proof is None or proof.content != self.content() or proof.outcome == "block":
            self._flag("policy_unsatisfied")
        elif proof.outcome == "unavailable":
            self._flag("policy_unavailable")
        self.decision = self.held = proof
        if not self.redeemed:
            self.redemption = None
        self.receipt_number = receipt_number
        self._end("completed", ending)

    def void(self, ending: Ending) -> None:
        """End the sale without selling anything.

        Rejections:
            SaleBeingPaid: a tender was taken.
        """
        self.prove_not_being_paid()
        self._end("voided", ending)

    def doubt_clock(self) -> None:
        """The sale's times may be wrong; that is flagged and stops nothing."""
        self._flag("clock_unsure")

    def state(self) -> Sale:
        """The sale as it is told to registers."""
        taxed = tax_prices([(line.tax, line.amount) for line in self.lines])
        shown = self.decision or self.held
        return Sale(
            sale_id=self.sale_id,
            register=self.register,
            revision=self.revision,
            status=self.status,
            transaction_kind=self.transaction_kind,
            currency=self.currency,
            business_day=self.business_day,
            started_at=self.started_at,
            cashier=self.cashier,
            lines=tuple(told.line_item(line, tax) for line, tax in zip(self.lines, taxed.taxes, strict=True)),
            tenders=tuple(self.tenders),
            totals=told.totals(self.total, taxed.rates, self.tenders),
            customer_id=self.customer_id,
            decision=None if shown is None else shown.shown(held=shown == self.held),
            flags=tuple(self.flags),
            transaction_number=self.transaction_number,
            receipt_number=self.receipt_number,
            ended_at=self.ended_at,
            skips=tuple(self.checking.skips),
            waivers=tuple(self.checking.waivers),
            customer_group=None if self.customer is None else self.customer.group,
            redemption=self._redemption_told(),
            sealed_buyer_id=self.sealed_buyer_id,
            sealed_reason=self.sealed_reason,
            custom=custom.values(self.custom),
        )

    def _end(self, status: SaleStatus, ending: Ending) -> None:
        self.revision += 1
        self.status = status
        self.ended_at = ending.at
        self.business_day = ending.business_day
        self.cashier = ending.cashier
        if ending.clock_unsure:
            self.doubt_clock()
