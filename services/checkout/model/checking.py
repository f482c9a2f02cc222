"""What stays of a sale's checks from one decision to the next: what staff skipped, what somebody let pass."""

import msgspec

from contracts.checkout import Skip, Waiver
from contracts.checkout.decided import DecidedItem
from contracts.checkout.paying import NothingToSkip, NotWaivable
from contracts.ids import StaffId
from contracts.policy import Level, TenderKind
from contracts.policy.checking import CheckItem, ChosenSkipReason, RuleKind
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
    found: list[tuple[RuleKind, Level, bool]] = []
    """Rule and level of each finding that was told, and whether it was open: prompted or blocked."""

    def asked(self, tender_kind: TenderKind | None, *, for_payment: bool) -> None:
        """Policy was asked, for payment or before it."""
        self.was_asked = True
        self.payment_started = self.payment_started or for_payment
        self.tender_kind = tender_kind

    def begin_afresh(self) -> None:
        """Another customer has come: they are prompted for afresh."""
        self.skips, self.waivers, self.found = [], [], []

    def skip(self, field: RuleKind, reason: ChosenSkipReason, staff_id: StaffId, decision: Decided | None) -> Skip:
        """Go on without what the present decision prompts for of a detail, and no more than that.

        Rejections:
            NothingToSkip: it prompts for no such detail.
        """
        prompts = [] if decision is None else self._unskipped(decision)
        for item in prompts:
            if item.field == field:
                skip = Skip(field, item.code, reason, staff_id)
                self.skips = [*self.skips, skip]
                return skip
        raise NothingToSkip(field="field", prompts=[item.field for item in prompts])

    def waive(self, field: RuleKind, staff_id: StaffId, approved_by: StaffId, decision: Decided | None) -> Waiver:
        """Let pass what the present decision blocks on of a detail, and no more than that.

        Rejections:
            NotWaivable: it blocks on no such detail, or nobody may waive it.
        """
        waivable = () if decision is None else decision.waivable
        for item in waivable:
            if item.field == field:
                waiver = Waiver(field, item.code, staff_id, approved_by)
                self.waivers = [*(each for each in self.waivers if each.field != field), waiver]
                return waiver
        raise NotWaivable(field="field", waivable=[item.field for item in waivable])

    def drop_outgrown(self, decided: Decided) -> None:
        """Forget what no longer settles its detail, because more is asked for than was skipped or waived.

        A skip never settles what is required; it stays for when the detail is but recommended again.
        """
        open_at = {item.field: item.level for item in decided.open_items}
        self.skips = [skip for skip in self.skips if open_at.get(skip.field) != "recommended"]
        self.waivers = [waiver for waiver in self.waivers if waiver.field not in open_at]

    def leave_unanswered(self, decided: Decided, seller: StaffId) -> list[Skip]:
        """Go on without what a decision prompts for and nobody said a word about; each is a skip from now on."""
        unanswered = [Skip(item.field, item.code, "unanswered", seller) for item in self._unskipped(decided)]
        self.skips = [*self.skips, *unanswered]
        return unanswered

    def tell(self, decided: Decided) -> tuple[DecidedItem, ...]:
        """A decision's items as they are told; one is anew whose like was not told since this customer came.

        Of what is open, the like has the same rule and level, whatever is missing of it: a sale is blocked once.
        """
        items = []
        for item in decided.items:
            is_open = item in decided.open_items
            anew = (item.field, item.level, True) not in self.found
            finding = (item.field, item.level, is_open)
            if finding not in self.found:
                self.found = [*self.found, finding]
            elif not is_open:
                anew = False
            items.append(DecidedItem(item.field, item.level, item.satisfied, item.code, item.settled, anew))
        return tuple(items)

    def _unskipped(self, decision: Decided) -> list[CheckItem]:
        """What a decision prompts for; one that was held still shows what was left unanswered under it."""
        skipped = {(skip.field, skip.code) for skip in self.skips}
        return [item for item in decision.prompts if (item.field, item.code) not in skipped]
