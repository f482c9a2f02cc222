"""How the customers service is put together: its routes and whom it follows."""

from functools import partial
from pathlib import Path

from contracts.checkout.completed import SaleCompleted
from contracts.customers import AddDetails, CreateCustomer, UpdateCustomer
from contracts.customers.asking import (
    GetCustomer,
    GetCustomerFacts,
    GetCustomerHistory,
    GetFactsByCode,
    SearchCustomers,
    SplitName,
)
from contracts.customers.fields import CheckCustomValues, GetPrintedFields, ListCustomFields, PutCustomField
from contracts.customers.groups import DeleteGroup, ListGroups, PutGroup
from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.customers import import_routes, ledger_routes, nobodys, privacy_routes
from services.customers.access_notes import AccessNotes
from services.customers.emptying import Emptying
from services.customers.expiry import let_run_out
from services.customers.forgetting import forget_in_time
from services.customers.handlers import custom_fields, erasing, finding, groups, history, records, sessions
from services.customers.settings import CustomersSettings
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.service import Follow, Service, command, query


def customers(settings: CustomersSettings) -> Service[CustomersTx, CustomersView]:
    """Put the customers service together; nothing runs from here."""
    notes, emptying = AccessNotes(), Emptying()
    return Service(
        name="customers",
        migrations=Path(__file__).parent / "migrations",
        transaction=lambda scope, around, request: CustomersTx(
            scope, around, request, settings, notes.add, emptying.wake
        ),
        view=lambda around, request: CustomersView(around, request, settings, notes.add),
        routes=(
            command(CreateCustomer, records.create_customer, rebuild=records.customer_again),
            command(UpdateCustomer, records.update_customer, rebuild=records.customer_again),
            command(AddDetails, records.add_details, rebuild=records.customer_again),
            command(PutGroup, groups.put_group),
            query(ListGroups, groups.list_groups),
            query(GetCustomer, records.get_customer),
            query(GetCustomerFacts, records.get_customer_facts),
            query(GetFactsByCode, records.get_facts_by_code),
            query(SearchCustomers, finding.search_customers),
            query(SplitName, finding.split),
            command(DeleteGroup, groups.delete_group, prepare=groups.prepare_delete_group),
            command(PutCustomField, custom_fields.put),
            query(ListCustomFields, custom_fields.list_custom_fields),
            query(CheckCustomValues, custom_fields.check_custom_values),
            query(GetPrintedFields, custom_fields.get_printed_fields),
            query(GetCustomerHistory, history.get_customer_history),
            *ledger_routes.ROUTES,
            *import_routes.ROUTES,
            *privacy_routes.ROUTES,
        ),
        follows=(
            Follow(
                "checkout",
                "history",
                "projection",
                on={SaleCompleted: history.on_sale_completed},
                wipe=history.wipe_history,
            ),
            privacy_routes.FOLLOWS_SALES,
            Follow(
                "staff",
                "sessions",
                "reaction",
                on={SessionStarted: sessions.on_session_started, SessionEnded: sessions.on_session_ended},
            ),
        ),
        snapshot=records.snapshot,
        workers=(
            partial(let_run_out, every_s=settings.expire_every_s),
            partial(forget_in_time, settings=settings),
            notes.write,
            emptying.go_on,
            nobodys.report,
        ),
        shown=erasing.shown,
        start=erasing.replay,
    )
