"""Items: what the catalogue accepts, and what an item costs on a day."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
from stdnum import ean

from contracts.checkout import LineKind
from contracts.checkout.catalogue import Item, ItemInvalid, ItemPrice
from contracts.checkout.selling import ItemHasNoPrice
from contracts.ids import ItemCode
from services.checkout.model.taxes import TaxRule, TaxTable

SOLD_KINDS: frozenset[LineKind] = frozenset(
    {"goods", "service", "deposit", "surcharge", "voucher_issue_single", "voucher_issue_multi"}
)
LINKED_KINDS: frozenset[LineKind] = frozenset({"deposit", "surcharge"})
GTIN_DIGITS = 14
MOST_BARCODES = 50
MOST_PRICES = 500
MOST_LINKED = 5
MOST_TAGS = 50

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class PricedItem(msgspec.Struct, frozen=True):
    """An item as it may be put on a sale on one day. ``unit_price`` is in minor units, tax included."""

    code: ItemCode
    name: str
    kind: LineKind
    unit_price: int
    tax: TaxRule
    tags: tuple[str, ...] = ()


def price_on(item: Item, day: str) -> ItemPrice | None:
    """The price in force on a day: the one with the latest ``from_day`` that has come."""
    come = [price for price in item.prices if price.from_day <= day]
    return max(come, key=lambda price: price.from_day) if come else None


def priced(item: Item, day: str, country: str, taxes: TaxTable) -> PricedItem:
    """Say what an item costs on a day and how it is taxed there.

    Rejections:
        ItemHasNoPrice: no price or no tax rate of the item is valid on that day.
    """
    price = price_on(item, day)
    if price is None:
        raise ItemHasNoPrice(item=item.code, field="prices", day=day)
    rule = taxes.on(country, item.tax_class, day)
    if rule is None:
        raise ItemHasNoPrice(
            "The item's tax class has no rate that is valid today.",
            item=item.code,
            field="tax_class",
            tax_class=item.tax_class,
            day=day,
        )
    return PricedItem(item.code, item.name, item.kind, price.amount, rule, item.tags)


def gtin(text: str) -> str | None:
    """The 14 digits by which a barcode is known, or None when the text has no barcode's length.

    GS1 General Specifications, section 3.3: a shorter GTIN is the same number with leading zeros,
    so a UPC-A read as EAN-13 finds the same item.
    """
    return text.zfill(GTIN_DIGITS) if text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14) else None


def merged(item: Item, known: Item) -> Item:
    """An item as it is to be, with the known prices for days that it does not name, by day."""
    prices = {price.from_day: price for price in (*known.prices, *item.prices)}
    return msgspec.structs.replace(item, prices=tuple(prices[day] for day in sorted(prices)))


class Neighbours(NamedTuple):
    """What given items must fit in with."""

    country: str
    """Where the shop is; every tax class must have a rate there."""
    taxes: TaxTable
    items: Mapping[str, Item]
    """Items of the catalogue by code, at least those that the given ones name as linked."""
    linked_by: Mapping[str, str]
    """Of given items by code, the code of an item that is not given and names it as linked."""
    owners: Mapping[str, str]
    """Of barcodes in use, by their 14 digits, the code of the item that has them."""


def prove_items(items: Sequence[Item], neighbours: Neighbours) -> None:
    """Check items that are to be taken over together.

    Rejections:
        ItemInvalid: an item breaks a rule; the details name item, field and rule.
    """
    given: dict[str, Item] = {}
    for item in items:
        if item.code in given:
            raise _invalid(item.code, "code", "an item stands in a command once")
        given[item.code] = item
    taken = {digits: code for digits, code in neighbours.owners.items() if code not in given}
    for item in items:
        _prove_alone(item, neighbours)
        for barcode in item.barcodes:
            if taken.setdefault(barcode.zfill(GTIN_DIGITS), item.code) != item.code:
                raise _invalid(item.code, "barcodes", "a barcode belongs to one item")
        for code in item.linked:
            _prove_linked(item.code, given.get(code) or neighbours.items.get(code))
    for linked, by in neighbours.linked_by.items():
        _prove_linked(by, given[linked])


def _prove_alone(item: Item, neighbours: Neighbours) -> None:
    if item.kind not in SOLD_KINDS:
        raise _invalid(item.code, "kind", "an item is goods, service, deposit, surcharge or a voucher")
    if not item.name.strip() or not item.name.isprintable():
        raise _invalid(item.code, "name", "a name has letters and no control characters")
    if not neighbours.taxes.knows(neighbours.country, item.tax_class):
        raise _invalid(item.code, "tax_class", f"a tax class has a rate in {neighbours.country}")
    _prove_voucher(item, neighbours)
    _prove_barcodes(item)
    _prove_prices(item)
    for field, values, most in (("tags", item.tags, MOST_TAGS), ("linked", item.linked, MOST_LINKED)):
        if len(values) > most or len(set(values)) < len(values):
            raise _invalid(item.code, field, f"each stands once, at most {most}")


def _prove_voucher(item: Item, neighbours: Neighbours) -> None:
    """Directive (EU) 2016/1065: one purpose is taxed when the voucher is sold, more are no supply until it is spent."""
    taxed = neighbours.taxes.treatments(neighbours.country, item.tax_class) - {"outside_scope"}
    if item.kind == "voucher_issue_multi" and taxed:
        raise _invalid(item.code, "tax_class", "selling a voucher for anything is outside the scope of tax")
    if item.kind == "voucher_issue_single" and not taxed:
        raise _invalid(item.code, "tax_class", "a voucher for one thing has the tax class of that thing")


def _prove_barcodes(item: Item) -> None:
    if len(item.barcodes) > MOST_BARCODES or len(set(map(gtin, item.barcodes))) < len(item.barcodes):
        raise _invalid(item.code, "barcodes", f"each stands once, at most {MOST_BARCODES}")
    for barcode in item.barcodes:
        if not ean.is_valid(barcode):
            raise _invalid(item.code, "barcodes", "a GTIN ends in its check digit")


def _prove_prices(item: Item) -> None:
    days = [price.from_day for price in item.prices]
    if len(days) > MOST_PRICES or len(set(days)) < len(days):
        raise _invalid(item.code, "prices", f"one price a day, at most {MOST_PRICES}")
    for price in item.prices:
        if not is_day(price.from_day):
            raise _invalid(item.code, "prices", "from_day is a day of the calendar, YYYY-MM-DD")
        if price.amount < 0:
            raise _invalid(item.code, "prices", "a price is not negative")


def _prove_linked(code: str, linked: Item | None) -> None:
    if linked is None:
        raise _invalid(code, "linked", "a linked item is in the catalogue")
    if linked.kind not in LINKED_KINDS:
        raise _invalid(code, "linked", "a linked item is a deposit or a surcharge")
    if linked.linked:
        raise _invalid(code, "linked", "a linked item has no linked items of its own")


def is_day(text: str) -> bool:
    """Whether the text is a day of the calendar in the form YYYY-MM-DD."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _invalid(code: str, field: str, rule: str) -> ItemInvalid:
    return ItemInvalid(f"Item {code} cannot be taken over, see {field}: {rule}.", item=code, field=field, rule=rule)
