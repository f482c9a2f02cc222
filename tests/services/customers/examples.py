"""Customers to try the service on, one of them marked so that a leak of her details shows."""

from contracts.customers import CreateCustomer, Customer
from contracts.ids import CustomerId
from services.customers.model.records import Rules, new_customer

FINLAND = Rules(country="FI")


def customer_id(number: int) -> CustomerId:
    return CustomerId(f"0190a000-0000-7000-8000-{number:012d}")


MATTI = CreateCustomer(
    customer_id=customer_id(1),
    first_name="Matti",
    last_name="Mäkinen",
    emails=("matti@example.com",),
    phones=("040 123 4567",),
    codes=("MM-1",),
    language="fi",
)
MARKED = CreateCustomer(
    customer_id=customer_id(2),
    first_name="Quetzalcoatlina",
    last_name="Zyxwvut",
    company="Markerbirdco",
    emails=("markedperson@markedhost.example.com",),
    phones=("+49 30 901820",),
    codes=("MARKEDCODE-77",),
)
MARKS = ("quetzal", "zyxw", "markerbird", "markedperson", "markedhost", "901820", "markedcode")
"""What would show in lower case, in whatever form her details got somewhere."""


def record(command: CreateCustomer) -> Customer:
    return new_customer(command, FINLAND)
