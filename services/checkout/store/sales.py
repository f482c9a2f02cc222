"""Open sales: each is one row's JSON document beside its header, until it ends.

Never here: the rows of what was on it when it ended (``final_rows.py``).
"""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from contracts.checkout import Sale, SaleNotFound, SaleNotOpen
from contracts.checkout.selling import SaleExists
from contracts.ids import CustomerId, RegisterId, SaleId
from services.checkout.model.sale import OpenedSale
from services.checkout.store import tables
from services.checkout.store.final_rows import Ended, FinalRows, as_json
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
                "flags": as_json(sale.flags),
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
                "document": as_json(sale),
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
                "document_": as_json(sale),
            },
        )

    def end(self, sale: OpenedSale, as_told: Sale, ended: Ended) -> None:
        """Keep an ended sale for ever: its header's end and its final rows; the draft is gone."""
        _REMOVE_DRAFT.run(self._connection, {"sale_id_": sale.sale_id})
        FinalRows(self._connection).add(sale, as_told, ended)
