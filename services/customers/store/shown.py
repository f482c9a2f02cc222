"""A customer's profile as whoever asks may see it."""

from sqlalchemy import Connection

from contracts.customers import Customer
from contracts.ids import CustomerId
from services.customers.model.masking import masked
from services.customers.store.custom_fields import CustomFieldStore
from services.customers.store.customers import CustomerStore


def shown(connection: Connection, customer_id: CustomerId, *, details: bool) -> Customer:
    """A customer's profile, whole for whoever may see details.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    customer = CustomerStore(connection).profile(customer_id)
    return customer if details else masked(customer, CustomFieldStore(connection).of("customer"))
