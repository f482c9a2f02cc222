"""A customer pays at the till what they owe: a line that sells nothing, and what may not pay it. Pure.

The line is outside the scope of tax: what was bought on account was taxed as it was sold.
"""

from collections.abc import Sequence
from decimal import Decimal

from contracts.checkout import LineKind, Tender
from contracts.checkout.paying import AccountNotForThis
from contracts.checkout.selling import AccountPaymentStands, QuantityInvalid
from contracts.ids import CountryCode, LineItemId, TaxClassCode
from contracts.policy import TransactionKind
from services.checkout.model.lines import DraftLine
from services.checkout.model.taxes import TaxRule

KIND: LineKind = "account_payment"
_OUTSIDE = TaxClassCode("outside_scope")


def payment_line(line_item_id: LineItemId, amount: int, country: CountryCode, day: str) -> DraftLine:
    """A payment of that amount, in minor units. It has no item, and no name in any one language."""
    return DraftLine(
        line_item_id=line_item_id,
        kind=KIND,
        item=None,
        name="",
        quantity=Decimal(1),
        unit_price=amount,
        tax=TaxRule(country, "outside_scope", Decimal(0), _OUTSIDE),
        supply_date=day,
    )


def transaction_kind(lines: Sequence[DraftLine]) -> TransactionKind:
    """What kind of transaction the lines make: one that only takes payments on an account is no sale."""
    return "account_payment" if lines and all(line.kind == KIND for line in lines) else "sale"


def prove_owner_stays(lines: Sequence[DraftLine]) -> None:
    """Check that no payment stands that would be booked for another customer, or for nobody.

    Rejections:
        AccountPaymentStands: one does.
    """
    for line in lines:
        if line.kind == KIND:
            raise AccountPaymentStands(field="customer_id", line_item_id=line.line_item_id)


def prove_one(line: DraftLine, quantity: Decimal) -> None:
    """Check that a payment is made once.

    Rejections:
        QuantityInvalid: it would be made several times, or in part.
    """
    if line.kind == KIND and quantity != 1:
        raise QuantityInvalid(
            "A payment on an account is made once; remove it and add another one.",
            field="quantity",
            least="1",
            most="1",
            places=0,
        )


def prove_not_on_account(amount: int, lines: Sequence[DraftLine], tenders: Sequence[Tender]) -> None:
    """Check that a tender on account pays for what is sold: a debt that is paid by itself is owed as before.

    Rejections:
        AccountNotForThis: what is sold, less what is on account already, comes to less.
    """
    if all(line.kind != KIND for line in lines):
        return
    sold = sum(line.amount for line in lines if line.kind != KIND)
    most = max(0, sold - sum(tender.amount for tender in tenders if tender.kind == "account"))
    if amount > most:
        raise AccountNotForThis(field="kind" if most == 0 else "amount", most=most)
