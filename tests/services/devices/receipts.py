"""Receipts to print: one that holds everything a receipt can show, and ways to vary it."""

from decimal import Decimal
from typing import Any

import msgspec

from contracts.checkout import LineItem, LineTax, RateTotal, Sale, Tender, Totals
from contracts.checkout.reading import Receipt, StoreData
from contracts.ids import (
    CountryCode,
    CurrencyCode,
    ItemCode,
    LineItemId,
    RegisterId,
    SaleId,
    StaffId,
    TaxClassCode,
    TenderId,
)

SALE_ID = SaleId("01912f4e-0000-7000-8000-000000000001")
TEA, BOTTLE, CHEESE = (LineItemId(f"01912f4e-0000-7000-8000-0000000000{place}") for place in (11, 12, 13))
STANDARD, REDUCED = Decimal(19), Decimal(7)


def _tax(rate: Decimal, net: int, tax: int) -> dict[str, Any]:
    return {
        "tax_class": TaxClassCode("standard" if rate == STANDARD else "reduced"),
        "treatment": "taxed",
        "rate": rate,
        "country": CountryCode("DE"),
        "net": net,
        "tax": tax,
        "gross": net + tax,
    }


def line(name: str, amount: int, **others: Any) -> LineItem:
    """A line item of one piece at the reduced rate, unless said otherwise."""
    fields: dict[str, Any] = {
        "line_item_id": TEA,
        "kind": "goods",
        "item": ItemCode("tea-1"),
        "name": name,
        "quantity": Decimal(1),
        "unit_price_listed": amount,
        "unit_price": amount,
        "discount": 0,
        "amount": amount,
        "taxes": (LineTax(**_tax(REDUCED, amount, 0)),),
        "supply_date": "2026-11-22",
    }
    return LineItem(**(fields | others))


LINES = (
    line("Grüner Tee Sencha", 1198, quantity=Decimal(2), unit_price=649, discount=100),
    line(
        "Pfandflasche",
        25,
        line_item_id=BOTTLE,
        kind="deposit",
        follows=TEA,
        taxes=(LineTax(**_tax(STANDARD, 21, 4)),),
    ),
    line("Bergkäse", 452, line_item_id=CHEESE, quantity=Decimal("0.350"), unit_price=1290),
)


def receipt(language: str = "de", country: str = "DE", **sale_fields: Any) -> Receipt:
    """A receipt of two teas with a deposit and some cheese, 16.75 in all, paid in cash with 20.00."""
    rates = (RateTotal(**_tax(REDUCED, 1542, 108)), RateTotal(**_tax(STANDARD, 21, 4)))
    fields: dict[str, Any] = {
        "sale_id": SALE_ID,
        "register": RegisterId("till-1"),
        "revision": 7,
        "status": "completed",
        "transaction_kind": "sale",
        "currency": CurrencyCode("EUR"),
        "business_day": "2026-11-22",
        "started_at": "2026-11-22T13:03:00Z",
        "cashier": StaffId("01912f4e-0000-7000-8000-000000000021"),
        "lines": LINES,
        "tenders": (
            Tender(
                tender_id=TenderId("01912f4e-0000-7000-8000-000000000031"),
                kind="cash",
                state="approved",
                amount=1675,
                tendered=2000,
                change=325,
            ),
        ),
        "totals": Totals(total=1675, net=1563, tax=112, rounding=0, paid=1675, change=325, due=0, rates=rates),
        "transaction_number": 9,
        "receipt_number": "till-1-000123",
        "ended_at": "2026-11-22T13:05:00Z",
    }
    return Receipt(
        sale=Sale(**(fields | sale_fields)),
        store=StoreData(
            version=1,
            legal_name="Käseladen Groß & Söhne GmbH",
            address=("Lange Straße 1", "10115 Berlin"),
            vat_id="DE123456789",
            country=CountryCode(country),
        ),
        language=language,
        local_time="2026-11-22T14:05:00+01:00",
        cashier_label="Anna",
    )


def with_names(of: Receipt, *names: str) -> Receipt:
    """The same receipt with line items of these names instead."""
    return msgspec.structs.replace(
        of, sale=msgspec.structs.replace(of.sale, lines=tuple(line(name, 100) for name in names))
    )
