"""Who sold what, as completed sales tell it: a projection of checkout's journal."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from contracts.checkout.completed import SaleCompleted
from contracts.checkout.crediting import AttributionChanged
from contracts.ids import RegisterId, StaffId
from contracts.staff.credit import GetStaffSales
from contracts.staff.privacy import LatelyCredited
from services.staff.model.credit import DaySales
from services.staff.store.tables import attributed_sale, cashier_sale, lately_credited


class CreditStore:
    """Who sold what."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, sale: SaleCompleted, sales: int, turnover: int, credit: Mapping[StaffId, int]) -> None:
        """Keep a sale's credit: its cashier's turnover, and each attributed staff member's part in minor units."""
        values = {"business_day": sale.business_day, "sale_id": sale.sale_id, "sales": sales}
        self._connection.execute(insert(cashier_sale), {**values, "staff_id": sale.cashier, "amount": turnover})
        self._attribute(values, credit)
        if credit:
            fresh = upsert(lately_credited)
            self._connection.execute(
                fresh.on_conflict_do_update(
                    index_elements=["register", "staff_id"], set_={"credited_at": fresh.excluded.credited_at}
                ),
                [
                    {"register": sale.register, "staff_id": staff_id, "credited_at": sale.completed_at}
                    for staff_id in credit
                ],
            )

    def replace(self, change: AttributionChanged, sales: int, credit: Mapping[StaffId, int]) -> None:
        """Give the credit for a sale's lines to others; its cashier stays."""
        columns = attributed_sale.c
        self._connection.execute(
            delete(attributed_sale).where(
                columns.business_day == change.business_day, columns.sale_id == change.sale_id
            )
        )
        self._attribute({"business_day": change.business_day, "sale_id": change.sale_id, "sales": sales}, credit)

    def wipe(self) -> None:
        """Forget everything before the journal is replayed."""
        for table in (attributed_sale, cashier_sale, lately_credited):
            self._connection.execute(delete(table))

    def sales(self, asked: GetStaffSales) -> list[DaySales]:
        """Sums by day, of each person, of one, or of all together; a sale of several is then counted once."""
        table = attributed_sale if asked.credit == "attributed" else cashier_sale
        within = table.c.business_day.between(asked.from_day, asked.to_day)
        if asked.staff_id is not None:
            return self._of_persons(table, within & (table.c.staff_id == asked.staff_id))
        if asked.by_person:
            return self._of_persons(table, within)
        columns = table.c
        sale = (
            select(
                columns.business_day, func.max(columns.sales).label("sales"), func.sum(columns.amount).label("amount")
            )
            .where(within)
            .group_by(columns.business_day, columns.sale_id)
            .subquery()
        )
        rows = self._connection.execute(
            select(sale.c.business_day, func.sum(sale.c.sales), func.sum(sale.c.amount)).group_by(sale.c.business_day)
        )
        return [DaySales(day, None, sales, amount) for day, sales, amount in rows]

    def credited_to(self, staff_id: StaffId) -> list[DaySales]:
        """All that somebody was ever credited with, by day."""
        return self._of_persons(attributed_sale, attributed_sale.c.staff_id == staff_id)

    def rung_up_by(self, staff_id: StaffId) -> list[DaySales]:
        """All that somebody was ever the cashier of, by day."""
        return self._of_persons(cashier_sale, cashier_sale.c.staff_id == staff_id)

    def lately_at(self, staff_id: StaffId) -> list[LatelyCredited]:
        """At which registers somebody was credited, and when last at each."""
        columns = lately_credited.c
        rows = self._connection.execute(
            select(columns.register, columns.credited_at).where(columns.staff_id == staff_id).order_by(columns.register)
        )
        return [LatelyCredited(*row) for row in rows]

    def lately(self, register: RegisterId) -> list[StaffId]:
        """Who was credited at a register, newest first."""
        columns = lately_credited.c
        return list(
            self._connection.execute(
                select(columns.staff_id)
                .where(columns.register == register)
                .order_by(columns.credited_at.desc(), columns.staff_id)
            ).scalars()
        )

    def _attribute(self, common: Mapping[str, object], credit: Mapping[StaffId, int]) -> None:
        if credit:
            self._connection.execute(
                insert(attributed_sale),
                [{**common, "staff_id": staff_id, "amount": amount} for staff_id, amount in credit.items()],
            )

    def _of_persons(self, table: Table, which: Any) -> list[DaySales]:
        columns = table.c
        query: Select[Any] = (
            select(columns.business_day, columns.staff_id, func.sum(columns.sales), func.sum(columns.amount))
            .where(which)
            .group_by(columns.business_day, columns.staff_id)
        )
        return [DaySales(*row) for row in self._connection.execute(query)]
