"""What a shop's own fields hold of ended sales; of open ones it stands in their document.

Belongs here: rows, and the eraser of those that may tell of a customer. Never here: what a field may hold.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select

from contracts.customers.profile import CustomValue, FieldId
from contracts.ids import CustomerId, LineItemId, SaleId
from services.checkout.model.custom import Filled
from services.checkout.store import tables
from services.runtime.prepared import Prepared

_ADD = Prepared(insert(tables.custom_value))
_OF_THE_SALE = ""


class FilledFields(NamedTuple):
    """The fields of a sale, and those of its lines."""

    sale: dict[FieldId, Filled]
    lines: dict[LineItemId, dict[FieldId, Filled]]


class CustomValueStore:
    """The custom fields of ended sales."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, sale_id: SaleId, fields: FilledFields) -> None:
        """Keep what the fields of a sale hold that has ended."""
        rows = [
            {
                "sale_id": sale_id,
                "line_item_id": line_item_id,
                "field_id": field_id,
                "kind": each.kind,
                "label": each.label,
                "printed": each.printed,
                "value": msgspec.json.encode(each.value).decode(),
            }
            for line_item_id, filled in self._parts(fields)
            for field_id, each in filled.items()
        ]
        if rows:
            _ADD.run_for(self._connection, rows)

    def of(self, sale_id: str) -> FilledFields:
        """What the fields of an ended sale hold."""
        found = FilledFields({}, {})
        table = tables.custom_value.c
        rows = self._connection.execute(
            select(tables.custom_value).where(table.sale_id == sale_id).order_by(table.line_item_id, table.field_id)
        )
        for row in rows:
            value: CustomValue = msgspec.json.decode(row.value, type=CustomValue)
            filled = found.sale
            if row.line_item_id != _OF_THE_SALE:
                filled = found.lines.setdefault(LineItemId(row.line_item_id), {})
            filled[FieldId(row.field_id)] = Filled(value, row.kind, row.label, row.printed)
        return found

    def forget(self, customer_id: CustomerId) -> int:
        """Delete what the fields of a customer's sales hold; returns how many it were."""
        theirs = select(tables.sale.c.sale_id).where(tables.sale.c.customer_id == customer_id)
        return self._connection.execute(
            delete(tables.custom_value).where(tables.custom_value.c.sale_id.in_(theirs))
        ).rowcount

    @staticmethod
    def _parts(fields: FilledFields) -> list[tuple[str, Mapping[FieldId, Filled]]]:
        return [(_OF_THE_SALE, fields.sale), *fields.lines.items()]
