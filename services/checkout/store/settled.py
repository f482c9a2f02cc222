"""Skips and waivers of ended sales, which are kept for so many days: they name staff."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from contracts.checkout import Skip, Waiver
from contracts.ids import SaleId
from services.checkout.store import tables

SETTLED = (tables.prompt_skip, tables.rule_waiver)


class SettledStore:
    """What was skipped and waived on ended sales."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def skips(self, sale_id: str) -> tuple[Skip, ...]:
        """What was skipped on a sale."""
        rows = self._of(tables.prompt_skip, sale_id)
        return tuple(Skip(row.field, row.code, row.reason, row.staff_id) for row in rows)

    def waivers(self, sale_id: str) -> tuple[Waiver, ...]:
        """What was waived on a sale."""
        rows = self._of(tables.rule_waiver, sale_id)
        return tuple(Waiver(row.field, row.code, row.staff_id, row.approved_by) for row in rows)

    def of_before(self, before: str, limit: int) -> list[SaleId]:
        """Some of the sales that ended before a time and have skips or waivers still."""
        found: dict[SaleId, None] = {}
        for table in SETTLED:
            rows = self._connection.execute(
                select(table.c.sale_id).distinct().join(tables.sale).where(tables.sale.c.ended_at < before).limit(limit)
            )
            found |= {SaleId(row.sale_id): None for row in rows}
        return list(found)[:limit]

    def forget(self, sale_ids: Sequence[SaleId]) -> None:
        """Forget what was skipped and waived on these sales."""
        for table in SETTLED:
            self._connection.execute(delete(table).where(table.c.sale_id.in_(sale_ids)))

    def _of(self, table: Any, sale_id: str) -> list[Any]:
        return list(self._connection.execute(select(table).where(table.c.sale_id == sale_id).order_by(table.c.place)))
