"""Rows that were taken over, and what a whole batch of rows meets on file, each kind asked for once."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from contracts.customers import Customer
from contracts.customers.profile import Balances
from services.customers.model.consent import Said
from services.customers.model.duplicates import Traits
from services.customers.store.balances import balances_of
from services.customers.store.custom_fields import CustomFieldStore
from services.customers.store.customers import CustomerStore
from services.customers.store.duplicates import Duplicates
from services.customers.store.groups import GroupStore
from services.customers.store.import_tables import import_row
from services.customers.store.privacy_tables import suppression
from services.customers.store.tables import (
    consent,
    customer,
    customer_address,
    customer_code,
    customer_email,
    customer_phone,
    erased_customer,
)
from services.runtime.clock import stamp
from services.runtime.prepared import Prepared

# With something added to it a column is not looked for by its index.
_UNINDEXED_POSTCODE = customer_address.c.postcode_key.op("||")("")
_SAY = Prepared(insert(consent))
_SUPPRESS = Prepared(insert_or(suppression).on_conflict_do_nothing())
_KEEP = insert_or(import_row)
_KEEP_ROW = Prepared(
    _KEEP.on_conflict_do_update(
        index_elements=[import_row.c.row_id],
        set_={name: _KEEP.excluded[name] for name in ("customer_id", "mark", "imported_at")},
    )
)

# By the name first: a town has few postcodes and many names.
_AT_HOME = Prepared(
    select(customer.c.customer_id)
    .join(customer_address, customer_address.c.customer_id == customer.c.customer_id)
    .where(customer.c.name_key == bindparam("name"), bindparam("postcode") == _UNINDEXED_POSTCODE)
    .limit(1)
)
_BORN = Prepared(
    select(customer.c.customer_id)
    .where(customer.c.name_key == bindparam("name"), customer.c.birth_date == bindparam("born"))
    .limit(1)
)


class TakenOver(NamedTuple):
    """What came of a row before."""

    customer_id: str
    mark: bytes | None


class KeptRow(NamedTuple):
    """A row that was taken over."""

    row_id: str
    customer_id: str
    mark: bytes


class Met(NamedTuple):
    """What somebody on file has in common with rows."""

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


class Shelf:
    """Everything on file that a batch of rows may meet."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.customers = CustomerStore(connection)
        self.custom_fields = CustomFieldStore(connection)
        self.duplicates = Duplicates(connection)
        self.groups = GroupStore(connection)
        self.imports = ImportStore(connection)

    def page(self, after: str, limit: int) -> tuple[Customer, ...]:
        """So many customers after an id ("" is before the first), with what they have and owe."""
        records = [record for record, _ in self.customers.page_after(after, limit)]
        balances = balances_of(self._connection, [each.customer_id for each in records])
        return tuple(
            msgspec.structs.replace(each, balances=balances.get(each.customer_id, Balances())) for each in records
        )


class ImportStore:
    """What was imported, and what rows meet."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def taken_over(self, row_ids: Collection[str]) -> dict[str, TakenOver]:
        """Which of these rows were taken over before."""
        rows = self._connection.execute(
            select(import_row.c.row_id, import_row.c.customer_id, import_row.c.mark).where(
                import_row.c.row_id.in_(row_ids)
            )
        )
        return {row.row_id: TakenOver(row.customer_id, row.mark) for row in rows}

    def keep(self, rows: Iterable[KeptRow], at: datetime) -> None:
        """Keep that rows were taken over."""
        _KEEP_ROW.run_for(self._connection, [{**row._asdict(), "imported_at": stamp(at)} for row in rows])

    def erased(self, customer_ids: Collection[str]) -> frozenset[str]:
        """Which of these ids were customers who were erased."""
        found = select(erased_customer.c.customer_id).where(erased_customer.c.customer_id.in_(customer_ids))
        return frozenset(self._connection.execute(found).scalars())

    def holders(self, codes: Collection[str]) -> dict[str, str]:
        """Who has which of these codes, blocked or not."""
        found = select(customer_code.c.code, customer_code.c.customer_id).where(customer_code.c.code.in_(codes))
        return {row.code: row.customer_id for row in self._connection.execute(found)}

    def met(self, looks: Sequence[Traits]) -> Met:
        """What of all these traits somebody on file has; who has none of it is like nobody there."""
        digits = self._there(customer_phone.c.digits, {each[1:] for look in looks for each in look.phones})
        named = self._there(customer.c.name_key, {look.name for look in looks if look.postcodes or look.birth_date})
        return Met(
            emails=self._there(customer_email.c.folded, {each for look in looks for each in look.emails}),
            phones=frozenset(f"+{each}" for each in digits),
            names=frozenset(look.name for look in looks if look.name in named and self._like(look)),
        )

    def _like(self, look: Traits) -> bool:
        """Whether somebody of that name has the same postcode or birth date."""
        born = look.birth_date and _BORN.first(self._connection, {"name": look.name, "born": look.birth_date})
        return bool(born) or any(
            _AT_HOME.first(self._connection, {"name": look.name, "postcode": each}) for each in look.postcodes
        )

    def suppressed(self, digests: Collection[bytes]) -> frozenset[bytes]:
        """Which of these stand for addresses that are never written to."""
        found = select(suppression.c.digest).where(suppression.c.digest.in_(digests))
        return frozenset(self._connection.execute(found).scalars())

    def say(self, said: Sequence[Said], number: int, refused: Collection[bytes], at: datetime) -> None:
        """Keep what many customers said, counted on from a number, and the addresses that refused."""
        _SAY.run_for(
            self._connection, [{**msgspec.structs.asdict(each), "number": n} for n, each in enumerate(said, number + 1)]
        )
        _SUPPRESS.run_for(self._connection, [{"digest": each, "recorded_at": stamp(at)} for each in refused])

    def _there(self, column: object, values: Collection[str]) -> frozenset[str]:
        if not values:
            return frozenset()
        found = select(column).where(column.in_(sorted(values))).distinct()  # type: ignore[call-overload,attr-defined] # a column
        return frozenset(self._connection.execute(found).scalars())


def forget_marks(connection: Connection, customer_id: str, at: datetime) -> None:  # noqa: ARG001 - as every eraser
    """Forget what a customer's rows said; that they were there stays, so that they do not come back."""
    connection.execute(update(import_row).where(import_row.c.customer_id == customer_id).values(mark=None))
