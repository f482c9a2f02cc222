"""What the shop's own fields hold of somebody's sales and their lines, gathered for the copy that they are given.

Open sales first, then those that have ended, newest first. What is told here is what is deleted when its customer is
erased. Never here: who may have it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, and_, exists, func, select, tuple_

from contracts.base import Malformed
from contracts.checkout.custom import FieldOfSale, FieldsOfSales
from contracts.customers.profile import CustomValue, FieldId
from contracts.ids import CustomerId, LineItemId, ReceiptNumber, SaleId
from services.checkout.model.custom import Filled, length
from services.checkout.model.sale import OpenedSale
from services.checkout.store import tables
from services.checkout.store.sales import SaleStore

ENOUGH_CHARACTERS: Final = 100_000
"""An answer that has so many takes no further sale; the fields of one hold half as many at most."""
SALES_AT_ONCE: Final = 100
_PLACE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})/([0-9a-f-]{36})")


class _Ended(NamedTuple):
    sale_id: SaleId
    receipt_number: ReceiptNumber | None
    business_day: str


def fields_of_sales(connection: Connection, customer_ids: Sequence[CustomerId], after: str | None) -> FieldsOfSales:
    """So many of the fields of these customers' sales as an answer takes, and what asks for the rest.

    Rejections:
        Malformed: ``after`` is not from the answer before.
    """
    found = [] if after is not None else _of_open(connection, customer_ids)
    characters = sum(map(_length, found))
    sales = _ended(connection, customer_ids, after)
    for number, sale in enumerate(sales):
        if number and (number == SALES_AT_ONCE or characters >= ENOUGH_CHARACTERS):
            last = sales[number - 1]
            return FieldsOfSales(tuple(found), f"{last.business_day}/{last.sale_id}")
        filled = _of_ended(connection, sale)
        characters += sum(map(_length, filled))
        found += filled
    return FieldsOfSales(tuple(found))


def _of_open(connection: Connection, customer_ids: Sequence[CustomerId]) -> list[FieldOfSale]:
    store = SaleStore(connection)
    opened = [each.sale for customer_id in customer_ids for each in store.open_of(customer_id)]
    return [field for sale in opened for field in _of_document(sale)]


def _of_document(sale: OpenedSale) -> Iterator[FieldOfSale]:
    holders: list[tuple[LineItemId | None, str | None, Mapping[FieldId, Filled]]] = [(None, None, sale.custom)]
    holders += [(line.line_item_id, line.name, line.custom) for line in sale.lines]
    for line_item_id, name, filled in holders:
        for each in filled.values():
            yield FieldOfSale(
                sale.sale_id, None, sale.business_day, line_item_id, name, each.label, each.kind, each.value
            )


def _ended(connection: Connection, customer_ids: Sequence[CustomerId], after: str | None) -> list[_Ended]:
    """Their ended sales with any field filled, from the newest day on: one more than an answer takes."""
    sale, value = tables.sale.c, tables.custom_value.c
    theirs = select(sale.sale_id, sale.receipt_number, sale.business_day).where(
        sale.customer_id.in_(customer_ids), sale.ended_at.is_not(None), exists().where(value.sale_id == sale.sale_id)
    )
    if after is not None:
        place = _PLACE.fullmatch(after)
        if place is None:
            raise Malformed(field="$.next", rule="'next' is taken from the answer before as it stands there")
        theirs = theirs.where(tuple_(sale.business_day, sale.sale_id) < tuple_(place[1], place[2]))
    newest_first = (sale.business_day.desc(), sale.sale_id.desc())
    return [_Ended(*row) for row in connection.execute(theirs.order_by(*newest_first).limit(SALES_AT_ONCE + 1))]


def _of_ended(connection: Connection, sale: _Ended) -> list[FieldOfSale]:
    """The fields of the sale, then those of its lines in their order."""
    value, line = tables.custom_value, tables.line_item
    rows = connection.execute(
        select(value, line.c.name)
        .select_from(
            value.outerjoin(line, and_(line.c.sale_id == value.c.sale_id, line.c.line_item_id == value.c.line_item_id))
        )
        .where(value.c.sale_id == sale.sale_id)
        .order_by(func.coalesce(line.c.place, -1), value.c.field_id)
    )
    return [
        FieldOfSale(
            sale.sale_id,
            sale.receipt_number,
            sale.business_day,
            LineItemId(row.line_item_id) if row.line_item_id else None,
            row.name,
            row.label,
            row.kind,
            msgspec.json.decode(row.value, type=CustomValue),
        )
        for row in rows
    ]


def _length(field: FieldOfSale) -> int:
    return len(field.label) + length(field.value)
