"""How a sale is paid: its tenders, the decision that they hold, and the balances that they spend."""

import msgspec

from contracts.checkout import Flag, Tender
from contracts.checkout.paying import CustomerMissing, TenderExists, TenderNotFound, TooManyTenders
from contracts.customers.ledgers.reserving import BalanceReserved
from contracts.ids import TaxClassCode, TenderId
from contracts.policy import TenderKind
from services.checkout.model import account_payments, prepaid, tenders
from services.checkout.model.decisions import Decided, DecidedOutcome
from services.checkout.model.sale.deciding import Deciding
from services.checkout.model.tenders import CashRounding

MOST_TENDERS = 50
FLAGGED: dict[DecidedOutcome, Flag] = {"unavailable": "policy_unavailable", "block": "policy_unsatisfied"}
"""What policy said of a tender that was taken, and how the sale is flagged for it."""


class Paying(Deciding, omit_defaults=True):
    """A sale that is being paid."""

    def prove_takes(self, tender_id: TenderId, kind: TenderKind, amount: int, cash_rounding: CashRounding) -> None:
        """Check that the sale could take this tender, before policy is asked.

        Rejections:
            SaleEmpty, CustomerMissing, TenderExists, TooManyTenders, NothingToPay, TenderTooLarge,
            AccountNotForThis.
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
            SaleEmpty, CustomerMissing, TenderExists, TooManyTenders, NothingToPay, TenderTooLarge,
            AccountNotForThis.
        """
        tender = self._tender(tender_id, kind, amount, cash_rounding)
        if decided is not None and self.held is not None:
            self.further[kind] = decided.outcome
            decided = None
        self.held = self.decision = decided or self.held
        if kept is not None:
            tender = msgspec.structs.replace(tender, reserved=kept.reserved)
            self.keep_longer(tender_id, kept)
        self.tenders = prepaid.with_settled_tax([*self.tenders, tender], self.lines)
        self._flag_as_paid()

    def payable_by_vouchers(self) -> dict[TaxClassCode, int]:
        """What single-purpose vouchers of each tax class may still pay."""
        return prepaid.payable(self.lines, self.tenders)

    def keep_longer(self, tender_id: TenderId, kept: BalanceReserved) -> None:
        """Note until when the balance of a tender is reserved, and what a voucher is for that did not say it yet."""
        self.kept_until[tender_id] = kept.expires_at
        told = [prepaid.told(each, kept.reserved) if each.tender_id == tender_id else each for each in self.tenders]
        self.tenders = prepaid.with_settled_tax(told, self.lines)

    def running_out(self, by: str) -> list[Tender]:
        """The tenders whose balance is not reserved beyond a time and can be reserved anew.

        Of a customer who is gone nothing can be: what was taken of theirs is booked late, and a person looks at it.
        Beside them vouchers of which nobody said yet what they are for; they say it as they are reserved anew.
        """
        return [
            tender
            for tender in self.tenders
            if tender.reserved is not None
            and (self.kept_until.get(tender.tender_id, "") <= by or prepaid.is_untold(tender.reserved))
            and (self.customer is not None or tender.kind not in tenders.OWN_BALANCES)
        ]

    def remove_tender(self, tender_id: TenderId) -> Tender:
        """Give a tender back, and return it. Without any the decision is no longer held and the sale may change.

        Cash that was rounded because it settled the sale counts unrounded from now on. What only a customer can have on
        a sale goes with the last tender if they were erased meanwhile.

        Rejections:
            TenderNotFound: the sale has no such tender.
        """
        given_back = next((tender for tender in self.tenders if tender.tender_id == tender_id), None)
        if given_back is None:
            raise TenderNotFound(field="tender_id", tender_id=tender_id)
        left = [tenders.without_rounding(tender) for tender in self.tenders if tender.tender_id != tender_id]
        self.tenders = prepaid.with_settled_tax(left, self.lines)
        kinds = {tender.kind for tender in left}
        self.further = {kind: outcome for kind, outcome in self.further.items() if kind in kinds}
        self.kept_until.pop(tender_id, None)
        if not left:
            self.decision = self.held
            self.held = None
            self._leave_nothing_to_nobody()
        self._flag_as_paid()
        return given_back

    def _tender(self, tender_id: TenderId, kind: TenderKind, amount: int, cash_rounding: CashRounding) -> Tender:
        self.prove_not_empty()
        if kind in tenders.OWN_BALANCES and self.customer_id is None:
            raise CustomerMissing(field="kind", kind=kind)
        if any(tender.tender_id == tender_id for tender in self.tenders):
            raise TenderExists(field="tender_id", tender_id=tender_id)
        if len(self.tenders) >= MOST_TENDERS:
            raise TooManyTenders(most=MOST_TENDERS)
        taken = tenders.take(tender_id, kind, amount, due=self.due, cash_rounding=cash_rounding)
        if kind == "account":
            account_payments.prove_not_on_account(amount, self.lines, self.tenders)
        return taken

    def _flag_as_paid(self) -> None:
        """Say what policy said of the tenders there are; with those given back it goes."""
        said = {self.further.get(tender.kind) for tender in self.tenders}
        if self.held is not None:
            said.add(self.held.outcome)
        self.flags = [flag for flag in self.flags if flag not in FLAGGED.values()]
        self.flags += [flag for outcome, flag in FLAGGED.items() if outcome in said]
