"""Registers: their numbers, each taken in the transaction that uses it, and who sells at them."""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from contracts.checkout.reading import StoreData
from contracts.ids import CountryCode, RegisterId, SaleId
from services.checkout.store import tables
from services.runtime.prepared import Prepared

_HERE = tables.register.c.register_id == bindparam("register_id_")
_TAKE_TRANSACTION_NUMBER = Prepared(
    update(tables.register)
    .where(_HERE)
    .values(next_transaction=tables.register.c.next_transaction + 1)
    .returning(tables.register.c.serial, tables.register.c.next_transaction, tables.register.c.state_revision)
)
_TAKE_RECEIPT_NUMBER = Prepared(
    update(tables.register)
    .where(_HERE)
    .values(next_receipt=tables.register.c.next_receipt + 1)
    .returning(tables.register.c.series, tables.register.c.next_receipt)
)
_KEEP_STATE_REVISION = Prepared(
    update(tables.register).where(_HERE).values(state_revision=bindparam("state_revision_"))
)
_KEEP_RECEIPT_NUMBER = Prepared(insert(tables.receipt_number))


class OpeningNumbers(NamedTuple):
    """What a register gives to a sale that is opened on it."""

    serial: str
    transaction_number: int
    state_base: int


class ReceiptNumbered(NamedTuple):
    """A receipt number and what it is made of."""

    text: str
    series: int
    number: int


class RegisterStore:
    """The registers that have sold, and the versions of the store's data."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take_opening_numbers(self, register_id: RegisterId, new_serial: str) -> OpeningNumbers:
        """Take the next transaction number; a register that never sold gets a serial and its first series."""
        row = _TAKE_TRANSACTION_NUMBER.first(self._connection, {"register_id_": register_id})
        if row is not None:
            return OpeningNumbers(row.serial, row.next_transaction - 1, row.state_revision)
        self._connection.execute(
            insert(tables.register).values(
                register_id=register_id,
                serial=new_serial,
                series=1,
                next_receipt=1,
                next_transaction=2,
                state_revision=0,
            )
        )
        return OpeningNumbers(new_serial, 1, 0)

    def take_receipt_number(self, register_id: RegisterId, sale_id: SaleId) -> ReceiptNumbered:
        """Take the register's next receipt number for a sale; it is given back if the transaction fails."""
        row = _TAKE_RECEIPT_NUMBER.one(self._connection, {"register_id_": register_id})
        number = row.next_receipt - 1
        _KEEP_RECEIPT_NUMBER.run(
            self._connection,
            {"register_id": register_id, "series": row.series, "number": number, "sale_id": sale_id},
        )
        return ReceiptNumbered(receipt_text(register_id, row.series, number), row.series, number)

    def keep_state_revision(self, register_id: RegisterId, revision: int) -> None:
        """Remember the revision of a register's state, from which the next sale's goes on."""
        _KEEP_STATE_REVISION.run(self._connection, {"register_id_": register_id, "state_revision_": revision})

    def without_sale(self) -> list[tuple[RegisterId, int]]:
        """The registers that have no open sale, with the revision of their state."""
        table = tables.register
        open_at = select(tables.sale_draft.c.register_id)
        rows = self._connection.execute(
            select(table.c.register_id, table.c.state_revision).where(table.c.register_id.not_in(open_at))
        )
        return [(RegisterId(row.register_id), row.state_revision) for row in rows]

    def newest_store_data(self) -> StoreData | None:
        """Who sells now."""
        table = tables.store_data
        version = self._connection.execute(select(func.max(table.c.version))).scalar()
        return None if version is None else self.store_data(version)

    def store_data(self, version: int) -> StoreData:
        """Who sold when that version was in force."""
        table = tables.store_data
        row = self._connection.execute(select(table).where(table.c.version == version)).one()
        return StoreData(
            version=row.version,
            legal_name=row.legal_name,
            address=msgspec.json.decode(row.address, type=tuple[str, ...]),
            vat_id=row.vat_id,
            country=CountryCode(row.country),
        )

    def add_store_data(self, data: StoreData, at: str) -> None:
        """Put another version in force."""
        self._connection.execute(
            insert(tables.store_data).values(
                version=data.version,
                legal_name=data.legal_name,
                address=msgspec.json.encode(data.address).decode(),
                vat_id=data.vat_id,
                country=data.country,
                from_time=at,
            )
        )


def receipt_text(register_id: str, series: int, number: int) -> str:
    """A receipt number as it is printed: ``till-1-000123``; further series say which: ``till-1-2-000001``."""
    return f"{register_id}-{number:06d}" if series == 1 else f"{register_id}-{series}-{number:06d}"
