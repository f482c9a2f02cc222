"""What policy is told of a sale, and what its answers do to it.

A decision lives beside the content: it is dropped when the content changes once payment has started, it is held
from the first tender until all are removed, and at the end it proves itself by the content it was made about.
"""

from contracts.checkout import Share, Skip, Waiver
from contracts.ids import DecisionId, StaffId
from contracts.policy import TenderKind
from contracts.policy.checking import CheckoutFacts, ChosenSkipReason, RuleKind
from services.checkout.model import credit, tenders
from services.checkout.model.decisions import Decided, Verdict
from services.checkout.model.sale.filling import Filling


class Deciding(Filling, omit_defaults=True):
    """A sale that policy is asked about."""

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

    def _credit_whoever_sells(self, seller: StaffId) -> None:
        for line in self.lines:
            if line.is_credited and not line.attribution:
                line.attribution = (Share(staff_id=seller, basis_points=credit.WHOLE),)
