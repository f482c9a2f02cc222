"""What is written when a sale ends: the end of its header and its rows, which never change again.

Never here: open sales (``sales.py``), and how an ended one is read (``ended_sales.py``).
"""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, insert, update

from contracts.checkout import LineTax, ReceiptWanted, Sale, Tender
from contracts.checkout.selling import VoidReason
from contracts.customers import LanguageCode
from contracts.customers.balances import Reserved
from services.checkout.model.sale import OpenedSale
from services.checkout.store import tables
from services.checkout.store.credit import FIRST_VERSION, share_rows
from services.checkout.store.custom import CustomValueStore, FilledFields
from services.runtime.journal import Recorded
from services.runtime.prepared import Prepared

# Statements are made once: making one costs more than SQLite takes to run it.
_ENDING_COLUMNS = (
    "transaction_kind",
    "status",
    "revision",
    "business_day",
    "ended_at",
    "cashier_id",
    "customer_id",
    "flags",
    "void_reason",
    "receipt_number",
    "receipt_wanted",
    "language",
    "total",
    "rounding",
    "event_id",
    "event_epoch",
    "event_number",
    "customer_group",
    "sealed_buyer_id",
    "sealed_reason",
)
_END = Prepared(
    update(tables.sale)
    .where(tables.sale.c.sale_id == bindparam("sale_id_"))
    .values({name: bindparam(f"{name}_") for name in _ENDING_COLUMNS})
)
_ADD_LINES = Prepared(insert(tables.line_item))
_ADD_TAXES = Prepared(insert(tables.line_tax))
_ADD_SHARES = Prepared(insert(tables.attribution_share))
_ADD_SERIALS = Prepared(insert(tables.serial_number))
_ADD_TENDERS = Prepared(insert(tables.tender))
_ADD_SETTLED = Prepared(insert(tables.settled_tax))
_ADD_REDEMPTION = Prepared(insert(tables.redemption))
_ADD_DECISION = Prepared(insert(tables.decision))
_ADD_SKIPS = Prepared(insert(tables.prompt_skip))
_ADD_WAIVERS = Prepared(insert(tables.rule_waiver))


class Ended(NamedTuple):
    """What is kept of a sale's end beside the sale itself."""

    recorded: Recorded
    void_reason: VoidReason | None = None
    receipt_wanted: ReceiptWanted | None = None
    language: LanguageCode | None = None


