"""Ended sales, put together again from the rows that never change, with the newest credit for their lines."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, func, select

from contracts.checkout import (
    Decision,
    Flag,
    LineItem,
    LineTax,
    ReceiptWanted,
    Redemption,
    Sale,
    SaleNotFound,
    Share,
    Tender,
)
from contracts.checkout.reading import PrintedField, SaleWithSerial
from contracts.customers import LanguageCode
from contracts.customers.balances import Reserved
from contracts.ids import LineItemId, SaleId
from contracts.policy.checking import CheckItem
from services.checkout.model import custom
from services.checkout.model.decisions import Decided
from services.checkout.model.taxes import rate_totals
from services.checkout.model.told import totals
from services.checkout.store import tables
from services.checkout.store.credit import FIRST_VERSION
from services.checkout.store.custom import CustomValueStore, FilledFields
from services.checkout.store.settled import SettledStore

MOST_WITH_SERIAL = 100
"""One piece comes back and is sold again a few times at most."""


class EndedSale(NamedTuple):
    """A sale that has ended, and what is kept beside it."""

    sale: Sale
    store_data_version: int
    time_zone: str
    receipt_wanted: ReceiptWanted
    language: LanguageCode
    event_id: str
    event_number: int
    printed: tuple[PrintedField, ...]
    """What of the shop's own fields stands on its receipt."""


