"""What single-purpose vouchers may pay for, and the tax in it, which was settled when they were sold. Pure.

Directive (EU) 2016/1065, article 30b(1): the sale of such a voucher is the supply; what is handed over for it later is
none of its own. So one pays for what has its tax class alone, never for another voucher, and the tax in what it pays
is owed no second time.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from contracts.checkout import NOT_FOR_SINGLE_PURPOSE, LineTax, Tender
from contracts.customers.balances import Reserved
from contracts.ids import TaxClassCode
from contracts.money import round_half_away
from services.checkout.model.lines import DraftLine
from services.checkout.model.taxes import tax_prices


def payable(lines: Sequence[DraftLine], tenders: Sequence[Tender]) -> dict[TaxClassCode, int]:
    """What single-purpose vouchers of each class may still pay: what its lines come to less what such ones paid."""
    left: dict[TaxClassCode, int] = {}
    for line in lines:
        if line.kind in NOT_FOR_SINGLE_PURPOSE:
            continue
        left[line.tax.tax_class] = left.get(line.tax.tax_class, 0) + line.amount
    for tender in tenders:
        tax_class = _class_of(tender)
        if tax_class is not None:
            left[tax_class] = left.get(tax_class, 0) - tender.amount
    return {tax_class: amount for tax_class, amount in left.items() if amount > 0}


def with_settled_tax(tenders: Sequence[Tender], lines: Sequence[DraftLine]) -> list[Tender]:
    """The tenders, those of single-purpose vouchers with the tax in what they pay.

    It is a class's tax by the part of its lines that they pay, so that vouchers which pay all of them settle all of
    it to the cent, and never more. Where a class changed its rate within the sale, the first line's rate stands.
    """
    if all(_class_of(tender) is None for tender in tenders):
        return list(tenders)
    taxed: dict[TaxClassCode, LineTax] = {}
    for line, tax in zip(lines, tax_prices([(each.tax, each.amount) for each in lines]).taxes, strict=True):
        if line.kind not in NOT_FOR_SINGLE_PURPOSE:
            before = taxed.get(tax.tax_class)
            taxed[tax.tax_class] = tax if before is None else _sum(before, tax)
    paid: dict[TaxClassCode, int] = {}
    settled = []
    for tender in tenders:
        tax_class = _class_of(tender)
        whole = None if tax_class is None else taxed.get(tax_class)
        before_it = 0 if whole is None else paid.get(whole.tax_class, 0)
        if whole is None or whole.gross <= before_it:
            settled.append(msgspec.structs.replace(tender, settled_tax=None))
            continue
        amount = min(tender.amount, whole.gross - before_it)
        paid[whole.tax_class] = before_it + amount
        settled.append(msgspec.structs.replace(tender, settled_tax=_part(whole, before_it, amount)))
    return settled


def is_untold(reserved: Reserved) -> bool:
    """Whether nobody said what a voucher is for: it paid when the hub was of a version that did not ask."""
    return reserved.ledger == "voucher" and reserved.purpose is None


def told(tender: Tender, said: Reserved) -> Tender:
    """The tender with what its voucher is said to be for, where it did not say so itself."""
    if tender.reserved is None or not is_untold(tender.reserved):
        return tender
    reserved = msgspec.structs.replace(tender.reserved, purpose=said.purpose, tax_class=said.tax_class)
    return msgspec.structs.replace(tender, reserved=reserved)


def _class_of(tender: Tender) -> TaxClassCode | None:
    """The tax class of the single-purpose voucher that pays; None for any other tender."""
    return None if tender.reserved is None else tender.reserved.tax_class


def _sum(one: LineTax, other: LineTax) -> LineTax:
    return msgspec.structs.replace(one, net=one.net + other.net, tax=one.tax + other.tax, gross=one.gross + other.gross)


def _part(whole: LineTax, before: int, amount: int) -> LineTax:
    """The tax in an amount that pays a part of a class after others paid some."""
    tax = _share(whole, before + amount) - _share(whole, before)
    return msgspec.structs.replace(whole, net=amount - tax, tax=tax, gross=amount)


def _share(whole: LineTax, paid: int) -> int:
    return round_half_away(Decimal(whole.tax * paid) / whole.gross)
