"""A sale from its first line item to its end, while it may still change.

The whole open sale is one mutable struct that serialises to one JSON document. Its content
(lines, credit, customer) is frozen from the first tender until all tenders are removed.

A decision lives beside the content: it is dropped when the content changes once payment has started, it is held
from the first tender until all are removed, and at the end it proves itself by the content it was made about.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from hashlib import blake2b

import msgspec

from contracts.checkout import Flag, LineItemNotFound, Sale, SaleBeingPaid, SaleStatus, Share, Skip, Tender, Waiver
from contracts.checkout.paying import (
    CustomerMissing,
    SaleEmpty,
    SaleNotPaid,
    TenderExists,
    TenderNotFound,
    TooManyTenders,
)
from contracts.checkout.selling import LineItemExists, LineItemFollows, TooManyLineItems
from contracts.customers import CustomerFacts
from contracts.customers.ledgers import BalanceReserved
from contracts.ids import CurrencyCode, CustomerId, DecisionId, LineItemId, RegisterId, SaleId, StaffId, TenderId
from contracts.policy import CheckoutFacts, ChosenSkipReason, RuleKind, TenderKind, TransactionKind
from services.checkout.model import credit, lines, tenders, told
from services.checkout.model.checking import Checking
from services.checkout.model.decisions import Decided, DecidedOutcome, Verdict
from services.checkout.model.items import PricedItem
from services.checkout.model.lines import DraftLine
from services.checkout.model.taxes import tax_prices
from services.checkout.model.tenders import CashRounding

MOST_LINES = 500
MOST_TENDERS = 50
FLAGGED: dict[DecidedOutcome, Flag] = {"unavailable": "policy_unavailable", "block": "policy_unsatisfied"}
"""What policy said of a tender that was taken, and how the sale is flagged for it."""


class Ending(msgspec.Struct, frozen=True):
    """When a sale ended (UTC), on which business day, and who ended it."""

    at: str
    business_day: str
    cashier: StaffId
    clock_unsure: bool = False


class OpenedSale(msgspec.Struct, omit_defaults=True):
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

    # Lines

    def add_line_item(  # noqa: PLR0913 - what a line item is made of
        self,
        line_item_id: LineItemId,
        item: PricedItem,
        quantity: Decimal,
        day: str,
        charges: Sequence[tuple[LineItemId, PricedItem]] = (),
        *,
        serial_numbers: tuple[str, ...] = (),
    ) -> None:
        """Put one more line item on the sale, followed by its linked charges.

        Rejections:
            SaleBeingPaid: a tender was taken.
            LineItemExists: the sale has a line with that id.
            QuantityInvalid: the quantity is none that can be sold.
            SerialsInvalid: a serial number stands twice, or there are more than pieces.
            AmountTooLarge: the sale would come to more than can be booked.
            TooManyLineItems: the sale is full.
        """
        self.prove_not_being_paid()
        if any(line.line_item_id == line_item_id for line in self.lines):
            raise LineItemExists(field="line_item_id", line_item_id=line_item_id)
        quantity = lines.read_quantity(quantity)
        lines.prove_serials(serial_numbers, quantity)
        new = [DraftLine.of(line_item_id, item, quantity, day)]
        new[0].serial_numbers = serial_numbers
        new += [DraftLine.of(charge_id, charge, quantity, day, line_item_id) for charge_id, charge in charges]
        if len(self.lines) + len(new) > MOST_LINES:
            raise TooManyLineItems(most=MOST_LINES)
        lines.prove_bookable([*self.lines, *new])
        self.lines += new
        self._content_changed()

    def set_quantity(self, line_item_id: LineItemId, quantity: Decimal) -> bool:
        """Sell more or less of a line item; its linked charges follow. Says whether it is less.

        Rejections:
            SaleBeingPaid, LineItemNotFound, LineItemFollows, QuantityInvalid, AmountTooLarge.
            SerialsInvalid: the line names more serial numbers than pieces would be left.
        """
        self.prove_not_being_paid()
        line = self._leading_line(line_item_id)
        before, quantity = line.quantity, lines.read_quantity(quantity)
        lines.prove_serials(line.serial_numbers, quantity)
        changed = [
            msgspec.structs.replace(line, quantity=quantity)
            if line_item_id in (line.line_item_id, line.follows)
            else line
            for line in self.lines
        ]
        lines.prove_bookable(changed)
        self.lines = changed
        self._content_changed()
        return quantity < before

    def remove_line_item(self, line_item_id: LineItemId) -> None:
        """Take a line item and its linked charges off.

        Rejections:
            SaleBeingPaid, LineItemNotFound, LineItemFollows.
        """
        self.prove_not_being_paid()
        self._leading_line(line_item_id)
        self.lines = [line for line in self.lines if line_item_id not in (line.line_item_id, line.follows)]
        self._content_changed()

    # Customer and credit

    def attach_customer(self, customer: CustomerFacts | None) -> None:
        """Say whose sale it is, with what policy may know of them; None for nobody's.

        Skips and waivers were about the customer before: another one is prompted for afresh.

        Rejections:
            SaleBeingPaid: a tender was taken.
        """
        self.prove_not_being_paid()
        if self.customer_id != (None if customer is None else customer.customer_id):
            self.checking.begin_afresh()
        self.customer = customer
        self.decision = None

    def refresh_customer(self, customer: CustomerFacts) -> bool:
        """Take over newer facts of the attached customer; says whether there was anything to take over.

        A decision that is held stays: it was made about what was known when payment began.
        """
        if self.customer is None or self.customer.customer_id != customer.customer_id:
            return False
        if self.customer.revision >= customer.revision:
            return False
        self.customer = customer
        if self.held is None:
            self.decision = None
        return True

    def attribute_lines(self, shares: Sequence[Share], line_item_ids: Iterable[LineItemId] | None = None) -> None:
        """Give the credit for the named line items, or for all that a staff member can sell.

        Rejections:
            SaleBeingPaid: a tender was taken.
            LineItemNotFound: a named line is not on the sale.
            SharesInvalid: the shares make no whole, or a named line is a linked charge.
        """
        self.prove_not_being_paid()
        credit.prove_shares(shares)
        credited = credit.credited_lines({line.line_item_id: line.kind for line in self.lines}, line_item_ids)
        for line in self.lines:
            if line.line_item_id in credited:
                line.attribution = tuple(shares)
        self._content_changed()

    # The decision

    def checkout_facts(self, tender_kind: TenderKind | None, *, signed_on: bool) -> CheckoutFacts:
        """What policy is told: facts and counts, never personal data."""
        credited = [line for line in self.lines if line.is_credited]
        return CheckoutFacts(
            sale_id=self.sale_id,
            register=self.register,
            transaction_kind=self.transaction_kind,
            total=self.total,
            goods_lines=len(credited),
            unattributed_lines=sum(1 for line in credited if not line.attribution),
            tender_kind=tender_kind,
            item_tags=tuple(sorted({tag for line in self.lines for tag in line.tags})),
            signed_on=signed_on,
            customer=self.customer,
            skipped=tuple(skip.code for skip in self.checking.skips),
            waived=tuple(waiver.code for waiver in self.checking.waivers),
        )

    def skip(self, field: RuleKind, reason: ChosenSkipReason, staff_id: StaffId) -> Skip:
        """Go on without a detail that the sale's check prompts for. The check is to be asked for afresh.

        Rejections:
            SaleBeingPaid: a tender was taken.
            NothingToSkip: the sale's check prompts for no such detail.
        """
        self.prove_not_being_paid()
        skip = self.checking.skip(field, reason, staff_id, self.decision)
        self.decision = None
        return skip

    def waive(self, field: RuleKind, staff_id: StaffId, approved_by: StaffId) -> Waiver:
        """Let a detail pass on which the sale's check blocks. The check is to be asked for afresh.

        Rejections:
            SaleBeingPaid: a tender was taken.
            NotWaivable: the sale's check blocks on no such detail, or nobody may waive it.
        """
        self.prove_not_being_paid()
        waiver = self.checking.waive(field, staff_id, approved_by, self.decision)
        self.decision = None
        return waiver

    def must_ask(self, kind: TenderKind) -> bool:
        """Whether policy is to be asked before the next tender: it was not about this kind since the first one."""
        return self.held is None or (kind != self.held.tender_kind and kind not in self.further)

    def decide(  # noqa: PLR0913 - what an answer is about, and who asked for it
        self,
        decision_id: DecisionId,
        verdict: Verdict,
        tender_kind: TenderKind | None,
        seller: StaffId,
        *,
        for_payment: bool = True,
        passing: bool = False,
    ) -> Decided:
        """Keep what policy answered about the sale as it stands. What it no longer counts as settled is not any more.

        Where lines are attributed automatically, whoever is signed on gets each that has none as payment starts: with
        an answer that lets pay. ``passing`` is that somebody does without one.
        """
        self.checking.asked(tender_kind, for_payment=for_payment)
        starts_payment = for_payment and self.held is None and verdict.lets_pay(passing=passing)
        if starts_payment and verdict.attribution == "automatic":
            self._credit_whoever_sells(seller)
        self.decision = verdict.decided(decision_id, self.content(), tender_kind)
        self.checking.drop_outgrown(self.decision)
        return self.decision

    def decide_further(self, decision_id: DecisionId, verdict: Verdict, kind: TenderKind) -> Decided:
        """What policy says of another kind of tender while its first answer is held, which stays so."""
        return verdict.decided(decision_id, self.content(), kind)

    def heeds(self, verdict: Verdict) -> bool:
        """Whether that counts while the first answer is held: not by settings that were changed since."""
        held = None if self.held is None else self.held.settings_revision
        return verdict.answer is None or held in {None, verdict.answer.settings_revision}

    def takes(self, kind: TenderKind, verdict: Verdict, *, passing: bool = False) -> bool:
        """Whether policy's answer lets a tender of that kind be taken.

        While the first answer is held money has moved and is taken. A balance has not: a block refuses it.
        """
        if self.held is None:
            return verdict.lets_pay(passing=passing)
        return kind not in tenders.BALANCES or verdict.lets_pay(passing=True) or not self.heeds(verdict)

    def content(self) -> str:
        """A digest of what a decision is about: the lines with their credit, and the customer."""
        about = (
            [(line.line_item_id, line.item, line.quantity, line.amount, line.attribution) for line in self.lines],
            self.customer_id,
        )
        return blake2b(msgspec.json.encode(about), digest_size=16).hexdigest()

    # Tenders

    def prove_takes(self, tender_id: TenderId, kind: TenderKind, amount: int, cash_rounding: CashRounding) -> None:
        """Check that the sale could take this tender, before policy is asked.

        Rejections:
            SaleEmpty, CustomerMissing, TenderExists, TooManyTenders, NothingToPay, TenderTooLarge.
        """
        self._tender(tender_id, kind, amount, cash_rounding)

    def add_tender(  # noqa: PLR0913 - what a tender consists of, and what stands behind it
        self,
        tender_id: TenderId,
        kind: TenderKind,
        amount: int,
        cash_rounding: CashRounding,
        *,
        decided: Decided | None = None,
        kept: BalanceReserved | None = None,
    ) -> None:
        """Take money. The first decision that was made for a tender is held from now on.

        A later one is about another kind of tender. Money that has moved is taken all the same: a block flags the
        sale ``policy_unsatisfied``.

        Rejections:
            SaleEmpty, CustomerMissing, TenderExists, TooManyTenders, NothingToPay, TenderTooLarge.
        """
        tender = self._tender(tender_id, kind, amount, cash_rounding)
        if decided is not None and self.held is not None:
            self.further[kind] = decided.outcome
            decided = None
        self.held = self.decision = decided or self.held
        if kept is not None:
            tender = msgspec.structs.replace(tender, reserved=kept.reserved)
            self.keep_longer(tender_id, kept)
        self.tenders.append(tender)
        self._flag_as_paid()

    def keep_longer(self, tender_id: TenderId, kept: BalanceReserved) -> None:
        """Note until when the balance of a tender is reserved."""
        self.kept_until[tender_id] = kept.expires_at

    def running_out(self, by: str) -> list[Tender]:
        """The tenders whose balance is not reserved beyond a time."""
        return [
            tender
            for tender in self.tenders
            if tender.reserved is not None and self.kept_until.get(tender.tender_id, "") <= by
        ]

    def remove_tender(self, tender_id: TenderId) -> Tender:
        """Give a tender back, and return it. Without any the decision is no longer held and the sale may change.

        Cash that was rounded because it settled the sale counts unrounded from now on.

        Rejections:
            TenderNotFound: the sale has no such tender.
        """
        given_back = next((tender for tender in self.tenders if tender.tender_id == tender_id), None)
        if given_back is None:
            raise TenderNotFound(field="tender_id", tender_id=tender_id)
        left = [tenders.without_rounding(tender) for tender in self.tenders if tender.tender_id != tender_id]
        self.tenders = left
        kinds = {tender.kind for tender in left}
        self.further = {kind: outcome for kind, outcome in self.further.items() if kind in kinds}
        self.kept_until.pop(tender_id, None)
        if not left:
            self.decision = self.held
            self.held = None
        self._flag_as_paid()
        return given_back

    # The end

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

    def complete(self, receipt_number: str, ending: Ending) -> None:
        """Close the sale for ever.

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

    # What it comes to

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
        )

    def _tender(self, tender_id: TenderId, kind: TenderKind, amount: int, cash_rounding: CashRounding) -> Tender:
        self.prove_not_empty()
        if kind in tenders.OWN_BALANCES and self.customer_id is None:
            raise CustomerMissing(field="kind", kind=kind)
        if any(tender.tender_id == tender_id for tender in self.tenders):
            raise TenderExists(field="tender_id", tender_id=tender_id)
        if len(self.tenders) >= MOST_TENDERS:
            raise TooManyTenders(most=MOST_TENDERS)
        return tenders.take(tender_id, kind, amount, due=self.due, cash_rounding=cash_rounding)

    def _leading_line(self, line_item_id: LineItemId) -> DraftLine:
        for line in self.lines:
            if line.line_item_id == line_item_id:
                if line.follows is not None:
                    raise LineItemFollows(field="line_item_id", follows=line.follows)
                return line
        raise LineItemNotFound(field="line_item_id", line_item_id=line_item_id)

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
        if self.checking.payment_started:  # what was found at the start stays in sight until payment asks again
            self.decision = None

    def _credit_whoever_sells(self, seller: StaffId) -> None:
        for line in self.lines:
            if line.is_credited and not line.attribution:
                line.attribution = (Share(staff_id=seller, basis_points=credit.WHOLE),)

    def _flag_as_paid(self) -> None:
        """Say what policy said of the tenders there are; with those given back it goes."""
        said = {self.further.get(tender.kind) for tender in self.tenders}
        if self.held is not None:
            said.add(self.held.outcome)
        self.flags = [flag for flag in self.flags if flag not in FLAGGED.values()]
        self.flags += [flag for outcome, flag in FLAGGED.items() if outcome in said]

    def _flag(self, flag: Flag) -> None:
        if flag not in self.flags:
            self.flags = [*self.flags, flag]

    def _end(self, status: SaleStatus, ending: Ending) -> None:
        self.revision += 1
        self.status = status
        self.ended_at = ending.at
        self.business_day = ending.business_day
        self.cashier = ending.cashier
        if ending.clock_unsure:
            self.doubt_clock()
