"""What stays of a sale's checks from one decision to the next: what staff skipped, what somebody let pass."""

import msgspec

from contracts.checkout import DecidedItem, NothingToSkip, NotWaivable, Skip, Waiver
from contracts.ids import StaffId
from contracts.policy import Level, RuleKind, TenderKind
from services.checkout.model.decisions import Decided


class Checking(msgspec.Struct, omit_defaults=True):
    """How far a sale has been checked. Skips, waivers and findings are about one customer and go when another comes."""

    was_asked: bool = False
    """Whether policy was ever asked about the sale; from then on it is asked about another customer at once."""
    payment_started: bool = False
    """Whether it was asked for payment; from then on a decision is about the lines as they are, or there is none."""
    tender_kind: TenderKind | None = None
    """What policy was last asked about."""
    skips: list[Skip] = []
    waivers: list[Waiver] = []
    told: list[tuple[RuleKind, Level, str]] = []
    """Rule, level and code of each finding that was told, once."""

    def asked(self, tender_kind: TenderKind | None, *, for_payment: bool) -> None:
        """Policy was asked, for payment or before it."""
        self.was_asked = True
        self.payment_started = self.payment_started or for_payment
        self.tender_kind = tender_kind

    def begin_afresh(self) -> None:
        """Another customer has come: they are prompted for afresh."""
        self.skips, self.waivers, self.told = [], [], []

    def skip(self, skip: Skip, decision: Decided | None) -> None:
        """Go on without a detail that the present decision prompts for.

        Rejections:
            NothingToSkip: it prompts for no such detail.
        """
        prompts = [] if decision is None else self._unskipped(decision)
        if skip.field not in prompts:
            raise NothingToSkip(field="field", prompts=prompts)
        self.skips = [*self.skips, skip]

    def waive(self, waiver: Waiver, decision: Decided | None) -> None:
        """Let a detail pass on which the present decision blocks.

        Rejections:
            NotWaivable: it blocks on no such detail, or nobody may waive it.
        """
        waivable = () if decision is None else decision.waivable
        if waiver.field not in waivable:
            raise NotWaivable(field="field", waivable=list(waivable))
        self.waivers = [*(each for each in self.waivers if each.field != waiver.field), waiver]

    def leave_unanswered(self, decided: Decided, seller: StaffId) -> list[Skip]:
        """Go on without what a decision prompts for and nobody said a word about; each is a skip from now on."""
        unanswered = [Skip(field, "unanswered", seller) for field in self._unskipped(decided)]
        self.skips = [*self.skips, *unanswered]
        return unanswered

    def tell(self, decided: Decided) -> tuple[DecidedItem, ...]:
        """A decision's items as they are told; one is anew that was not told since this customer came."""
        items = []
        for item in decided.items:
            finding = (item.field, item.level, item.code)
            anew = finding not in self.told
            if anew:
                self.told = [*self.told, finding]
            items.append(DecidedItem(item.field, item.level, item.satisfied, item.code, item.settled, anew))
        return tuple(items)

    def _unskipped(self, decision: Decided) -> list[RuleKind]:
        """What a decision prompts for; one that was held still shows what was left unanswered under it."""
        skipped = {skip.field for skip in self.skips}
        return [field for field in decision.prompts if field not in skipped]
