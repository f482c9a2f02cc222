"""Customers' profiles as whoever asks may see them, and what their receipts show of them."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from contracts.customers import Customer
from contracts.customers.fields import PrintedCustomerField
from contracts.ids import CustomerId
from services.customers.model.custom_fields import printed
from services.customers.model.masking import at_till, masked
from services.customers.store.custom_fields import CustomFieldStore
from services.customers.store.customers import CustomerStore


def shown(
    connection: Connection, customer_id: CustomerId, *, details: bool, at_register: Callable[[], bool]
) -> Customer:
    """A customer's profile, whole for whoever may see details.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    profile = CustomerStore(connection).profile(customer_id)
    return seen(connection, (profile,), details=details, at_register=at_register)[0]


def seen(
    connection: Connection, customers: Sequence[Customer], *, details: bool, at_register: Callable[[], bool]
) -> Sequence[Customer]:
    """Customers as they are shown: covered, or whole; at a register without the custom fields that are not for it.

    Args:
        connection: To the custom fields.
        customers: As they are on file.
        details: Whether whoever asks may see details.
        at_register: Tells whether they ask at a register; asked only where it matters.
    """
    if details and not (any(each.custom for each in customers) and at_register()):
        return customers
    fields = CustomFieldStore(connection).of("customer")
    return [at_till(each, fields) if details else masked(each, fields) for each in customers]


def printed_of(connection: Connection, customer_id: CustomerId) -> tuple[PrintedCustomerField, ...]:
    """What a customer's receipts show of the shop's own fields; nothing of who is not on file."""
    fields = CustomFieldStore(connection).of("customer").values()
    # Most shops print none: then nobody need be looked for.
    customer = CustomerStore(connection).find(customer_id) if any(each.printed for each in fields) else None
    return () if customer is None else printed(customer.custom, fields)
