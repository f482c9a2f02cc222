"""Sales: an open one is one row's JSON document, an ended one is rows that never change again."""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from contracts.checkout import LineTax, ReceiptWanted, Sale, SaleNotFound, SaleNotOpen, Tender
from contracts.checkout.selling import SaleExists, VoidReason
from contracts.customers import LanguageCode
from contracts.customers.balances import Reserved
from contracts.ids import CustomerId, RegisterId, SaleId
from services.checkout.model.sale import OpenedSale
from services.checkout.store import tables
from services.checkout.store.credit import FIRST_VERSION, share_rows
from services.checkout.store.custom import CustomValueStore, FilledFields
from services.runtime.journal import Recorded
from services.runtime.prepared import Prepared

_DOCUMENT = msgspec.json.Decoder(OpenedSale)

# Statements are made once: making one costs more than SQLite takes to run it.
_DRAFT = select(tables.sale_draft.c.document, tables.sale_draft.c.state_base)
_BY_SALE = Prepared(_DRAFT.where(tables.sale_draft.c.sale_id == bindparam("sale_id_")))
_BY_REGISTER = _DRAFT.where(tables.sale_draft.c.register_id == bindparam("register_id_"))
_BY_CUSTOMER = _DRAFT.where(tables.sale_draft.c.customer_id == bindparam("customer_id_"))
_PUT = Prepared(
    update(tables.sale_draft)
    .where(tables.sale_draft.c.sale_id == bindparam("sale_id_"))
    .values(revision=bindparam("revision_"), customer_id=bindparam("customer_id_"), document=bindparam("document_"))
)

_KNOWN = Prepared(select(tables.sale.c.sale_id).where(tables.sale.c.sale_id == bindparam("sale_id_")))
_STATUS = select(tables.sale.c.status).where(
    tables.sale.c.sale_id == bindparam("sale_id_"), tables.sale.c.register_id == bindparam("register_id_")
)
_ADD = Prepared(insert(tables.sale))
_ADD_DRAFT = Prepared(insert(tables.sale_draft))
_REMOVE_DRAFT = Prepared(delete(tables.sale_draft).where(tables.sale_draft.c.sale_id == bindparam("sale_id_")))
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


class Opened(NamedTuple):
    """An open sale and what its revision is added to for the register's state."""

    sale: OpenedSale
    state_base: int

    @property
    def state_revision(self) -> int:
        """The revision of the register's state that shows the sale as it is."""
        return self.state_base + self.sale.revision


class Header(NamedTuple):
    """What a sale keeps of the place it was opened at."""

    time_zone: str
    register_serial: str
    software_version: str
    store_data_version: int


class Ended(NamedTuple):
    """What is kept of a sale's end beside the sale itself."""

    recorded: Recorded
    void_reason: VoidReason | None = None
    receipt_wanted: ReceiptWanted | None = None
    language: LanguageCode | None = None


class SaleStore:
    """The sales of all registers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, sale: OpenedSale, header: Header, state_base: int) -> Opened:
        """Keep a sale that was just opened.

        Rejections:
            SaleExists: there was a sale with that id before.
        """
        if _KNOWN.first(self._connection, {"sale_id_": sale.sale_id}) is not None:
            raise SaleExists(field="sale_id", sale_id=sale.sale_id)
        _ADD.run(
            self._connection,
            {
                "sale_id": sale.sale_id,
                "register_id": sale.register,
                "transaction_number": sale.transaction_number,
                "transaction_kind": sale.transaction_kind,
                "status": sale.status,
                "revision": sale.revision,
                "currency": sale.currency,
                "business_day": sale.business_day,
                "started_at": sale.started_at,
                "cashier_id": sale.cashier,
                "flags": _json(sale.flags),
                **header._asdict(),
            },
        )
        _ADD_DRAFT.run(
            self._connection,
            {
                "sale_id": sale.sale_id,
                "register_id": sale.register,
                "customer_id": sale.customer_id,
                "revision": sale.revision,
                "state_base": state_base,
                "document": _json(sale),
            },
        )
        return Opened(sale, state_base)

    def get(self, sale_id: SaleId, register_id: RegisterId) -> Opened:
        """An open sale of a register.

        Rejections:
            SaleNotFound: the register has no sale with that id.
            SaleNotOpen: it has ended.
        """
        opened = self.find_open(sale_id)
        if opened is not None:
            if opened.sale.register == register_id:
                return opened
            raise SaleNotFound(sale_id=sale_id)
        place = {"sale_id_": sale_id, "register_id_": register_id}
        ended = self._connection.execute(_STATUS, place).one_or_none()
        if ended is None:
            raise SaleNotFound(sale_id=sale_id)
        raise SaleNotOpen(sale_id=sale_id, status=ended.status)

    def find_open(self, sale_id: SaleId) -> Opened | None:
        """An open sale of any register."""
        row = _BY_SALE.first(self._connection, {"sale_id_": sale_id})
        return None if row is None else Opened(_DOCUMENT.decode(row.document), row.state_base)

    def open_on(self, register_id: RegisterId) -> Opened | None:
        """The sale that is open on a register."""
        row = self._connection.execute(_BY_REGISTER, {"register_id_": register_id}).one_or_none()
        return None if row is None else Opened(_DOCUMENT.decode(row.document), row.state_base)

    def open_of(self, customer_id: CustomerId) -> list[Opened]:
        """The open sales of a customer."""
        rows = self._connection.execute(_BY_CUSTOMER, {"customer_id_": customer_id})
        return [Opened(_DOCUMENT.decode(row.document), row.state_base) for row in rows]

    def all_open(self) -> list[Opened]:
        """Every open sale."""
        return [Opened(_DOCUMENT.decode(row.document), row.state_base) for row in self._connection.execute(_DRAFT)]

    def put(self, sale: OpenedSale) -> None:
        """Keep what changed on an open sale, as its next revision."""
        sale.revision += 1
        _PUT.run(
            self._connection,
            {
                "sale_id_": sale.sale_id,
                "revision_": sale.revision,
                "customer_id_": sale.customer_id,
                "document_": _json(sale),
            },
        )

    def end(self, sale: OpenedSale, as_told: Sale, ended: Ended) -> None:
        """Keep an ended sale for ever: its header's end and its final rows; the draft is gone."""
        _REMOVE_DRAFT.run(self._connection, {"sale_id_": sale.sale_id})
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
                "flags_": _json(as_told.flags),
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
                    "items": _json(decided.items),
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


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
