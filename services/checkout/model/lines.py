"""One line of an open sale: what is sold, how much of it, and who gets the credit."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from contracts.checkout import LineKind, Share
from contracts.checkout.selling import AmountTooLarge, QuantityInvalid, SerialsInvalid
from contracts.customers.profile import FieldId
from contracts.ids import ItemCode, LineItemId
from contracts.money import LARGEST, round_half_away
from services.checkout.model.credit import CREDITED_KINDS
from services.checkout.model.custom import Filled
from services.checkout.model.items import PricedItem
from services.checkout.model.taxes import TaxRule

LARGEST_QUANTITY = 9_999
_THOUSANDTH = Decimal("0.001")


class DraftLine(msgspec.Struct, omit_defaults=True):
    """A line item as it stands. Prices are minor units with tax; its tax is worked out with the whole sale."""

    line_item_id: LineItemId
    kind: LineKind
    item: ItemCode | None
    name: str
    quantity: Decimal
    unit_price: int
    tax: TaxRule
    supply_date: str
    tags: tuple[str, ...] = ()
    attribution: tuple[Share, ...] = ()
    follows: LineItemId | None = None
    serial_numbers: tuple[str, ...] = ()
    redeemed: int = 0
    """What the customer's points take off it."""
    custom: dict[FieldId, Filled] = {}
    """The shop's own fields; no matter of policy."""

    @classmethod
    def of(
        cls,
        line_item_id: LineItemId,
        item: PricedItem,
        quantity: Decimal,
        supply_date: str,
        follows: LineItemId | None = None,
    ) -> "DraftLine":
        """A line of an item as it is priced on the day of supply."""
        return cls(
            line_item_id=line_item_id,
            kind=item.kind,
            item=item.code,
            name=item.name,
            quantity=quantity,
            unit_price=item.unit_price,
            tax=item.tax,
            supply_date=supply_date,
            tags=item.tags,
            follows=follows,
        )

    @property
    def price(self) -> int:
        """Quantity times unit price, rounded half away from zero."""
        return round_half_away(self.quantity * self.unit_price)

    @property
    def amount(self) -> int:
        """What the line comes to: its price less its discount."""
        return self.price - self.redeemed

    @property
    def is_credited(self) -> bool:
        """Whether a staff member can get the credit for it."""
        return self.kind in CREDITED_KINDS


def prove_serials(serial_numbers: Sequence[str], quantity: Decimal) -> None:
    """Check that every serial number is one piece's.

    Rejections:
        SerialsInvalid: one stands twice, or there are more of them than pieces.
    """
    if len(set(serial_numbers)) < len(serial_numbers):
        raise SerialsInvalid(field="serial_numbers", rule="each serial number stands once")
    if len(serial_numbers) > quantity:
        raise SerialsInvalid(field="serial_numbers", rule="a piece has one serial number", quantity=str(quantity))


def read_quantity(quantity: Decimal) -> Decimal:
    """Put a quantity into the form a sale keeps: '2.50' and '2.5' are one quantity.

    Rejections:
        QuantityInvalid: it is not more than 0, more than 9999, or finer than a thousandth.
    """
    if not quantity.is_finite() or not 0 < quantity <= LARGEST_QUANTITY:
        raise _no_quantity()
    kept = quantity.quantize(_THOUSANDTH)
    if kept != quantity:
        raise _no_quantity()
    return Decimal(f"{kept.normalize():f}")


def _no_quantity() -> QuantityInvalid:
    return QuantityInvalid(field="quantity", least="0.001", most=str(LARGEST_QUANTITY), places=3)


def prove_bookable(lines: Sequence[DraftLine]) -> None:
    """Check that the lines can be booked together.

    Rejections:
        AmountTooLarge: their prices come to more than an amount can be.
    """
    if sum(abs(line.price) for line in lines) > LARGEST:
        raise AmountTooLarge(most=LARGEST)
