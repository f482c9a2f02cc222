"""``customers``: found, shown, moved in and out, merged, erased; their books audited."""

from services.hub.commands.customers.accounts import account_customers
from services.hub.commands.customers.books import audit_customers, statement_customers
from services.hub.commands.customers.finding import find_customers, show_customers
from services.hub.commands.customers.forgetting import erase_customers
from services.hub.commands.customers.merging import merge_customers
from services.hub.commands.customers.moving_in import import_customers
from services.hub.commands.customers.moving_out import export_customers

__all__ = [
    "account_customers",
    "audit_customers",
    "erase_customers",
    "export_customers",
    "find_customers",
    "import_customers",
    "merge_customers",
    "show_customers",
    "statement_customers",
]
