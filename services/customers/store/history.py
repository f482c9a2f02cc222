"""What customers bought, as checkout's journal told it: a projection that may be wiped and replayed."""

import re
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, tuple_

from contracts.base import Malformed
from contracts.customers import CustomerNotFound, HistoryEntry
from contracts.ids import CustomerId
from services.customers.store.customers import CustomerStore
from services.customers.store.tables import history
from services.runtime.clock import read_stamp, stamp

_PLACE = re.compile(r"([0-9-]{10}T[0-9:]{8}\.[0-9]{6}Z)_([0-9a-f-]{36})")


class Place(NamedTuple):
    """Where a page of history ends: the time and the sale of its last entry."""

    time: str
    sale_id: str

    def write(self) -> str:
        """Put the place into the text that asks for the following page."""
        return f"{self.time}_{self.sale_id}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """Read a place that ``write`` wrote.

        Rejections:
            Malformed: it is none.
        """
        match = _PLACE.fullmatch(text)
        if match is None:
            raise Malformed(field="$.next", rule="'next' is taken from the page before as it stands there")
        return cls(match[1], match[2])


class HistoryStore:
    """The history of all customers, those unknown here included."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, customer_id: CustomerId, entry: HistoryEntry) -> None:
        """Keep what happened, in the place of what was known of that sale before."""
        self._connection.execute(delete(history).where(history.c.sale_id == entry.sale_id))
        self._connection.execute(
            insert(history).values(
                sale_id=entry.sale_id,
                customer_id=customer_id,
                kind=entry.kind,
                receipt_number=entry.receipt_number,
                time=stamp(read_stamp(entry.time)),
                total=entry.total,
                currency=entry.currency,
            )
        )

    def page(
        self, customer_id: CustomerId, limit: int, after: Place | None
    ) -> tuple[tuple[HistoryEntry, ...], Place | None]:
        """So many entries of a customer, newest first, and where the page ends if more follow.

        Rejections:
            CustomerNotFound: the customer is not on file, whatever they bought.
        """
        if not CustomerStore(self._connection).exists(customer_id):
            raise CustomerNotFound(customer_id=customer_id)
        statement = select(history).where(history.c.customer_id == customer_id)
        if after is not None:
            statement = statement.where(tuple_(history.c.time, history.c.sale_id) < tuple_(*after))
        rows = self._connection.execute(
            statement.order_by(history.c.time.desc(), history.c.sale_id.desc()).limit(limit + 1)
        ).all()
        entries = tuple(
            HistoryEntry(row.kind, row.sale_id, row.receipt_number, row.time, row.total, row.currency)
            for row in rows[:limit]
        )
        more = len(rows) > limit
        return entries, Place(entries[-1].time, entries[-1].sale_id) if more else None

    def wipe(self) -> None:
        """Forget all; the journal is replayed to the same rows."""
        self._connection.execute(delete(history))
