"""What customers have and owe, as their ledgers add up to, for the profile."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, tuple_

from contracts.customers.profile import Balances
from services.customers.store.ledger_tables import account_terms, ledger_balance


def balances_of(connection: Connection, customer_ids: Sequence[str]) -> dict[str, Balances]:
    """The balances of those customers; who has none owes nothing and buys nothing on account."""
    kept = ledger_balance.c
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(
        select(kept.holder_id, kept.ledger, kept.balance).where(
            tuple_(kept.ledger, kept.holder_id).in_(
                [(ledger, each) for ledger in ("store_credit", "account", "loyalty") for each in customer_ids]
            )
        )
    ):
        found.setdefault(row.holder_id, {})[row.ledger] = row.balance
    limits = _limits(connection, customer_ids)
    return {
        each: Balances(
            store_credit=found.get(each, {}).get("store_credit", 0),
            account_owed=found.get(each, {}).get("account", 0),
            account_limit=limits.get(each, 0),
            loyalty_points=found.get(each, {}).get("loyalty", 0),
        )
        for each in customer_ids
    }


def _limits(connection: Connection, customer_ids: Sequence[str]) -> dict[str, int | None]:
    terms = account_terms.c
    newest = (
        select(terms.customer_id, func.max(terms.revision))
        .where(terms.customer_id.in_(customer_ids))
        .group_by(terms.customer_id)
    )
    rows = connection.execute(
        select(terms.customer_id, terms.credit_limit).where(tuple_(terms.customer_id, terms.revision).in_(newest))
    )
    return {row.customer_id: row.credit_limit for row in rows}
