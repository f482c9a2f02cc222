"""Sealed buyers in the database: who bought, where the law wants it kept."""

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from contracts.customers.privacy import BuyerRecord, KeptRecord
from contracts.customers.profile import Address
from services.customers.store.privacy_tables import buyer_record

DETAILS = ("name", "company", "address", "vat_number", "evidence")


class Buyer(msgspec.Struct, frozen=True):
    """The details that lie together in one column."""

    name: str
    company: str
    address: Address | None
    vat_number: str
    evidence: str


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

    def _kept(self, which: object) -> tuple[KeptRecord, ...]:
        rows = self._connection.execute(
            select(buyer_record.c.record_id, buyer_record.c.reason, buyer_record.c.keep_until, buyer_record.c.held)
            .where(which)  # type: ignore[arg-type]
            .order_by(buyer_record.c.sealed_at, buyer_record.c.record_id)
        )
        return tuple(KeptRecord(*row) for row in rows)
