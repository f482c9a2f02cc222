"""On which terms customers may owe. Rows are only added; the newest counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select

from contracts.customers.ledgers.accounts import AccountTerms
from contracts.ids import CustomerId
from services.customers.store.ledger_tables import account_terms
from services.runtime.clock import stamp


class KeptTerms(NamedTuple):
    """Terms, whether they are there at all (else they are none), and the merge that brought them."""

    terms: AccountTerms
    there: bool
    transfer_id: str | None


class AccountStore:
    """The terms of all accounts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def terms(self, customer_id: CustomerId) -> AccountTerms:
        """A customer's terms; without any nothing is sold on account."""
        return self.kept(customer_id).terms

    def kept(self, customer_id: CustomerId) -> KeptTerms:
        """A customer's terms, with where they are from."""
        row = self._connection.execute(
            select(account_terms)
            .where(account_terms.c.customer_id == customer_id)
            .order_by(account_terms.c.revision.desc())
            .limit(1)
        ).one_or_none()
        return _kept(customer_id, row)

    def of(self, customer_ids: Sequence[str]) -> tuple[AccountTerms, ...]:
        """The terms of those of these customers who have any."""
        terms = account_terms.c
        newest = (
            select(terms.customer_id, func.max(terms.revision).label("revision"))
            .where(terms.customer_id.in_(customer_ids))
            .group_by(terms.customer_id)
            .subquery()
        )
        rows = self._connection.execute(
            select(account_terms)
            .join(newest, (terms.customer_id == newest.c.customer_id) & (terms.revision == newest.c.revision))
            .where(terms.there)
            .order_by(terms.customer_id)
        )
        return tuple(AccountTerms(row.customer_id, row.revision, row.credit_limit, row.grace_days) for row in rows)

    def kept_before(self, customer_id: CustomerId, transfer_id: str) -> KeptTerms:
        """A customer's terms of before a merge."""
        terms = account_terms.c
        first = select(func.min(terms.revision)).where(
            terms.customer_id == customer_id, terms.transfer_id == transfer_id
        )
        row = self._connection.execute(
            select(account_terms)
            .where(terms.customer_id == customer_id, terms.revision < first.scalar_subquery())
            .order_by(terms.revision.desc())
            .limit(1)
        ).one_or_none()
        return _kept(customer_id, row)

    def put(
        self,
        terms: AccountTerms,
        staff_id: str | None,
        at: datetime,
        *,
        there: bool = True,
        transfer_id: str | None = None,
    ) -> None:
        """Keep other terms beside the ones before; not ``there`` says that there are none any more."""
        self._connection.execute(
            insert(account_terms).values(
                customer_id=terms.customer_id,
                revision=terms.revision,
                credit_limit=terms.credit_limit,
                grace_days=terms.grace_days,
                staff_id=staff_id,
                at=stamp(at),
                there=there,
                transfer_id=transfer_id,
            )
        )


def _kept(customer_id: CustomerId, row: Any) -> KeptTerms:
    if row is None:
        return KeptTerms(AccountTerms(customer_id, 0, 0, 0), there=False, transfer_id=None)
    return KeptTerms(
        AccountTerms(customer_id, row.revision, row.credit_limit, row.grace_days), row.there, row.transfer_id
    )
