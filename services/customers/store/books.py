"""All ledgers together, with whose they are."""

from sqlalchemy import Connection

from contracts.customers import CustomerNotFound, PlaceholderHoldsNothing
from contracts.customers.balances import Ledger
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from services.customers.store.accounts import AccountStore
from services.customers.store.aliases import family, resolve
from services.customers.store.balances import balances_of
from services.customers.store.customers import CustomerStore
from services.customers.store.ledgers import LedgerStore
from services.customers.store.loyalty import LoyaltyStore
from services.customers.store.owners import OwnerStore
from services.customers.store.reservations import ReservationStore
from services.customers.store.vouchers import VoucherStore


class Books:
    """What is booked, on which terms, and for whom."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.ledgers = LedgerStore(connection)
        self.owners = OwnerStore(connection)
        self.reservations = ReservationStore(connection)
        self.accounts = AccountStore(connection)
        self.loyalty = LoyaltyStore(connection)
        self.vouchers = VoucherStore(connection)

    def meant_by(self, customer_id: str) -> CustomerId:
        """The customer whom an id stands for; one who was erased keeps what was booked."""
        return CustomerId(resolve(self._connection, customer_id))

    def merged_into(self, customer_id: str) -> tuple[str, ...]:
        """A customer's id and all ids that stand for it."""
        return family(self._connection, customer_id)

    def astray(self, ledger: Ledger, holder_id: str) -> tuple[str, ...]:
        """Whose parts somebody holds who does not stand for them any more."""
        return tuple(each for each in self.owners.parts(ledger, holder_id) if self.meant_by(each) != holder_id)

    def known_customer(self, customer_id: CustomerId) -> CustomerId:
        """The customer whom an id stands for, who is on file.

        Rejections:
            CustomerNotFound: nobody is.
        """
        meant = self.meant_by(customer_id)
        if not CustomerStore(self._connection).exists(meant):
            raise CustomerNotFound(customer_id=customer_id)
        return meant

    def prove_somebody(self, customer_id: CustomerId) -> None:
        """Let nobody have or owe anything.

        Rejections:
            PlaceholderHoldsNothing: the customer is a placeholder.
        """
        if self.is_nobody(customer_id):
            raise PlaceholderHoldsNothing(field="customer_id", customer_id=customer_id)

    def is_nobody(self, customer_id: CustomerId) -> bool:
        """Whether a customer is a placeholder."""
        customer = CustomerStore(self._connection).find(customer_id)
        return customer is not None and customer.placeholder

    def balances(self, customer_id: CustomerId) -> Balances:
        """What a customer has and owes."""
        return balances_of(self._connection, [customer_id])[customer_id]
