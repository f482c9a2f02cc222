"""Reads items from CSV into the form ``put-items`` takes.

Columns: code, name, kind, tax_class, barcodes, prices, category, tags, linked, minimum_age. Lists are
separated by ``;``. ``prices`` are ``2026-01-01=1.99``: the first day and the price in whole currency
units, tax included, a point before at most two places.
"""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from re import compile as pattern

import msgspec
from stdnum import ean

from contracts.checkout.catalogue import Item
from services.checkout.catalogue.rows import CsvRefused, Row, read_rows
from services.checkout.model.items import is_day

SAMPLE_ITEMS = Path(__file__).parent / "sample_items.csv"
NEEDED = ("code", "name", "kind", "tax_class", "prices")
OPTIONAL = ("barcodes", "category", "tags", "linked", "minimum_age")

_PRICE = pattern(r"([0-9]{4}-[0-9]{2}-[0-9]{2})=([0-9]{1,9}(?:\.[0-9]{1,2})?)")
_DEFAULT_CATEGORY = "other"
_LISTS = ("tags", "linked")
_TEXTS = ("code", "name", "kind", "tax_class")


def items_from_csv(lines: Iterable[str]) -> list[Item]:
    """Read items, in the order of the file.

    Raises:
        CsvRefused: a value breaks a rule; it names row, field and rule.
    """
    items: list[Item] = []
    codes: dict[str, int] = {}
    barcodes: dict[str, int] = {}
    for row in read_rows(lines, needed=NEEDED, optional=OPTIONAL):
        item = _item(row)
        _prove_once(row, "code", item.code, codes)
        for barcode in item.barcodes:
            _prove_once(row, "barcodes", barcode.zfill(14), barcodes)
        items.append(item)
    return items


def _item(row: Row) -> Item:
    values: dict[str, object] = {name: row.values[name] for name in _TEXTS}
    values |= {name: _list(row.values[name]) for name in _LISTS}
    values["barcodes"] = _barcodes(row)
    values["prices"] = _prices(row)
    values["category"] = row.values["category"] or _DEFAULT_CATEGORY
    values["minimum_age"] = _whole(row, "minimum_age")
    for name, value in values.items():
        try:
            msgspec.convert({**_PLAIN, name: value}, Item)
        except msgspec.ValidationError as error:
            raise CsvRefused(row.number, name, str(error).partition(" - at ")[0]) from error
    return msgspec.convert(values, Item)


_PLAIN: dict[str, object] = {
    "code": "x",
    "name": "x",
    "kind": "goods",
    "tax_class": "x",
    "barcodes": [],
    "prices": [],
}
"""An item without a fault, in which one value after another is tried so that the faulty one has a name."""


def _barcodes(row: Row) -> list[str]:
    barcodes = _list(row.values["barcodes"])
    for barcode in barcodes:
        if not ean.is_valid(barcode):
            raise CsvRefused(row.number, "barcodes", "a GTIN has 8, 12, 13 or 14 digits and ends in its check digit")
    return barcodes


def _prices(row: Row) -> list[dict[str, object]]:
    prices: list[dict[str, object]] = []
    for text in _list(row.values["prices"]):
        match = _PRICE.fullmatch(text)
        if match is None or not is_day(match[1]):
            raise CsvRefused(row.number, "prices", "a price is written 2026-01-01=1.99, several with ; between")
        prices.append({"from_day": match[1], "amount": int(Decimal(match[2]).scaleb(2))})
    return prices


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _whole(row: Row, field: str) -> int | None:
    text = row.values[field]
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 3):
        raise CsvRefused(row.number, field, "is a whole number of years")
    return int(text)


def _prove_once(row: Row, field: str, value: str, seen: dict[str, int]) -> None:
    first = seen.setdefault(value, row.number)
    if first != row.number:
        raise CsvRefused(row.number, field, f"stands in row {first} already")
