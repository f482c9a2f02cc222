"""Customers in the database: put on file, changed, read, erased."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    Table,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
    update,
)

from contracts.customers import Customer, CustomerNotFound, GroupId
from contracts.customers.profile import Address, Balances, CustomValue, FieldId, Handle, TaxExemption
from contracts.ids import CustomerId
from services.customers.model.duplicates import name_key
from services.customers.model.groups import EVERYBODY
from services.customers.model.profile import till_note
from services.customers.model.search import code_key, compact, door_key, fold, keys
from services.customers.store.aliases import resolve
from services.customers.store.balances import balances_of
from services.customers.store.tables import (
    consent,
    customer,
    customer_address,
    customer_code,
    customer_email,
    customer_group,
    customer_key,
    customer_phone,
    erased_customer,
)
from services.runtime.clock import stamp
from services.runtime.prepared import Prepared

Row = dict[str, object]


class More(msgspec.Struct, frozen=True, omit_defaults=True):
    """The details that nobody is looked for by, as they lie together in one column."""

    tags: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()
    handles: tuple[Handle, ...] = ()
    exemption: TaxExemption | None = None
    custom: dict[FieldId, CustomValue] = msgspec.field(default_factory=dict)


class CustomerStore:
    """The customers on file. An id that a merge left behind stands for whoever it was merged into."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, customer_id: CustomerId) -> Customer | None:
        """A customer's record, or None when there is none."""
        present = self.present_id(customer_id)
        return self.load([present]).get(present)

    def get(self, customer_id: CustomerId) -> Customer:
        """A customer's record.

        Rejections:
            CustomerNotFound: there is none.
        """
        found = self.find(customer_id)
        if found is None:
            raise CustomerNotFound(customer_id=customer_id)
        return found

    def placeholders(self) -> list[CustomerId]:
        """Everybody on file who stands for nobody."""
        rows = self._connection.execute(select(customer.c.customer_id).where(customer.c.placeholder.is_(True)))
        return [CustomerId(each) for each in rows.scalars()]

    def profile(self, customer_id: CustomerId) -> Customer:
        """A customer's record with what they have and owe.

        Rejections:
            CustomerNotFound: there is none.
        """
        found = self.get(customer_id)
        balances = balances_of(self._connection, [found.customer_id])
        return msgspec.structs.replace(found, balances=balances.get(found.customer_id, Balances()))

    def present_id(self, customer_id: CustomerId) -> CustomerId:
        """The id by which that customer is on file now."""
        return CustomerId(resolve(self._connection, customer_id))

    def load(self, customer_ids: Sequence[str]) -> dict[str, Customer]:
        """The records of those customers that are on file, by id."""
        if not customer_ids:
            return {}
        emails, phones, codes, blocked, addresses = self._parts(customer_ids)
        rows = _RECORDS.run(self._connection, {"ids": msgspec.json.encode(customer_ids).decode()})
        found = {}
        for values in rows:
            row = dict(zip(_RECORD_COLUMNS, values, strict=True))
            at, notes = row["customer_id"], row["notes"]
            more = msgspec.json.decode(row.pop("more"), type=More)
            found[at] = Customer(
                emails=tuple(emails.get(at, ())),
                phones=tuple(phones.get(at, ())),
                codes=tuple(codes.get(at, ())),
                blocked_codes=tuple(blocked.get(at, ())),
                addresses=tuple(msgspec.json.decode(each, type=Address) for each in addresses.get(at, ())),
                placeholder=bool(row.pop("placeholder")),
                group=row.pop("customer_group"),
                till_note=till_note(notes),
                tags=more.tags,
                websites=more.websites,
                handles=more.handles,
                exemption=more.exemption,
                custom=more.custom,
                **row,
            )
        return found

    def exists(self, customer_id: CustomerId) -> bool:
        """Whether a customer is on file."""
        present = self.present_id(customer_id)
        return bool(self._connection.execute(select(exists().where(customer.c.customer_id == present))).scalar())

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

    def codes_of_others(self, codes: Sequence[str], customer_id: CustomerId | None) -> frozenset[str]:
        """Which of these codes another customer has, blocked ones too, whatever their case.

        A code that is theirs already is theirs, though another one of before the case stopped to matter is like it.
        """
        if not codes:
            return frozenset()
        like = select(customer_code.c.code, customer_code.c.key, customer_code.c.customer_id).where(
            customer_code.c.key.in_([code_key(each) for each in codes])
        )
        rows = self._connection.execute(like).all()
        own = {row.code for row in rows if row.customer_id == customer_id}
        taken = {row.key for row in rows if row.customer_id != customer_id}
        return frozenset(each for each in codes if each not in own and code_key(each) in taken)

    def holder_of(self, code: str) -> tuple[CustomerId, bool] | None:
        """Whose code it is, whatever its case, and whether it is blocked; None when nobody has it.

        Of two that differ in case alone, as they could before, only the very one is found.
        """
        rows = self._connection.execute(
            select(customer_code.c.code, customer_code.c.customer_id, customer_code.c.blocked).where(
                customer_code.c.key == code_key(code)
            )
        ).all()
        meant = rows if len(rows) == 1 else [row for row in rows if row.code == code]
        return (meant[0].customer_id, meant[0].blocked) if meant else None

    def add(self, new: Customer, creation_mark: bytes, at: datetime) -> None:
        """Put a new customer on file."""
        self.add_many([(new, creation_mark)], at)

    def add_many(self, new: Iterable[tuple[Customer, bytes]], at: datetime) -> None:
        """Put new customers on file, each with the mark of its creation."""
        records, own, now = [], [], stamp(at)
        for record, mark in new:
            records.append(record)
            own.append({**_own_columns(record, now), "creation_mark": mark, "created_at": now})
        _ADD.run_for(self._connection, own)
        for table, rows in _PARTS:
            _ADD_PART[table].run_for(self._connection, [row for record in records for row in rows(record)])

    def change(self, before: Customer, after: Customer, at: datetime) -> None:
        """Put a customer's changed record in the place of the one before."""
        self._connection.execute(
            update(customer).where(customer.c.customer_id == after.customer_id).values(**_own_columns(after, stamp(at)))
        )
        for table, rows in _PARTS:
            if rows(before) != rows(after):
                self._connection.execute(delete(table).where(table.c.customer_id == after.customer_id))
                _ADD_PART[table].run_for(self._connection, rows(after))

    def move(self, group: GroupId, to: GroupId, limit: int, at: datetime) -> list[Customer]:
        """Put so many of those in a group into another, each a revision higher; gives them as they were before."""
        members = select(customer.c.customer_id).where(customer.c.customer_group == group).limit(limit)
        ids = self._connection.execute(members).scalars().all()
        before = list(self.load(ids).values())
        self._connection.execute(
            update(customer)
            .where(customer.c.customer_id.in_(ids))
            .values(customer_group=to, revision=customer.c.revision + 1, changed_at=stamp(at))
        )
        return before

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
        for table in (*(table for table, _ in _PARTS), consent, customer):
            self._connection.execute(delete(table).where(table.c.customer_id == customer_id))
        if not self.is_erased(customer_id):
            self._connection.execute(insert(erased_customer).values(customer_id=customer_id, erased_at=stamp(at)))

    def _parts(self, customer_ids: Sequence[str]) -> tuple[dict[str, list[str]], ...]:
        """The emails, phones, codes, blocked codes and addresses of customers in one statement, each in its place."""
        found: tuple[dict[str, list[str]], ...] = ({}, {}, {}, {}, {})
        rows = _CONTACTS.run(self._connection, {"ids": msgspec.json.encode(customer_ids).decode()})
        for kind, at, _, text, blocked in rows:
            found[kind + 1 if blocked else kind].setdefault(at, []).append(text)
        return found


