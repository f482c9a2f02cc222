"""Sealed buyers in the database: who bought, where the law wants it kept."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from contracts.customers.privacy.keeping import BuyerRecord, KeptRecord
from contracts.ids import CustomerId
from services.customers.model.privacy import Buyer
from services.customers.store.privacy_tables import buyer_record, leaving_buyer

DETAILS = tuple(field.name for field in msgspec.structs.fields(Buyer))
"""They lie together in one column."""


class BuyerStore:
    """All sealed buyers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, record_id: str) -> BuyerRecord | None:
        """A sealed buyer, or None."""
        row = self._connection.execute(select(buyer_record).where(buyer_record.c.record_id == record_id)).one_or_none()
        if row is None:
            return None
        buyer = msgspec.json.decode(row.buyer, type=Buyer)
        own = {name: value for name, value in row._asdict().items() if name != "buyer"}
        return BuyerRecord(**own, **{name: getattr(buyer, name) for name in DETAILS})

    def put(self, record: BuyerRecord) -> None:
        """Keep a buyer."""
        own = msgspec.structs.asdict(record)
        buyer = Buyer(**{name: own.pop(name) for name in DETAILS})
        self._connection.execute(insert(buyer_record).values(**own, buyer=msgspec.json.encode(buyer).decode()))

    def of_sale(self, sale_id: str) -> tuple[KeptRecord, ...]:
        """What is kept of a sale's buyer."""
        return self._kept(buyer_record.c.sale_id == sale_id)

    def of_customers(self, customer_ids: tuple[str, ...]) -> tuple[KeptRecord, ...]:
        """What is kept of customers as buyers."""
        return self._kept(buyer_record.c.customer_id.in_(customer_ids))

    def hold(self, record_id: str, *, held: bool) -> None:
        """Keep a buyer beyond the time, or no longer."""
        self._connection.execute(update(buyer_record).where(buyer_record.c.record_id == record_id).values(held=held))

    def forget_due(self, today: str) -> int:
        """Forget the buyers whose time is over and whom nobody holds; says how many."""
        gone = self._connection.execute(
            delete(buyer_record).where(buyer_record.c.keep_until < today, buyer_record.c.held.is_(False))
        )
        return gone.rowcount

    # Buyers who leave

    def leave(self, customer_id: CustomerId, erasure_id: str, buyer: Buyer) -> None:
        """Keep who is erased until the sales that were completed before are heard."""
        self._connection.execute(
            insert(leaving_buyer).values(
                customer_id=customer_id, erasure_id=erasure_id, buyer=msgspec.json.encode(buyer).decode()
            )
        )

    def leaving(self, customer_id: CustomerId) -> Buyer | None:
        """Who was erased, while sales of theirs may still be heard; else None."""
        buyer = self._connection.execute(
            select(leaving_buyer.c.buyer).where(leaving_buyer.c.customer_id == customer_id)
        ).scalar()
        return None if buyer is None else msgspec.json.decode(buyer, type=Buyer)

    def let_go(self, erasure_ids: Iterable[str]) -> None:
        """Forget who was erased: no sale of theirs is still to be heard."""
        for erasure_id in erasure_ids:
            self._connection.execute(delete(leaving_buyer).where(leaving_buyer.c.erasure_id == erasure_id))

    def _kept(self, which: object) -> tuple[KeptRecord, ...]:
        rows = self._connection.execute(
            select(buyer_record.c.record_id, buyer_record.c.reason, buyer_record.c.keep_until, buyer_record.c.held)
            .where(which)  # type: ignore[arg-type]
            .order_by(buyer_record.c.sealed_at, buyer_record.c.record_id)
        )
        return tuple(KeptRecord(*row) for row in rows)


def who_leaves(connection: Connection, erasure_ids: Sequence[str]) -> frozenset[str]:
    """Which of these erasures still keep a buyer whose sales may be heard."""
    rows = connection.execute(select(leaving_buyer.c.erasure_id).where(leaving_buyer.c.erasure_id.in_(erasure_ids)))
    return frozenset(rows.scalars())
