"""Receipts to print: one that holds everything a receipt can show, and ways to vary it."""

from decimal import Decimal
from typing import Any

import msgspec

from contracts.checkout import LineItem, LineTax, RateTotal, Redemption, Sale, Tender, Totals
from contracts.checkout.reading import Receipt, StoreData
from contracts.customers.balances import HolderId, ReservationId, Reserved
from contracts.ids import (
    CountryCode,
    CurrencyCode,
    ItemCode,
    LineItemId,
    RedemptionId,
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


def with_points(language: str = "de", country: str = "DE") -> Receipt:
    """A receipt of two teas at 2.50 and a cup at 10.00 with its deposit, from which 1,250 points took 5.00."""
    lines = (
        line(
            "Tee",
            333,
            quantity=Decimal(2),
            unit_price=250,
            discount=167,
            redeemed=167,
            taxes=(LineTax(**_tax(REDUCED, 311, 22)),),
        ),
        line(
            "Tasse",
            667,
            line_item_id=CHEESE,
            unit_price=1000,
            discount=333,
            redeemed=333,
            taxes=(LineTax(**_tax(STANDARD, 561, 106)),),
        ),
        line("Pfand", 25, line_item_id=BOTTLE, follows=CHEESE, taxes=(LineTax(**_tax(STANDARD, 21, 4)),)),
    )
    rates = (RateTotal(**_tax(REDUCED, 311, 22)), RateTotal(**_tax(STANDARD, 582, 110)))
    reserved = Reserved(
        ReservationId("01912f4e-0000-7000-8000-000000000042"),
        "loyalty",
        HolderId("01912f4e-0000-7000-8000-000000000043"),
        1250,
    )
    return receipt(
        language,
        country,
        lines=lines,
        tenders=(),
        totals=Totals(total=1025, net=893, tax=132, rounding=0, paid=1025, change=0, due=0, rates=rates),
        redemption=Redemption(RedemptionId("01912f4e-0000-7000-8000-000000000041"), 500, reserved),
    )


def with_voucher(language: str = "de", country: str = "DE") -> Receipt:
    """The same receipt, 10.00 of it paid with a single-purpose voucher for what has the reduced rate."""
    voucher = Tender(
        tender_id=TenderId("01912f4e-0000-7000-8000-000000000032"),
        kind="voucher",
        state="approved",
        amount=1000,
        tendered=1000,
        settled_tax=LineTax(**_tax(REDUCED, 935, 65)),
    )
    of = receipt(language, country)
    cash = msgspec.structs.replace(of.sale.tenders[0], amount=675, tendered=1000)
    return receipt(language, country, tenders=(voucher, cash))
