"""A sale that is open: one mutable struct, stored as one JSON document, and what holds of it in every step of its life.

The steps build on one another: points come off it, it is filled, policy is asked about it, it is paid, it ends.
"""

from hashlib import blake2b

import msgspec

from contracts.checkout import Flag, SaleBeingPaid, SaleStatus, Tender
from contracts.checkout.paying import SaleEmpty
from contracts.customers import CustomerFacts
from contracts.customers.merging import MergeId
from contracts.customers.privacy.keeping import BuyerRecordId, SealReason
from contracts.customers.profile import FieldId
from contracts.ids import CurrencyCode, CustomerId, RedemptionId, RegisterId, SaleId, StaffId, TenderId
from contracts.policy import TenderKind, TransactionKind
from services.checkout.model import account_payments, redemptions, told
from services.checkout.model.checking import Checking
from services.checkout.model.custom import Filled
from services.checkout.model.decisions import Decided, DecidedOutcome
from services.checkout.model.lines import DraftLine
from services.checkout.model.redemptions import AgreedRedemption


class Former(msgspec.Struct, frozen=True):
    """Whose sale it was until a merge made it the survivor's, as they were then."""

    merge_id: MergeId
    customer: CustomerFacts


class SaleDocument(msgspec.Struct, omit_defaults=True):
    """A sale that is open on its register. Times are UTC, amounts minor units with tax."""

    sale_id: SaleId
    register: RegisterId
    currency: CurrencyCode
    business_day: str
    started_at: str
    cashier: StaffId
    transaction_number: int
    revision: int = 1
    status: SaleStatus = "open"
    transaction_kind: TransactionKind = "sale"
    lines: list[DraftLine] = []
    tenders: list[Tender] = []
    customer: CustomerFacts | None = None
    decision: Decided | None = None
    """The newest answer about this content, which registers see."""
    held: Decided | None = None
    """The answer that holds while the sale is being paid."""
    further: dict[TenderKind, DecidedOutcome] = {}
    """What policy said of other kinds of tender that were taken while the first answer is held."""
    checking: Checking = msgspec.field(default_factory=Checking)
    kept_until: dict[TenderId, str] = {}
    """Until when the balances that tenders spend are reserved."""
    flags: list[Flag] = []
    receipt_number: str | None = None
    ended_at: str | None = None
    redemption: AgreedRedemption | None = None
    """The customer's points that come off the lines."""
    redeemed_before: list[RedemptionId] = []
    """Redemptions that were removed; their ids are not used again, for what lets go of them may still be on its way."""
    let_go: list[AgreedRedemption] = []
    """Of these, those that are still to be told."""
    sealed_buyer_id: BuyerRecordId | None = None
    sealed_reason: SealReason | None = None
    custom: dict[FieldId, Filled] = {}
    """The shop's own fields of the sale; no matter of policy."""
    was_of: list[Former] = []
    """Whose it was before merges, oldest first, as long as nobody was attached since: it is theirs if one is undone."""

    @property
    def customer_id(self) -> CustomerId | None:
        """Whose sale it is."""
        return self.customer.customer_id if self.customer is not None else None

    @property
    def total(self) -> int:
        """What the lines come to, tax included, before cash rounding."""
        return sum(line.amount for line in self.lines)

    @property
    def due(self) -> int:
        """What is left to pay."""
        return told.due(self.total, self.tenders)

    def content(self) -> str:
        """A digest of what a decision is about: the lines with what they come to and their credit, and the customer."""
        about = (
            [(line.line_item_id, line.item, line.quantity, line.amount, line.attribution) for line in self.lines],
            self.customer_id,
        )
        return blake2b(msgspec.json.encode(about), digest_size=16).hexdigest()

    def prove_not_being_paid(self) -> None:
        """Check that the sale may change.

        Rejections:
            SaleBeingPaid: a tender was taken.
        """
        if self.tenders:
            raise SaleBeingPaid(tenders=len(self.tenders))

    def prove_not_empty(self) -> None:
        """Check that the sale holds something.

        Rejections:
            SaleEmpty: it has no line.
        """
        if not self.lines:
            raise SaleEmpty

    def _content_changed(self) -> None:
        redemptions.share(self.redemption, self.lines)
        self.transaction_kind = account_payments.transaction_kind(self.lines)
        if self.checking.payment_started:  # what was found at the start stays in sight until payment asks again
            self.decision = None

    def _flag(self, flag: Flag) -> None:
        if flag not in self.flags:
            self.flags = [*self.flags, flag]
