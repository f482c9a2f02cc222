"""What the customers' handlers are given: a transaction or a view with the customers' stores."""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from contracts.base import ApprovalInvalid, ApprovalNeeded, PermissionDenied
from contracts.customers import Customer
from contracts.customers.privacy.noting import AccessKind, AccessNote
from contracts.ids import CustomerId, StaffId
from services.customers.erased_file import ErasedFile
from services.customers.settings import CustomersSettings
from services.customers.store.access import AccessStore
from services.customers.store.books import Books
from services.customers.store.buyers import BuyerStore
from services.customers.store.consent import ConsentStore
from services.customers.store.custom_fields import CustomFieldStore
from services.customers.store.customers import CustomerStore
from services.customers.store.duplicates import Duplicates
from services.customers.store.erasures import ErasureStore
from services.customers.store.groups import GroupStore
from services.customers.store.history import HistoryStore
from services.customers.store.merging import MergeStore
from services.customers.store.shown import shown
from services.customers.voucher_codes import VoucherCodes
from services.runtime.clock import stamp
from services.runtime.known_clients import registers
from services.runtime.transactions import Request, Surroundings, Tx, View
from services.runtime.writer import Scope

DETAILS = "customer.details"
SEALED = "fiscal.read"


class CustomersTx(Tx):
    """A transaction with the customers' stores and the store's rules."""

    def __init__(  # noqa: PLR0913, PLR0917 - what every transaction has, and what of the service it tells
        self,
        scope: Scope,
        around: Surroundings,
        request: Request,
        settings: CustomersSettings,
        noted: Callable[[AccessNote], None],
        group_deleted: Callable[[], None],
    ) -> None:
        super().__init__(scope, around, request)
        self._noted = noted
        self.group_deleted = group_deleted
        self.customers = CustomerStore(self.connection)
        self.groups = GroupStore(self.connection)
        self.history = HistoryStore(self.connection)
        self.duplicates = Duplicates(self.connection)
        self.custom_fields = CustomFieldStore(self.connection)
        self.rules = settings.rules
        self.sees_details = sees_details(request)
        self.books = Books(self.connection)
        self.voucher_codes = VoucherCodes(around.data)
        self.shop_days = settings.shop_days
        self.currency = settings.currency
        self.merges = MergeStore(self.connection)
        self.erasures = ErasureStore(self.connection)
        self.buyers = BuyerStore(self.connection)
        self.access = AccessStore(self.connection)
        self.privacy = settings.privacy
        self.erased_file = ErasedFile(around.data)
        self._data = around.data

    @cached_property
    def digest_key(self) -> bytes:
        """The hub's key for what is kept as a hash; no database holds it."""
        return read_digest_key(self._data)

    @cached_property
    def consents(self) -> ConsentStore:
        """What was said about being written to."""
        return ConsentStore(self.connection, self.digest_key)

    @property
    def signed_on(self) -> StaffId | None:
        """Whoever is signed on."""
        return None if self.claims is None else StaffId(self.claims.subject)

    def accessed(self, kind: AccessKind, customer_id: CustomerId | None, records: int = 1) -> None:
        """Note who saw details, or took them away."""
        self.access.add([AccessNote(kind, stamp(self.now), self.signed_on, self.caller, customer_id, records)])

    @property
    def today(self) -> str:
        """Today on the shop's wall."""
        return self.shop_days.day_of(self.now)

    def at_register(self) -> bool:
        """Whether a register asks."""
        return self.caller in registers(self._around.data)

    def note(self, kind: str, customer_id: str, **what: Any) -> None:
        """Note in a customer's history what befell them, now and by whoever is signed on (``HistoryStore.note``)."""
        staff_id = None if self.claims is None else self.claims.subject
        self.history.note(kind, customer_id, self.now, note_id=self.ids.new(), **{"staff_id": staff_id, **what})

    def shown(self, customer_id: CustomerId) -> Customer:
        """A customer's profile as whoever asks may see it.

        Rejections:
            CustomerNotFound: there is no such customer.
        """
        return shown(self.connection, customer_id, details=self.sees_details, at_register=self.at_register)

    def looked_at(self, customer_id: CustomerId) -> Customer:
        """A customer's profile for somebody who changed nothing: that they saw details is noted, refused or not.

        Rejections:
            CustomerNotFound: there is no such customer.
        """
        customer = self.shown(customer_id)
        if not customer.masked:
            self._noted(AccessNote("viewed", stamp(self.now), self.signed_on, self.caller, customer.customer_id, 1))
        return customer


class CustomersView(View):
    """Reads customers as the store's rules have them."""

    def __init__(
        self,
        around: Surroundings,
        request: Request,
        settings: CustomersSettings,
        noted: Callable[[AccessNote], None],
    ) -> None:
        super().__init__(around, request)
        self.rules = settings.rules
        self.sees_details = sees_details(request)
        self.reads_sealed = _may(request, SEALED)
        self.voucher_codes = VoucherCodes(around.data)
        self.today = settings.shop_days.day_of(self.now)
        self.language, self.currency, self.zone = settings.spoken, settings.currency, settings.shop_days.zone
        self.wall_clock = self.now.astimezone(settings.shop_days.zone).time()
        self.privacy = settings.privacy
        self._noted = noted

    @property
    def digest_key(self) -> bytes:
        """The hub's key for what is kept as a hash; no database holds it."""
        return read_digest_key(self._data)

    def at_register(self) -> bool:
        """Whether a register asks."""
        return self.caller in self.registers()

    def accessed(self, kind: AccessKind, customer_id: CustomerId | None, records: int = 1) -> None:
        """Note who saw details, or took them away; it is written a moment later."""
        staff_id = None if self.claims is None else StaffId(self.claims.subject)
        self._noted(AccessNote(kind, stamp(self.now), staff_id, self.caller, customer_id, records))


def sees_details(request: Request) -> bool:
    """Whether whoever asks may see more of a customer than names, alone or as approved."""
    return _may(request, DETAILS)


def _may(request: Request, permission: str) -> bool:
    if request.claims is None:
        return False
    with suppress(PermissionDenied, ApprovalNeeded, ApprovalInvalid):
        request.claims.prove_may(permission, request.approval)
        return True
    return False


def read_digest_key(data: Path) -> bytes:
    """The hub's key, from the folder of its secrets."""
    return (data / "secrets" / "digest.key").read_bytes()
