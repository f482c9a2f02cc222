"""A customer pays at a register what they owe on their account."""

from typing import ClassVar

from contracts.base import Command
from contracts.checkout import Sale, SaleBeingPaid, SaleNotFound, SaleNotOpen
from contracts.checkout.paying import CustomerMissing
from contracts.checkout.selling import AmountTooLarge, LineItemExists, TooManyLineItems
from contracts.ids import LineItemId, SaleId
from contracts.money import PositiveAmount


class AddAccountPayment(Command[Sale], frozen=True):
    """Take a payment on the account of the sale's customer: a line of kind ``account_payment`` without an item.

    It sells nothing: no tax, no discount, no points, no credit. It settles the oldest of what is owed once the sale is
    completed. A sale that holds nothing else has the ``transaction_kind`` ``account_payment``.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (
        SaleNotFound,
        SaleNotOpen,
        SaleBeingPaid,
        CustomerMissing,
        LineItemExists,
        AmountTooLarge,
        TooManyLineItems,
    )

    sale_id: SaleId
    line_item_id: LineItemId
    amount: PositiveAmount
