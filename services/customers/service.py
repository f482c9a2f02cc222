"""How the customers service is put together: its routes and whom it follows."""

from pathlib import Path

from contracts.checkout import SaleCompleted
from contracts.customers import (
    CreateCustomer,
    GetCustomer,
    GetCustomerFacts,
    GetCustomerHistory,
    SearchCustomers,
    UpdateCustomer,
)
from contracts.staff import SessionEnded, SessionStarted
from services.customers import handlers
from services.customers.settings import CustomersSettings
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.service import Follow, Service, command, query


def customers(settings: CustomersSettings) -> Service[CustomersTx, CustomersView]:
    """Put the customers service together; nothing runs from here."""
    return Service(
        name="customers",
        migrations=Path(__file__).parent / "migrations",
        transaction=lambda scope, around, request: CustomersTx(scope, around, request, settings),
        view=lambda around, request: CustomersView(around, request, settings),
        routes=(
            command(CreateCustomer, handlers.create_customer, rebuild=handlers.customer_again),
            command(UpdateCustomer, handlers.update_customer, rebuild=handlers.customer_again),
            query(GetCustomer, handlers.get_customer),
            query(GetCustomerFacts, handlers.get_customer_facts),
            query(SearchCustomers, handlers.search_customers),
            query(GetCustomerHistory, handlers.get_customer_history),
        ),
        follows=(
            Follow(
                "checkout",
                "history",
                "projection",
                on={SaleCompleted: handlers.on_sale_completed},
                wipe=handlers.wipe_history,
            ),
            Follow(
                "staff",
                "sessions",
                "reaction",
                on={SessionStarted: handlers.on_session_started, SessionEnded: handlers.on_session_ended},
            ),
        ),
        snapshot=handlers.snapshot,
    )
