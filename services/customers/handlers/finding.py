"""Customers are found as somebody types, and what nobody has is split for a new one's form."""

from contracts.customers.asking import CustomerHits, NameSplit, SearchCustomers, SplitName
from services.customers.model.naming import split_name
from services.customers.searches_noted import NAMED_AT_MOST
from services.customers.store.search import CustomerSearch
from services.customers.transactions import CustomersView


async def search_customers(query: SearchCustomers, view: CustomersView) -> CustomerHits:
    """Find customers by what somebody typed so far; who may not see details gets them covered.

    Who saw details is noted: of whom, where that were few, else of how many.
    """
    hits = await view.read(
        lambda connection: CustomerSearch(connection, view.rules.country).find(
            query.text, query.limit, details=view.sees_details, at_register=view.at_register
        )
    )
    if view.sees_details and hits:
        if len(hits) > NAMED_AT_MOST:
            view.accessed("searched", None, len(hits))
        else:
            for hit in hits:
                view.accessed("found", hit.customer.customer_id)
    return CustomerHits(hits)


def split(query: SplitName, view: CustomersView) -> NameSplit:
    """Split what somebody looked for in vain into the fields of a new customer's form.

    Rejections:
        Malformed: the text holds a control character.
    """
    return split_name(query.text, view.rules.country)
