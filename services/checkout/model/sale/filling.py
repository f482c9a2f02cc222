"""What a sale holds, whose it is and who gets the credit: all that may change until the first tender."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from contracts.checkout import LineItemNotFound, Share
from contracts.checkout.paying import CustomerMissing
from contracts.checkout.selling import LineItemExists, LineItemFollows, TooManyLineItems
from contracts.customers import CustomerFacts
from contracts.customers.merging import MergeId
from contracts.ids import CountryCode, LineItemId, StaffId
from services.checkout.model import account_payments, credit, custom, lines
from services.checkout.model.custom import Changes
from services.checkout.model.items import PricedItem
from services.checkout.model.lines import DraftLine
from services.checkout.model.sale.document import Former
from services.checkout.model.sale.redeeming import Redeeming

MOST_LINES = 500


class Filling(Redeeming, omit_defaults=True):
    """A sale that is being filled."""

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
        self._prove_new(line_item_id)
        quantity = lines.read_quantity(quantity)
        lines.prove_serials(serial_numbers, quantity)
        new = [DraftLine.of(line_item_id, item, quantity, day)]
        new[0].serial_numbers = serial_numbers
        new += [DraftLine.of(charge_id, charge, quantity, day, line_item_id) for charge_id, charge in charges]
        self._add(new)

    def add_account_payment(self, line_item_id: LineItemId, amount: int, country: CountryCode, day: str) -> None:
        """Take a payment on the account of the sale's customer.

        Rejections:
            SaleBeingPaid: a tender was taken.
            CustomerMissing: nobody is attached who could owe something; a placeholder stands for nobody.
            LineItemExists: the sale has a line with that id.
            AmountTooLarge: the sale would come to more than can be booked.
            TooManyLineItems: the sale is full.
        """
        self.prove_not_being_paid()
        if self.customer is None or self.customer.placeholder:
            raise CustomerMissing(field="sale_id")
        self._prove_new(line_item_id)
        self._add([account_payments.payment_line(line_item_id, amount, country, day)])

    def set_quantity(self, line_item_id: LineItemId, quantity: Decimal) -> bool:
        """Sell more or less of a line item; its linked charges follow. Says whether it is less.

        Rejections:
            SaleBeingPaid, LineItemNotFound, LineItemFollows, QuantityInvalid, AmountTooLarge.
            SerialsInvalid: the line names more serial numbers than pieces would be left.
        """
        self.prove_not_being_paid()
        line = self._leading_line(line_item_id)
        before, quantity = line.quantity, lines.read_quantity(quantity)
        account_payments.prove_one(line, quantity)
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

    def attach_customer(self, customer: CustomerFacts | None) -> None:
        """Say whose sale it is, with what policy may know of them; None for nobody's.

        Skips and waivers were about the customer before: another one is prompted for afresh. Points that come off were
        theirs and are let go.

        Rejections:
            SaleBeingPaid: a tender was taken.
            AccountPaymentStands: a payment on the account of the one before would be another's.
        """
        self.prove_not_being_paid()
        if self.customer_id != (None if customer is None else customer.customer_id):
            self.prove_takes_another_customer()
            self.checking.begin_afresh()
            self._let_points_go()
            self._content_changed()
        self.customer = customer
        self.was_of = []
        self.decision = None

    def prove_takes_another_customer(self) -> None:
        """Check that the sale may become somebody else's.

        Rejections:
            SaleBeingPaid: a tender was taken.
            AccountPaymentStands: a payment on the account of its customer would be another's.
        """
        self.prove_not_being_paid()
        account_payments.prove_owner_stays(self.lines)

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

    def take_survivor(self, survivor: CustomerFacts, merge_id: MergeId) -> None:
        """The customer's record was merged into another one of the same person, whose sale it is from now on.

        What was skipped and waived was by that very person and stays; so does a decision that is held. Whose it was is
        remembered until somebody is attached anew.
        """
        if self.customer is not None:
            self.was_of = [*self.was_of, Former(merge_id, self.customer)]
        self._hand_over(survivor)

    def give_back(self, merge_id: MergeId, loser: CustomerFacts | None) -> bool:
        """The merge was undone: the sale is the loser's again if it was theirs. Says whether it was.

        Args:
            merge_id: which merge.
            loser: what is known of them by now; None if that was not told, then what was known before counts.
        """
        place = next((place for place, each in enumerate(self.was_of) if each.merge_id == merge_id), None)
        if place is None:
            return False
        former = self.was_of[place].customer
        self.was_of = self.was_of[:place]
        self._hand_over(loser or former)
        return True

    def forget_customer(self) -> None:
        """The customer was erased: the sale is nobody's. One that is being paid goes on so, on what was decided.

        What the shop's own fields hold of it is gone, and so are payments on an account that is nobody's any more,
        unless money was taken for them; if it is given back, they go with it, and so do points that come off.
        """
        self.custom = {}
        for line in self.lines:
            line.custom = {}
        self.was_of = []
        if self.tenders:
            self._replace_customer(None)
            return
        self._drop_account_payments()
        self.attach_customer(None)

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

    def name_seller(self, staff_id: StaffId) -> bool:
        """Give somebody the credit for each line that nobody has it for; where all have some, for all of them.

        Says whether there is a line to get credit for.

        Rejections:
            SaleBeingPaid: a tender was taken.
        """
        self.prove_not_being_paid()
        credited = [line for line in self.lines if line.is_credited]
        if credited:
            named = [line.line_item_id for line in credited if not line.attribution] or None
            self.attribute_lines((Share(staff_id, credit.WHOLE),), named)
        return bool(credited)

    def fill_fields(self, changes: Changes, line_item_id: LineItemId | None) -> None:
        """Fill the shop's own fields of the sale, or of a line if that is named.

        Rejections:
            LineItemNotFound: the sale has no such line.
            LineItemFollows: a linked charge has none of its own.
            CustomValuesTooLong: the sale would hold too much.
        """
        holder = self if line_item_id is None else self._leading_line(line_item_id)
        filled = custom.changed(holder.custom, changes)
        holders: list[Filling | DraftLine] = [self, *self.lines]
        custom.prove_not_too_long([filled, *(each.custom for each in holders if each is not holder)])
        holder.custom = filled

    def _leave_nothing_to_nobody(self) -> None:
        """Of a customer who is gone there are neither points to come off nor an account to pay."""
        if self.customer is not None:
            return
        self._drop_account_payments()
        if self.redemption is not None:
            self._let_points_go()
            self._content_changed()

    def _drop_account_payments(self) -> None:
        if any(line.kind == account_payments.KIND for line in self.lines):
            self.lines = [line for line in self.lines if line.kind != account_payments.KIND]
            self._content_changed()

    def _hand_over(self, customer: CustomerFacts) -> None:
        """Change whose sale it is; what was found about the one before no longer shows, unless it is held."""
        self._replace_customer(customer)
        if self.held is None:
            self.decision = None

    def _replace_customer(self, customer: CustomerFacts | None) -> None:
        """Change whose sale it is under a decision that is held, which belongs to the content as much as before."""
        held, was_about_this = self.held, self.held is not None and self.held.content == self.content()
        self.customer = customer
        if held is not None and was_about_this:
            self.held = msgspec.structs.replace(held, content=self.content())
            if self.decision == held:
                self.decision = self.held

    def _prove_new(self, line_item_id: LineItemId) -> None:
        if any(line.line_item_id == line_item_id for line in self.lines):
            raise LineItemExists(field="line_item_id", line_item_id=line_item_id)

    def _add(self, new: list[DraftLine]) -> None:
        if len(self.lines) + len(new) > MOST_LINES:
            raise TooManyLineItems(most=MOST_LINES)
        lines.prove_bookable([*self.lines, *new])
        self.lines += new
        self._content_changed()

    def _leading_line(self, line_item_id: LineItemId) -> DraftLine:
        for line in self.lines:
            if line.line_item_id == line_item_id:
                if line.follows is not None:
                    raise LineItemFollows(field="line_item_id", follows=line.follows)
                return line
        raise LineItemNotFound(field="line_item_id", line_item_id=line_item_id)
