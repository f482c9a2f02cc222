"""Customers in the database: put on file, changed, read, erased."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, delete, exists, insert, literal, select, union_all, update

from contracts.customers import Customer, CustomerNotFound
from contracts.ids import CustomerId
from services.customers.model.search import fold, keys
from services.customers.store.tables import (
    consent,
    customer,
    customer_code,
    customer_email,
    customer_key,
    customer_phone,
    erased_customer,
)
from services.runtime.clock import stamp


class CustomerStore:
    """The customers on file."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, customer_id: CustomerId) -> Customer | None:
        """A customer's record, or None when there is none."""
        return self.load([customer_id]).get(customer_id)

    def get(self, customer_id: CustomerId) -> Customer:
        """A customer's record.

        Rejections:
            CustomerNotFound: there is none.
        """
        found = self.find(customer_id)
        if found is None:
            raise CustomerNotFound(customer_id=customer_id)
        return found

    def load(self, customer_ids: Sequence[str]) -> dict[str, Customer]:
        """The records of those customers that are on file, by id."""
        emails, phones, codes = self._contacts(customer_ids)
        rows = self._connection.execute(select(customer).where(customer.c.customer_id.in_(customer_ids)))
        return {
            row.customer_id: Customer(
                customer_id=row.customer_id,
                revision=row.revision,
                first_name=row.first_name,
                last_name=row.last_name,
                company=row.company,
                emails=tuple(emails.get(row.customer_id, ())),
                phones=tuple(phones.get(row.customer_id, ())),
                codes=tuple(codes.get(row.customer_id, ())),
                language=row.language,
                placeholder=row.placeholder,
                group=row.customer_group,
            )
            for row in rows
        }

    def exists(self, customer_id: CustomerId) -> bool:
        """Whether a customer is on file."""
        return bool(self._connection.execute(select(exists().where(customer.c.customer_id == customer_id))).scalar())

    def is_erased(self, customer_id: CustomerId) -> bool:
        """Whether that id was a customer's who was erased."""
        return bool(
            self._connection.execute(select(exists().where(erased_customer.c.customer_id == customer_id))).scalar()
        )

    def creation_mark(self, customer_id: CustomerId) -> bytes | None:
        """The mark of the creation that a customer came from, or None when nobody has that id."""
        mark: bytes | None = self._connection.execute(
            select(customer.c.creation_mark).where(customer.c.customer_id == customer_id)
        ).scalar()
        return mark

    def codes_of_others(self, codes: Sequence[str], customer_id: CustomerId) -> frozenset[str]:
        """Which of these codes another customer has."""
        if not codes:
            return frozenset()
        return frozenset(
            self._connection.execute(
                select(customer_code.c.code).where(
                    customer_code.c.code.in_(codes), customer_code.c.customer_id != customer_id
                )
            ).scalars()
        )

    def add(self, new: Customer, creation_mark: bytes, at: datetime) -> None:
        """Put a new customer on file."""
        self._connection.execute(
            insert(customer).values(
                customer_id=new.customer_id, creation_mark=creation_mark, created_at=stamp(at), **_own_columns(new, at)
            )
        )
        self._insert(customer_email, _emails(new))
        self._insert(customer_phone, _phones(new))
        self._insert(customer_code, _codes(new))
        self._insert(customer_key, _keys(new))

    def change(self, before: Customer, after: Customer, at: datetime) -> None:
        """Put a customer's changed record in the place of the one before."""
        self._connection.execute(
            update(customer).where(customer.c.customer_id == after.customer_id).values(**_own_columns(after, at))
        )
        for table, rows in (
            (customer_email, _emails),
            (customer_phone, _phones),
            (customer_code, _codes),
            (customer_key, _keys),
        ):
            if rows(before) != rows(after):
                self._connection.execute(delete(table).where(table.c.customer_id == after.customer_id))
                self._insert(table, rows(after))

    def page_after(self, customer_id: str, limit: int) -> list[tuple[Customer, str]]:
        """The customers after an id ("" is before the first) in the order of ids, with when each last changed."""
        rows = self._connection.execute(
            select(customer.c.customer_id, customer.c.changed_at)
            .where(customer.c.customer_id > customer_id)
            .order_by(customer.c.customer_id)
            .limit(limit)
        ).all()
        records = self.load([row.customer_id for row in rows])
        return [(records[row.customer_id], row.changed_at) for row in rows]

    def erase(self, customer_id: CustomerId, at: datetime) -> None:
        """Forget all that is known of a customer; the id stays, so that it is never given again.

        What they bought stays with the sales and leads to nobody. Erasing twice changes nothing more.
        """
        for table in (customer_email, customer_phone, customer_code, customer_key, consent, customer):
            self._connection.execute(delete(table).where(table.c.customer_id == customer_id))
        if not self.is_erased(customer_id):
            self._connection.execute(insert(erased_customer).values(customer_id=customer_id, erased_at=stamp(at)))

    def _contacts(self, customer_ids: Sequence[str]) -> tuple[dict[str, list[str]], ...]:
        """The emails, phones and codes of customers in one statement, each in its place."""
        parts = [
            select(
                literal(kind).label("kind"), column.table.c.customer_id, column.table.c.place, column.label("text")
            ).where(column.table.c.customer_id.in_(customer_ids))
            for kind, column in enumerate((customer_email.c.email, customer_phone.c.phone, customer_code.c.code))
        ]
        found: tuple[dict[str, list[str]], ...] = ({}, {}, {})
        for row in self._connection.execute(union_all(*parts).order_by("kind", "customer_id", "place")):
            found[row.kind].setdefault(row.customer_id, []).append(row.text)
        return found

    def _insert(self, table: Table, rows: list[dict[str, object]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)


def _own_columns(record: Customer, at: datetime) -> dict[str, object]:
    return {
        "revision": record.revision,
        "first_name": record.first_name,
        "last_name": record.last_name,
        "company": record.company,
        "language": record.language,
        "placeholder": record.placeholder,
        "customer_group": record.group,
        "changed_at": stamp(at),
    }


def _placed(record: Customer, texts: Iterable[str]) -> Iterable[tuple[str, dict[str, object]]]:
    return ((text, {"customer_id": record.customer_id, "place": place}) for place, text in enumerate(texts))


def _emails(record: Customer) -> list[dict[str, object]]:
    return [{**row, "email": text, "folded": fold(text)} for text, row in _placed(record, record.emails)]


def _phones(record: Customer) -> list[dict[str, object]]:
    return [
        {**row, "phone": text, "digits": text[1:], "reversed": text[:0:-1]}
        for text, row in _placed(record, record.phones)
    ]


def _codes(record: Customer) -> list[dict[str, object]]:
    return [{**row, "code": text} for text, row in _placed(record, record.codes)]


def _keys(record: Customer) -> list[dict[str, object]]:
    return [{"customer_id": record.customer_id, "key": key} for key in keys(record)]
