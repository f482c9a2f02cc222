"""On which terms customers may owe. Rows are only added; the newest counts."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from contracts.customers.ledgers import AccountTerms
from contracts.ids import CustomerId
from services.customers.store.ledger_tables import account_terms
from services.runtime.clock import stamp


class AccountStore:
    """The terms of all accounts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def terms(self, customer_id: CustomerId) -> AccountTerms:
        """A customer's terms; without any nothing is sold on account."""
        row = self._connection.execute(
            select(account_terms)
            .where(account_terms.c.customer_id == customer_id)
            .order_by(account_terms.c.revision.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            return AccountTerms(customer_id, 0, 0, 0)
        return AccountTerms(customer_id, row.revision, row.credit_limit, row.grace_days)

    def put(self, terms: AccountTerms, staff_id: str | None, at: datetime) -> None:
        """Keep other terms beside the ones before."""
        self._connection.execute(
            insert(account_terms).values(
                customer_id=terms.customer_id,
                revision=terms.revision,
                credit_limit=terms.credit_limit,
                grace_days=terms.grace_days,
                staff_id=staff_id,
                at=stamp(at),
            )
        )
