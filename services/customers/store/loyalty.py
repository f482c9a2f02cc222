"""The loyalty programme's terms, who has joined, and what each sale earned."""

from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from contracts.customers.loyalty import LoyaltyMembership, LoyaltyProgramme
from contracts.ids import CustomerId, SaleId, Version
from services.customers.store.ledger_tables import loyalty_member, loyalty_programme, loyalty_sale
from services.runtime.clock import stamp


class EarnedBySale(NamedTuple):
    """What a sale earned on what base, what its earning lines came to, and what of them was returned since."""

    sale_id: str
    customer_id: str
    base: int
    points: int
    returned: int
    earning: int | None = None
    """None of sales from before it was kept; then it was what was paid without points and vouchers."""


class LoyaltyStore:
    """The programme and its members."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def programme(self, at: str | None = None) -> LoyaltyProgramme | None:
        """The programme in force, or the one that was at a time; None before there was any."""
        statement = select(loyalty_programme.c.document)
        if at is not None:
            statement = statement.where(loyalty_programme.c.at <= at)
        document = self._connection.execute(statement.order_by(loyalty_programme.c.revision.desc()).limit(1)).scalar()
        return None if document is None else msgspec.json.decode(document, type=LoyaltyProgramme)

    def put_programme(self, programme: LoyaltyProgramme, staff_id: str | None, at: datetime) -> None:
        """Keep other terms beside the ones before."""
        self._connection.execute(
            insert(loyalty_programme).values(
                revision=programme.revision,
                at=stamp(at),
                document=msgspec.json.encode(programme),
                staff_id=staff_id,
            )
        )

    def with_terms(self, terms_version: Version) -> LoyaltyProgramme | None:
        """The newest programme under that version of terms, or None when it was never used."""
        documents = self._connection.execute(
            select(loyalty_programme.c.document).order_by(loyalty_programme.c.revision.desc())
        ).scalars()
        programmes = (msgspec.json.decode(each, type=LoyaltyProgramme) for each in documents)
        return next((each for each in programmes if each.terms_version == terms_version), None)

    def membership(self, customer_id: CustomerId) -> LoyaltyMembership | None:
        """Since when a customer is in, on which terms by now, and what they were given for joining; None if not."""
        member = loyalty_member.c
        rows = self._connection.execute(
            select(member.terms_version, member.joined_at, member.bonus)
            .where(member.customer_id == customer_id)
            .order_by(member.number)
        ).all()
        if not rows:
            return None
        return LoyaltyMembership(customer_id, rows[-1].terms_version, rows[0].joined_at, rows[0].bonus)

    def join(
        self, customer_id: CustomerId, terms_version: str, at: str, bonus: int, transfer_id: str | None = None
    ) -> None:
        """Keep that a customer accepted terms."""
        member = loyalty_member.c
        numbers = select(func.coalesce(func.max(member.number), 0)).where(member.customer_id == customer_id)
        self._connection.execute(
            insert(loyalty_member).values(
                customer_id=customer_id,
                number=self._connection.execute(numbers).scalar_one() + 1,
                terms_version=terms_version,
                joined_at=at,
                bonus=bonus,
                transfer_id=transfer_id,
            )
        )

    def was_only_brought(self, customer_id: CustomerId) -> bool:
        """Whether a customer is in by merges alone, and never said so as who they are."""
        member = loyalty_member.c
        own = select(member.number).where(member.customer_id == customer_id, member.transfer_id.is_(None)).limit(1)
        return self._connection.execute(own).scalar() is None

    def leave_with(self, transfer_id: str) -> None:
        """Undo what a merge brought."""
        self._connection.execute(delete(loyalty_member).where(loyalty_member.c.transfer_id == transfer_id))

    def earned_by(self, sale_id: SaleId) -> EarnedBySale | None:
        """What a sale earned, or None when it earned nothing."""
        row = self._connection.execute(select(loyalty_sale).where(loyalty_sale.c.sale_id == sale_id)).one_or_none()
        return None if row is None else EarnedBySale(*row)

    def put_earned(self, earned: EarnedBySale) -> None:
        """Keep what a sale earned."""
        self._connection.execute(insert(loyalty_sale).values(**earned._asdict()))

    def note_returned(self, sale_id: SaleId, returned: int) -> None:
        """Keep how much of a sale's earning lines was returned in all."""
        self._connection.execute(
            update(loyalty_sale).where(loyalty_sale.c.sale_id == sale_id).values(returned=returned)
        )