class EndedSales:
    """Reads completed and voided sales."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, sale_id: SaleId) -> EndedSale:
        """One ended sale.

        Rejections:
            SaleNotFound: no sale with that id has ended.
        """
        table = tables.sale
        row = self._connection.execute(
            select(table).where(table.c.sale_id == sale_id, table.c.ended_at.is_not(None))
        ).one_or_none()
        if row is None:
            raise SaleNotFound(sale_id=sale_id)
        return self._whole(row)

    def with_serial(self, serial_number: str) -> list[SaleWithSerial]:
        """The completed sales of the piece with that serial number, newest first."""
        sale, line, serial = tables.sale.c, tables.line_item.c, tables.serial_number.c
        rows = self._connection.execute(
            select(
                sale.sale_id,
                line.line_item_id,
                sale.register_id,
                sale.receipt_number,
                sale.business_day,
                sale.customer_id,
                line.warranty_until,
            )
            .select_from(tables.serial_number.join(tables.line_item).join(tables.sale))
            .where(serial.serial_number == serial_number, sale.status == "completed")
            .order_by(sale.event_number.desc(), line.place)
            .limit(MOST_WITH_SERIAL)
        )
        return [SaleWithSerial(*row) for row in rows]

    def completed_after(self, number: int, up_to: int, limit: int) -> list[EndedSale]:
        """Completed sales in the order of the journal, after one number and up to another.

        Their credit is as it was then: what changed later is told by later events.
        """
        table = tables.sale
        rows = self._connection.execute(
            select(table)
            .where(table.c.status == "completed", table.c.event_number > number, table.c.event_number <= up_to)
            .order_by(table.c.event_number)
            .limit(limit)
        ).all()
        return [self._whole(row, up_to) for row in rows]

    def _whole(self, row: Row[Any], up_to: int | None = None) -> EndedSale:
        version = self._attribution_version(row.sale_id, up_to)
        filled = CustomValueStore(self._connection).of(row.sale_id)
        lines = self._lines(row.sale_id, version, filled)
        tenders = self._tenders(row.sale_id)
        rates = rate_totals(tax for line in lines for tax in line.taxes)
        settled = SettledStore(self._connection)
        return EndedSale(
            Sale(
                sale_id=row.sale_id,
                register=row.register_id,
                revision=row.revision,
                status=row.status,
                transaction_kind=row.transaction_kind,
                currency=row.currency,
                business_day=row.business_day,
                started_at=row.started_at,
                cashier=row.cashier_id,
                lines=tuple(lines),
                tenders=tuple(tenders),
                totals=totals(row.total, rates, tenders),
                customer_id=row.customer_id,
                decision=self._decision(row.sale_id),
                flags=msgspec.json.decode(row.flags, type=tuple[Flag, ...]),
                transaction_number=row.transaction_number,
                receipt_number=row.receipt_number,
                ended_at=row.ended_at,
                skips=settled.skips(row.sale_id),
                waivers=settled.waivers(row.sale_id),
                attribution_version=version,
                customer_group=row.customer_group,
                redemption=self._redemption(row.sale_id),
                sealed_buyer_id=row.sealed_buyer_id,
                sealed_reason=row.sealed_reason,
                custom=custom.values(filled.sale),
            ),
            row.store_data_version,
            row.time_zone,
            row.receipt_wanted or "none",
            row.language or "en",
            row.event_id,
            row.event_number,
            _printed(filled, lines),
        )

    def _attribution_version(self, sale_id: str, up_to: int | None) -> int:
        """The newest version of the credit, as of a journal number if one is given."""
        table = tables.attribution_change
        newest = select(func.max(table.c.version)).where(table.c.sale_id == sale_id)
        if up_to is not None:
            newest = newest.where(table.c.event_number <= up_to)
        return self._connection.execute(newest).scalar() or FIRST_VERSION

    def _lines(self, sale_id: str, version: int, filled: FilledFields) -> list[LineItem]:
        taxes: dict[int, list[LineTax]] = defaultdict(list)
        for row in self._rows(tables.line_tax, sale_id, "part"):
            taxes[row.place].append(_line_tax(row))
        shares: dict[int, dict[int, list[Share]]] = defaultdict(lambda: defaultdict(list))
        for row in self._rows(tables.attribution_share, sale_id, "part"):
            if row.version <= version:
                shares[row.place][row.version].append(Share(row.staff_id, row.basis_points))
        serials: dict[int, list[str]] = defaultdict(list)
        for row in self._rows(tables.serial_number, sale_id, "serial_number"):
            serials[row.place].append(row.serial_number)
        return [
            LineItem(
                line_item_id=row.line_item_id,
                kind=row.kind,
                item=row.item_code,
                name=row.name,
                quantity=Decimal(row.quantity),
                unit_price_listed=row.unit_price_listed,
                unit_price=row.unit_price,
                discount=row.discount,
                amount=row.amount,
                taxes=tuple(taxes[row.place]),
                supply_date=row.supply_date,
                attribution=tuple(shares[row.place][max(shares[row.place])]) if row.place in shares else (),
                follows=None if row.follows is None else LineItemId(row.follows),
                serial_numbers=tuple(serials[row.place]),
                warranty_until=row.warranty_until,
                redeemed=row.redeemed,
                custom=custom.values(filled.lines.get(row.line_item_id, {})),
            )
            for row in self._rows(tables.line_item, sale_id, "place")
        ]

    def _tenders(self, sale_id: str) -> list[Tender]:
        rows = self._rows(tables.tender, sale_id)
        with_tax = self._rows(tables.settled_tax, sale_id) if any(row.tax_class for row in rows) else []
        settled = {row.place: _line_tax(row) for row in with_tax}
        return [
            Tender(
                tender_id=row.tender_id,
                kind=row.kind,
                state=row.state,
                amount=row.amount,
                tendered=row.tendered,
                change=row.change,
                rounding=row.rounding,
                reserved=_reserved(row),
                settled_tax=settled.get(row.place),
            )
            for row in rows
        ]

    def _redemption(self, sale_id: str) -> Redemption | None:
        table = tables.redemption
        row = self._connection.execute(select(table).where(table.c.sale_id == sale_id)).one_or_none()
        if row is None:
            return None
        reserved = Reserved(row.reservation_id, "loyalty", row.holder_id, row.units)
        return Redemption(row.redemption_id, row.amount, reserved)

    def _decision(self, sale_id: str) -> Decision | None:
        row = self._connection.execute(
            select(tables.decision).where(tables.decision.c.sale_id == sale_id)
        ).one_or_none()
        if row is None:
            return None
        items = msgspec.json.decode(row.items, type=tuple[CheckItem, ...])
        decided = Decided(row.decision_id, row.outcome, row.content, row.settings_revision, items, row.tender_kind)
        return decided.shown(held=row.held)

    def _rows(self, table: Any, sale_id: str, last: str = "place") -> list[Row[Any]]:
        order = [table.c.place, table.c[last]]
        return list(self._connection.execute(select(table).where(table.c.sale_id == sale_id).order_by(*order)))


def _printed(filled: FilledFields, lines: Iterable[LineItem]) -> tuple[PrintedField, ...]:
    """Of the sale first, then of its lines in their order."""
    found = custom.printed(filled.sale, None)
    for line in lines:
        found += custom.printed(filled.lines.get(line.line_item_id, {}), line.line_item_id)
    return tuple(found)


def _reserved(row: Row[Any]) -> Reserved | None:
    """The balance that a tender spends: its ledger is named as its kind."""
    if row.reservation_id is None:
        return None
    return Reserved(row.reservation_id, row.kind, row.holder_id, row.units, row.purpose, row.tax_class)


def _line_tax(row: Row[Any]) -> LineTax:
    return LineTax(row.tax_class, row.treatment, Decimal(row.rate), row.country, row.net, row.tax, row.gross)