def _own_columns(record: Customer, at: str) -> dict[str, object]:
    more = More(record.tags, record.websites, record.handles, record.exemption, record.custom)
    return {
        "customer_id": record.customer_id,
        "revision": record.revision,
        "first_name": record.first_name,
        "last_name": record.last_name,
        "company": record.company,
        "language": record.language,
        "placeholder": record.placeholder,
        "customer_group": record.group,
        "receipt": record.receipt,
        "notes": record.notes,
        "birth_date": record.birth_date,
        "more": msgspec.json.encode(more).decode(),
        "name_key": name_key(record),
        "changed_at": at,
    }


def _emails(record: Customer) -> list[Row]:
    return [
        {"customer_id": record.customer_id, "place": place, "email": text, "folded": fold(text)}
        for place, text in enumerate(record.emails)
    ]


def _phones(record: Customer) -> list[Row]:
    return [
        {"customer_id": record.customer_id, "place": place, "phone": text, "digits": text[1:], "reversed": text[:0:-1]}
        for place, text in enumerate(record.phones)
    ]


def _codes(record: Customer) -> list[Row]:
    return [
        {"customer_id": record.customer_id, "place": place, "code": text, "blocked": blocked, "key": code_key(text)}
        for blocked, texts in ((False, record.codes), (True, record.blocked_codes))
        for place, text in enumerate(texts)
    ]


def _addresses(record: Customer) -> list[Row]:
    return [
        {
            "customer_id": record.customer_id,
            "place": place,
            "address": msgspec.json.encode(each).decode(),
            "postcode_key": compact(each.postcode),
            "door_key": door_key(each),
        }
        for place, each in enumerate(record.addresses)
    ]


def _keys(record: Customer) -> list[Row]:
    return [{"customer_id": record.customer_id, "key": key} for key in keys(record)]


_PARTS: tuple[tuple[Table, Callable[[Customer], list[Row]]], ...] = (
    (customer_email, _emails),
    (customer_phone, _phones),
    (customer_code, _codes),
    (customer_address, _addresses),
    (customer_key, _keys),
)
_ADD = Prepared(insert(customer))
_ADD_PART: dict[Any, Prepared] = {table: Prepared(insert(table)) for table, _ in _PARTS}

_IDS = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
"""The customers asked for, as one JSON list, so that the statement is the same for any number of them."""
_RECORD_COLUMNS = (
    *("customer_id", "revision", "first_name", "last_name", "company", "language", "placeholder", "customer_group"),
    *("receipt", "notes", "birth_date", "more"),
)
_IS_DELETED = exists().where(customer_group.c.group_id == customer.c.customer_group, customer_group.c.deleted.is_(True))
_PRESENT_GROUP = case((_IS_DELETED, EVERYBODY), else_=customer.c.customer_group)
"""Whoever is in a group that is deleted is one of all customers, though it may take a moment until all are told."""
_RECORDS = Prepared(
    select(
        *(_PRESENT_GROUP.label(name) if name == "customer_group" else customer.c[name] for name in _RECORD_COLUMNS)
    ).where(customer.c.customer_id.in_(_IDS))
)
_CONTACTS = Prepared(
    union_all(
        *(
            select(
                literal(kind).label("kind"),
                column.table.c.customer_id,
                column.table.c.place,
                column.label("text"),
                blocked.label("blocked"),
            ).where(column.table.c.customer_id.in_(_IDS))
            for kind, column, blocked in (
                (0, customer_email.c.email, null()),
                (1, customer_phone.c.phone, null()),
                (2, customer_code.c.code, customer_code.c.blocked),
                (4, customer_address.c.address, null()),
            )
        )
    ).order_by("kind", "customer_id", "place")
)
