"""What a customer line display says of a sale that went on. Pure."""

from typing import NamedTuple

from contracts.checkout import LineItem, Sale


class Step(NamedTuple):
    """The item that came, changed or went, with its amount (what went has a minus), and the total by now.

    Without an item the total alone is said.
    """

    total: int
    name: str = ""
    amount: int | None = None
    is_payment: bool = False
    """It is no item but a payment on an account, which has a name in no language."""


def step(before: Sale | None, now: Sale) -> Step | None:
    """What happened between two states of a register's sale; None where a shopper has nothing to read.

    Of several changes the newest line is said. A linked charge (a bottle deposit) shows in the total only, and what
    else changes the total, such as points that come off, changes that alone.
    """
    total = now.totals.total
    if before is None or before.sale_id != now.sale_id:
        items = _items(now)
        return _said(items[-1], total, items[-1].amount) if items else None
    was = {line.line_item_id: (line.quantity, line.unit_price) for line in before.lines}
    came = [line for line in _items(now) if was.get(line.line_item_id) != (line.quantity, line.unit_price)]
    if came:
        return _said(came[-1], total, came[-1].amount)
    left = {line.line_item_id for line in now.lines}
    went = [line for line in _items(before) if line.line_item_id not in left]
    if went:
        return _said(went[-1], total, -went[-1].amount)
    return Step(total) if total != before.totals.total else None


def _items(sale: Sale) -> list[LineItem]:
    return [line for line in sale.lines if line.follows is None]


def _said(line: LineItem, total: int, amount: int) -> Step:
    return Step(total, line.name, amount, is_payment=line.kind == "account_payment")
