"""Points of the sale's customer come off its goods and services, until the first tender is taken.

What was agreed stays while lines come and go: as much of it comes off as they take, so that nothing is lost with a line
that is removed by mistake. What is not needed in the end is free again with the sale's completion.
"""

from contracts.checkout import Redemption
from contracts.checkout.paying import CustomerMissing
from contracts.checkout.redeeming import RedemptionExists, RedemptionNotFound, RedemptionTooLarge
from contracts.customers.ledgers.reserving import BalanceReserved
from contracts.ids import RedemptionId
from services.checkout.model import redemptions
from services.checkout.model.redemptions import AgreedRedemption
from services.checkout.model.sale.document import SaleDocument


class Redeeming(SaleDocument, omit_defaults=True):
    """A sale that points come off."""

    def prove_redeems(self, redemption_id: RedemptionId, amount: int) -> None:
        """Check that so much could come off, before points are reserved for it.

        Rejections:
            SaleBeingPaid: a tender was taken.
            CustomerMissing: nobody is attached whose points they could be.
            RedemptionExists: points come off already, or did under that id.
            RedemptionTooLarge: it is more than goods and services come to.
        """
        self.prove_not_being_paid()
        if self.customer_id is None:
            raise CustomerMissing(field="sale_id")
        if self.redemption is not None:
            raise RedemptionExists(field="sale_id", redemption_id=self.redemption.redemption_id)
        if redemption_id in self.redeemed_before:
            raise RedemptionExists(field="redemption_id", redemption_id=redemption_id)
        most = redemptions.most_off(self.lines)
        if amount > most:
            raise RedemptionTooLarge(field="amount", most=most)

    def redeem(self, redemption_id: RedemptionId, amount: int, kept: BalanceReserved) -> None:
        """Let points come off that are reserved.

        Rejections:
            SaleBeingPaid, CustomerMissing, RedemptionExists, RedemptionTooLarge.
        """
        self.prove_redeems(redemption_id, amount)
        self.redemption = AgreedRedemption(redemption_id, amount, kept.reserved, kept.expires_at)
        self._content_changed()

    def remove_redemption(self, redemption_id: RedemptionId) -> None:
        """Let the points be the customer's again.

        Rejections:
            SaleBeingPaid: a tender was taken.
            RedemptionNotFound: no points come off under that id.
        """
        self.prove_not_being_paid()
        if self.redemption is None or self.redemption.redemption_id != redemption_id:
            raise RedemptionNotFound(field="redemption_id", redemption_id=redemption_id)
        self._let_points_go()
        self._content_changed()

    def keep_points_longer(self, kept: BalanceReserved) -> None:
        """Note until when the points are reserved."""
        if self.redemption is not None:
            agreed = self.redemption
            self.redemption = AgreedRedemption(agreed.redemption_id, agreed.amount, agreed.reserved, kept.expires_at)

    def points_run_out(self, by: str) -> bool:
        """Whether the points that come off are not reserved beyond a time."""
        return self.redemption is not None and self.redeemed > 0 and self.redemption.kept_until <= by

    def take_let_go(self) -> list[AgreedRedemption]:
        """The redemptions that were let go since they were last told; they count as told from now on."""
        let_go, self.let_go = self.let_go, []
        return let_go

    @property
    def redeemed(self) -> int:
        """What points take off."""
        return sum(line.redeemed for line in self.lines)

    def _let_points_go(self) -> None:
        if self.redemption is not None:
            self.redeemed_before = [*self.redeemed_before, self.redemption.redemption_id]
            self.let_go = [*self.let_go, self.redemption]
            self.redemption = None

    def _redemption_told(self) -> Redemption | None:
        return None if self.redemption is None else self.redemption.told(self.redeemed)
