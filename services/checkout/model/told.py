"""What a sale comes to and how its lines are told, as registers and receipts see them."""

from collections.abc import Sequence

from contracts.checkout import LineItem, LineTax, RateTotal, Tender, Totals
from services.checkout.model import custom
from services.checkout.model.lines import DraftLine


def line_item(line: DraftLine, tax: LineTax) -> LineItem:
    """A line with the tax that was worked out with the whole sale."""
    return LineItem(
        line_item_id=line.line_item_id,
        kind=line.kind,
        item=line.item,
        name=line.name,
        quantity=line.quantity,
        unit_price_listed=line.unit_price,
        unit_price=line.unit_price,
        discount=line.redeemed,
        amount=line.amount,
        taxes=(tax,),
        supply_date=line.supply_date,
        attribution=line.attribution,
        follows=line.follows,
        serial_numbers=line.serial_numbers,
        redeemed=line.redeemed,
        custom=custom.values(line.custom),
    )


def totals(total: int, rates: Sequence[RateTotal], paid_by: Sequence[Tender]) -> Totals:
    """What a sale comes to, from its lines' total, its rates and its tenders."""
    return Totals(
        total=total,
        net=sum(rate.net for rate in rates),
        tax=sum(rate.tax for rate in rates),
        rounding=sum(tender.rounding for tender in paid_by),
        paid=sum(tender.amount for tender in paid_by),
        change=sum(tender.change for tender in paid_by),
        due=due(total, paid_by),
        rates=tuple(rates),
    )


def due(total: int, paid_by: Sequence[Tender]) -> int:
    """What is left to pay of a total."""
    return total + sum(tender.rounding - tender.amount for tender in paid_by)
