"""Customers are found as somebody types."""

from contracts.customers import CustomerHits, SearchCustomers
from services.customers.store.search import CustomerSearch
from services.customers.transactions import CustomersView


async def search_customers(query: SearchCustomers, view: CustomersView) -> CustomerHits:
    """Find customers by what somebody typed so far."""
    return CustomerHits(
        await view.read(lambda connection: CustomerSearch(connection, view.rules.country).find(query.text, query.limit))
    )
