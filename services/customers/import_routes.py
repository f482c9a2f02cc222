"""The routes of moving in and out: a part of ``service.py``'s table."""

from contracts.customers.importing import CheckImport, ImportCustomers, ListCustomers
from services.customers.handlers import importing
from services.runtime.service import Route, command, query

ROUTES: tuple[Route, ...] = (
    command(ImportCustomers, importing.import_customers),
    query(CheckImport, importing.check_import),
    query(ListCustomers, importing.list_customers),
)
