"""Vouchers in the database, known by a hash of their code, and what befell them besides what is booked."""

from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, select, tuple_

from contracts.customers.balances import VoucherId, VoucherPurpose
from contracts.customers.vouchers import BlockReason, VoucherNote
from contracts.ids import SaleId, TaxClassCode
from services.customers.store.ledger_tables import voucher, voucher_note
from services.runtime.clock import stamp

MOST_NOTES = 200


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


class NewNote(msgspec.Struct, frozen=True):
    """What is to be noted of a voucher, and the command that did it."""

    kind: Literal["given", "blocked", "unblocked"]
    at: str
    staff_id: str | None
    caller: str
    message_id: str
    reason: BlockReason | None = None


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

    def issued(self, from_day: str, to_day: str, limit: int, after: tuple[str, str] | None) -> list[IssuedVoucher]:
        """So many vouchers of some days, oldest first, those after a place: a day and an id."""
        place = (voucher.c.issued_on, voucher.c.voucher_id)
        statement = select(voucher).where(voucher.c.issued_on >= from_day, voucher.c.issued_on <= to_day)
        if after is not None:
            statement = statement.where(tuple_(*place) > tuple_(*after))
        return [_issued(row) for row in self._connection.execute(statement.order_by(*place).limit(limit))]

    def add(self, new: IssuedVoucher, staff_id: str | None, at: datetime) -> None:
        """Keep a new voucher."""
        self._connection.execute(
            insert(voucher).values(**msgspec.structs.asdict(new), staff_id=staff_id, issued_at=stamp(at))
        )

    # Notes

    def note(self, voucher_id: str, new: NewNote) -> None:
        """Note something that befell a voucher; the same command notes it once."""
        same = _of(voucher_id, voucher_note.c.kind == new.kind, voucher_note.c.message_id == new.message_id)
        if self._connection.execute(select(voucher_note.c.number).where(same)).first() is None:
            newest = select(func.coalesce(func.max(voucher_note.c.number), 0)).where(_of(voucher_id))
            number = self._connection.execute(newest).scalar_one() + 1
            self._connection.execute(
                insert(voucher_note).values(voucher_id=voucher_id, number=number, **msgspec.structs.asdict(new))
            )

    def notes(self, voucher_id: str) -> tuple[VoucherNote, ...]:
        """What befell a voucher, newest first."""
        rows = self._connection.execute(
            select(voucher_note).where(_of(voucher_id)).order_by(voucher_note.c.number.desc()).limit(MOST_NOTES)
        )
        return tuple(VoucherNote(row.kind, row.at, row.staff_id, row.caller, row.reason) for row in rows)

    def blocked(self, voucher_id: str) -> BlockReason | None:
        """Why a voucher is blocked; None when it is not."""
        reason: BlockReason | None = self._connection.execute(
            select(voucher_note.c.reason)
            .where(_of(voucher_id, voucher_note.c.kind.in_(("blocked", "unblocked"))))
            .order_by(voucher_note.c.number.desc())
            .limit(1)
        ).scalar()
        return reason

    def given_by_another(self, voucher_id: str, message_id: str) -> bool:
        """Whether the voucher's code was given by another command."""
        given = _of(voucher_id, voucher_note.c.kind == "given", voucher_note.c.message_id != message_id)
        return self._connection.execute(select(voucher_note.c.number).where(given)).first() is not None


def _of(voucher_id: str, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(voucher_note.c.voucher_id == voucher_id, *more)


def _issued(row: Row[tuple[object, ...]]) -> IssuedVoucher:
    return IssuedVoucher(**{field.name: getattr(row, field.name) for field in msgspec.structs.fields(IssuedVoucher)})
