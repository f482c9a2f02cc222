"""What the customers' handlers are given: a transaction or a view with the customers' stores."""

from services.customers.settings import CustomersSettings
from services.customers.store.customers import CustomerStore
from services.customers.store.history import HistoryStore
from services.runtime.transactions import Request, Surroundings, Tx, View
from services.runtime.writer import Scope


class CustomersTx(Tx):
    """A transaction with the customers' stores and the store's rules."""

    def __init__(self, scope: Scope, around: Surroundings, request: Request, settings: CustomersSettings) -> None:
        super().__init__(scope, around, request)
        self.customers = CustomerStore(self.connection)
        self.history = HistoryStore(self.connection)
        self.rules = settings.rules


class CustomersView(View):
    """Reads customers as the store's rules have them."""

    def __init__(self, around: Surroundings, request: Request, settings: CustomersSettings) -> None:
        super().__init__(around, request)
        self.rules = settings.rules