class FinalRows:
    """The rows of sales as they ended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, sale: OpenedSale, as_told: Sale, ended: Ended) -> None:
        """Keep a sale's end in its header, and all that is on it."""
        _END.run(
            self._connection,
            {
                "sale_id_": sale.sale_id,
                "transaction_kind_": as_told.transaction_kind,
                "status_": as_told.status,
                "revision_": as_told.revision,
                "business_day_": as_told.business_day,
                "ended_at_": as_told.ended_at,
                "cashier_id_": as_told.cashier,
                "customer_id_": as_told.customer_id,
                "flags_": as_json(as_told.flags),
                "void_reason_": ended.void_reason,
                "receipt_number_": as_told.receipt_number,
                "receipt_wanted_": ended.receipt_wanted,
                "language_": ended.language,
                "total_": as_told.totals.total,
                "rounding_": as_told.totals.rounding,
                "event_id_": ended.recorded.event_id,
                "event_epoch_": ended.recorded.epoch,
                "event_number_": ended.recorded.number,
                "customer_group_": as_told.customer_group,
                "sealed_buyer_id_": as_told.sealed_buyer_id,
                "sealed_reason_": as_told.sealed_reason,
            },
        )
        self._insert_lines(as_told)
        self._insert_tenders(as_told)
        self._insert_redemption(as_told)
        of_lines = {line.line_item_id: line.custom for line in sale.lines}
        CustomValueStore(self._connection).add(sale.sale_id, FilledFields(sale.custom, of_lines))
        self._insert_decision(sale)
        for statement, settled in ((_ADD_SKIPS, as_told.skips), (_ADD_WAIVERS, as_told.waivers)):
            statement.run_for(
                self._connection,
                [
                    {"sale_id": sale.sale_id, "place": place, **msgspec.structs.asdict(each)}
                    for place, each in enumerate(settled)
                ],
            )

    def _insert_lines(self, sale: Sale) -> None:
        lines = [
            {
                "sale_id": sale.sale_id,
                "place": place,
                "line_item_id": line.line_item_id,
                "kind": line.kind,
                "item_code": line.item,
                "name": line.name,
                "quantity": str(line.quantity),
                "unit_price_listed": line.unit_price_listed,
                "unit_price": line.unit_price,
                "discount": line.discount,
                "amount": line.amount,
                "supply_date": line.supply_date,
                "follows": line.follows,
                "warranty_until": line.warranty_until,
                "redeemed": line.redeemed,
            }
            for place, line in enumerate(sale.lines)
        ]
        taxes = [
            {"sale_id": sale.sale_id, "place": place, "part": part, **_tax_row(tax)}
            for place, line in enumerate(sale.lines)
            for part, tax in enumerate(line.taxes)
        ]
        shares = [
            row
            for place, line in enumerate(sale.lines)
            for row in share_rows(sale.sale_id, place, FIRST_VERSION, line.amount, line.attribution)
        ]
        serials = [
            {"sale_id": sale.sale_id, "place": place, "serial_number": serial}
            for place, line in enumerate(sale.lines)
            for serial in line.serial_numbers
        ]
        for statement, rows in (
            (_ADD_LINES, lines),
            (_ADD_TAXES, taxes),
            (_ADD_SHARES, shares),
            (_ADD_SERIALS, serials),
        ):
            if rows:
                statement.run_for(self._connection, rows)

    def _insert_tenders(self, sale: Sale) -> None:
        rows = [
            {"sale_id": sale.sale_id, "place": place, **_tender_row(tender)}
            for place, tender in enumerate(sale.tenders)
        ]
        if rows:
            _ADD_TENDERS.run_for(self._connection, rows)
        settled = [
            {"sale_id": sale.sale_id, "place": place, **_tax_row(tender.settled_tax)}
            for place, tender in enumerate(sale.tenders)
            if tender.settled_tax is not None
        ]
        if settled:
            _ADD_SETTLED.run_for(self._connection, settled)

    def _insert_redemption(self, sale: Sale) -> None:
        if sale.redemption is not None:
            reserved = sale.redemption.reserved
            _ADD_REDEMPTION.run(
                self._connection,
                {
                    "sale_id": sale.sale_id,
                    "redemption_id": sale.redemption.redemption_id,
                    "amount": sale.redemption.amount,
                    "reservation_id": reserved.reservation_id,
                    "holder_id": reserved.holder_id,
                    "units": reserved.units,
                },
            )

    def _insert_decision(self, sale: OpenedSale) -> None:
        decided = sale.held or sale.decision
        if decided is not None:
            _ADD_DECISION.run(
                self._connection,
                {
                    "sale_id": sale.sale_id,
                    "decision_id": decided.decision_id,
                    "outcome": decided.outcome,
                    "settings_revision": decided.settings_revision,
                    "items": as_json(decided.items),
                    "tender_kind": decided.tender_kind,
                    "content": decided.content,
                    "held": sale.held is not None,
                },
            )


def _tender_row(tender: Tender) -> dict[str, object]:
    row = msgspec.structs.asdict(tender)
    del row["settled_tax"]
    reserved: Reserved | None = row.pop("reserved")
    return row | {
        "reservation_id": reserved and reserved.reservation_id,
        "holder_id": reserved and reserved.holder_id,
        "units": reserved and reserved.units,
        "purpose": reserved and reserved.purpose,
        "tax_class": reserved and reserved.tax_class,
    }


def _tax_row(tax: LineTax) -> dict[str, object]:
    return {
        "tax_class": tax.tax_class,
        "treatment": tax.treatment,
        "rate": str(tax.rate),
        "country": tax.country,
        "net": tax.net,
        "tax": tax.tax,
        "gross": tax.gross,
    }


def as_json(value: object) -> str:
    """A value as a column holds it."""
    return msgspec.json.encode(value).decode()
