"""Rows that were taken over, and what a whole batch of rows meets on file, each kind asked for once."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Column, Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from contracts.customers import Customer
from contracts.customers.balances import CustomerLedger
from contracts.customers.consent import Purpose
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from services.customers.model.consent import Said
from services.customers.model.duplicates import Traits
from services.customers.store.accounts import AccountStore
from services.customers.store.aliases import family
from services.customers.store.balances import balances_of
from services.customers.store.custom_fields import CustomFieldStore
from services.customers.store.customers import CustomerStore
from services.customers.store.duplicates import Duplicates
from services.customers.store.groups import GroupStore
from services.customers.store.import_tables import import_row
from services.customers.store.ledger_tables import ledger_balance, ledger_entry
from services.customers.store.privacy_tables import suppression, suppression_exception
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

_ASKED = func.json_each(bindparam("asked")).table_valued("value").c.value
"""What is asked for, as one JSON list, so that the statement is the same for any number of it."""


def _whose(column: Column[str], *told: Column[str]) -> Prepared:
    """Tells columns of the rows where one has any of the values asked for."""
    return Prepared(select(*told).where(column.in_(select(_ASKED))))


_TAKEN_OVER = _whose(import_row.c.row_id, import_row.c.row_id, import_row.c.customer_id, import_row.c.mark)
_ERASED = _whose(erased_customer.c.customer_id, erased_customer.c.customer_id)
_HOLDERS = _whose(customer_code.c.key, customer_code.c.key, customer_code.c.customer_id)
_BOOKED = Prepared(
    select(ledger_balance.c.holder_id)
    .where(
        ledger_balance.c.ledger == bindparam("ledger"),
        ledger_balance.c.entries > 0,
        ledger_balance.c.holder_id.in_(select(_ASKED)),
    )
    .limit(1)
)
_OPENED = Prepared(select(ledger_entry.c.amount).where(ledger_entry.c.entry_id == bindparam("entry_id")))
_EMAILS = _whose(customer_email.c.folded, customer_email.c.folded)
_DIGITS = _whose(customer_phone.c.digits, customer_phone.c.digits)
# By the name first: a town has few postcodes and many names.
_NAME, _MORE = func.json_extract(_ASKED, "$[0]"), func.json_extract(_ASKED, "$[1]")
_AT_HOME = Prepared(
    select(customer.c.name_key)
    .distinct()
    .join(customer_address, customer_address.c.customer_id == customer.c.customer_id)
    .where(customer.c.name_key == _NAME, _MORE == _UNINDEXED_POSTCODE)
)
_BORN = Prepared(
    select(customer.c.name_key).distinct().where(customer.c.name_key == _NAME, customer.c.birth_date == _MORE)
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
        self.accounts = AccountStore(connection)

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
        return {row[0]: TakenOver(*row[1:]) for row in self._found(_TAKEN_OVER, row_ids)}

    def keep(self, rows: Iterable[KeptRow], at: datetime) -> None:
        """Keep that rows were taken over."""
        imported_at = stamp(at)
        _KEEP_ROW.run_for(self._connection, [{**row._asdict(), "imported_at": imported_at} for row in rows])

    def erased(self, customer_ids: Collection[str]) -> frozenset[str]:
        """Which of these ids were customers who were erased."""
        return frozenset(row[0] for row in self._found(_ERASED, customer_ids))

    def erased_addresses(self, digests: Collection[bytes]) -> frozenset[bytes]:
        """Which of these stand for addresses of the erased (``ConsentStore.digest_for_all``)."""
        if not digests:
            return frozenset()
        found = select(suppression.c.digest).where(suppression.c.digest.in_(digests))
        return frozenset(self._connection.execute(found).scalars())

    def holders(self, code_keys: Collection[str]) -> dict[str, str]:
        """Who has which of the codes with these keys, blocked or not."""
        return dict(self._found(_HOLDERS, code_keys))

    def was_booked(self, ledger: CustomerLedger, customer_id: CustomerId) -> bool:
        """Whether anything was ever booked there for a customer or whoever was merged into them."""
        ids = msgspec.json.encode(family(self._connection, customer_id)).decode()
        return _BOOKED.first(self._connection, {"ledger": ledger, "asked": ids}) is not None

    def amount_of(self, entry_id: str) -> int | None:
        """How much an entry booked; None where there is none."""
        row = _OPENED.first(self._connection, {"entry_id": entry_id})
        return None if row is None else int(row.amount)

    def met(self, looks: Sequence[Traits]) -> Met:
        """What of all these traits somebody on file has; who has none of it is like nobody there."""
        emails = self._found(_EMAILS, {each for look in looks for each in look.emails})
        digits = self._found(_DIGITS, {each[1:] for look in looks for each in look.phones})
        at_home = self._found(_AT_HOME, {(look.name, each) for look in looks if look.name for each in look.postcodes})
        born = self._found(_BORN, {(look.name, look.birth_date) for look in looks if look.name and look.birth_date})
        return Met(
            emails=frozenset(row[0] for row in emails),
            phones=frozenset(f"+{row[0]}" for row in digits),
            names=frozenset(row[0] for row in (*at_home, *born)),
        )

    def suppressed(self, digests: Collection[bytes], purpose: Purpose) -> frozenset[bytes]:
        """Which of these stand for addresses that are never written to for a purpose."""
        allowed = select(suppression_exception.c.digest).where(suppression_exception.c.purpose == purpose)
        found = select(suppression.c.digest).where(
            suppression.c.digest.in_(digests), suppression.c.digest.not_in(allowed)
        )
        return frozenset(self._connection.execute(found).scalars())

    def say(self, said: Sequence[Said], number: int, refused: Collection[bytes], at: datetime) -> None:
        """Keep what many customers said, counted on from a number, and the addresses that refused."""
        _SAY.run_for(
            self._connection, [{**msgspec.structs.asdict(each), "number": n} for n, each in enumerate(said, number + 1)]
        )
        _SUPPRESS.run_for(self._connection, [{"digest": each, "recorded_at": stamp(at)} for each in refused])

    def _found(self, statement: Prepared, asked: Collection[Any]) -> list[Any]:
        """The rows of a statement for any of the values asked for."""
        if not asked:
            return []
        return statement.run(self._connection, {"asked": msgspec.json.encode(sorted(asked)).decode()}).fetchall()


def forget_marks(connection: Connection, customer_id: str, at: datetime) -> None:  # noqa: ARG001 - as every eraser
    """Forget what a customer's rows said; that they were there stays, so that they do not come back."""
    connection.execute(update(import_row).where(import_row.c.customer_id == customer_id).values(mark=None))
