"""Vouchers in the database, known by a hash of their code."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, insert, select

from contracts.customers.balances import VoucherId
from contracts.customers.vouchers import VoucherPurpose
from contracts.ids import SaleId, TaxClassCode
from services.customers.store.ledger_tables import voucher
from services.runtime.clock import stamp


class IssuedVoucher(msgspec.Struct, frozen=True):
    """A voucher as it was issued; what is on it is in the ledger."""

    voucher_id: VoucherId
    code_hash: bytes
    purpose: VoucherPurpose
    tax_class: TaxClassCode | None
    value: int
    issued_on: str
    expires_on: str | None
    sale_id: SaleId | None = None
    register: str | None = None


class VoucherStore:
    """All vouchers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, voucher_id: str) -> IssuedVoucher | None:
        """A voucher by its id, or None."""
        row = self._connection.execute(select(voucher).where(voucher.c.voucher_id == voucher_id)).one_or_none()
        return None if row is None else _issued(row)

    def with_code(self, code_hash: bytes) -> IssuedVoucher | None:
        """A voucher by the hash of its code, or None."""
        row = self._connection.execute(select(voucher).where(voucher.c.code_hash == code_hash)).one_or_none()
        return None if row is None else _issued(row)

    def sold_by(self, sale_id: SaleId, register: str | None) -> list[IssuedVoucher]:
        """The vouchers that a sale sold; of one register, or of any where None is given."""
        statement = select(voucher).where(voucher.c.sale_id == sale_id)
        if register is not None:
            statement = statement.where(voucher.c.register == register)
        return [_issued(row) for row in self._connection.execute(statement.order_by(voucher.c.voucher_id))]

    def add(self, new: IssuedVoucher, staff_id: str | None, at: datetime) -> None:
        """Keep a new voucher."""
        self._connection.execute(
            insert(voucher).values(**msgspec.structs.asdict(new), staff_id=staff_id, issued_at=stamp(at))
        )


def _issued(row: Row[tuple[object, ...]]) -> IssuedVoucher:
    return IssuedVoucher(**{field.name: getattr(row, field.name) for field in msgspec.structs.fields(IssuedVoucher)})
