"""How money settles a sale: exact by card, with change and cash rounding in cash."""

from typing import Literal

import msgspec

from contracts.checkout import Tender
from contracts.checkout.paying import NothingToPay, TenderTooLarge
from contracts.ids import TenderId
from contracts.money import round_to_five_cents
from contracts.policy import TenderKind

CashRounding = Literal["off", "five_cents"]
OWN_BALANCES: frozenset[TenderKind] = frozenset({"store_credit", "account", "loyalty"})
"""Kinds that spend what a customer has or may owe."""
BALANCES: frozenset[TenderKind] = OWN_BALANCES | {"voucher"}
"""Kinds that spend a balance, which is reserved before."""


def take(tender_id: TenderId, kind: TenderKind, amount: int, *, due: int, cash_rounding: CashRounding) -> Tender:
    """Take money towards what is due, in minor units.

    Cash that reaches what is left to pay, rounded if the store rounds, settles it and gives
    change. The exact sum settles it unrounded: small coins stay legal tender. A cent more than that which
    does not reach the rounded sum settles it too and is kept, for there is no coin to give it back.
    Less cash counts as it is. A card pays exactly what was approved, a balance what was reserved.

    Rejections:
        NothingToPay: nothing is due.
        TenderTooLarge: more than is due, and not in cash.
    """
    if due <= 0:
        raise NothingToPay(due=due)
    if kind != "cash":
        if amount > due:
            raise TenderTooLarge(field="amount", due=due)
        return Tender(tender_id=tender_id, kind=kind, state="approved", amount=amount, tendered=amount)
    payable = round_to_five_cents(due) if cash_rounding == "five_cents" else due
    if due <= amount < payable:
        payable = amount
    if amount < payable:
        return Tender(tender_id=tender_id, kind=kind, state="approved", amount=amount, tendered=amount)
    return Tender(
        tender_id=tender_id,
        kind=kind,
        state="approved",
        amount=payable,
        tendered=amount,
        change=amount - payable,
        rounding=payable - due,
    )


def without_rounding(tender: Tender) -> Tender:
    """The tender as it counts once it does not settle the sale any more: what was kept of it, unrounded."""
    return msgspec.structs.replace(tender, rounding=0) if tender.rounding else tender
