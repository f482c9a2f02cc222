"""Placeholders of before they had to hold nothing: what one still holds is told at every start, until it is put right.

A person does that: whose email, card or credit it is nobody here knows. Never here: what a placeholder may not hold.
"""

from contracts.ids import CustomerId
from services.customers.model.privacy import open_balances
from services.customers.model.records import held_by_nobody
from services.customers.store.customers import CustomerStore
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault


async def report(context: Context[CustomersTx, CustomersView]) -> None:
    """Log each placeholder that holds something, with the names of what; once."""
    try:
        holding = await context.view().read(lambda connection: _holding(CustomerStore(connection)))
    except DatabaseFault as fault:
        context.log.warning("placeholders-not-looked-at", fault=str(fault))
        return
    for customer_id, names in holding:
        context.log.warning("placeholder-holds", customer_id=customer_id, holds=", ".join(names))


def _holding(store: CustomerStore) -> list[tuple[CustomerId, list[str]]]:
    found = []
    for customer_id in store.placeholders():
        nobody = store.profile(customer_id)
        balances = {} if nobody.balances is None else open_balances(nobody.balances)
        found.append((customer_id, [*held_by_nobody(nobody), *balances]))
    return [(customer_id, names) for customer_id, names in found if names]
