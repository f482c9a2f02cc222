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
from services.customers.handlers import finding, history, records, sessions
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
            command(CreateCustomer, records.create_customer, rebuild=records.customer_again),
            command(UpdateCustomer, records.update_customer, rebuild=records.customer_again),
            query(GetCustomer, records.get_customer),
            query(GetCustomerFacts, records.get_customer_facts),
            query(SearchCustomers, finding.search_customers),
            query(GetCustomerHistory, history.get_customer_history),
        ),
        follows=(
            Follow(
                "checkout",
                "history",
                "projection",
                on={SaleCompleted: history.on_sale_completed},
                wipe=history.wipe_history,
            ),
            Follow(
                "staff",
                "sessions",
                "reaction",
                on={SessionStarted: sessions.on_session_started, SessionEnded: sessions.on_session_ended},
            ),
        ),
        snapshot=records.snapshot,
    )
