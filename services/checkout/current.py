"""What checkout's process keeps in mind: the catalogue, policy's settings, changes heard, who is signed on."""

import asyncio

from contracts.customers import CustomerFacts
from contracts.ids import CustomerId, RegisterId
from services.checkout.settings import CheckoutSettings
from services.checkout.store.catalogue import Remembered
from services.checkout.store.signed_on import SignedOn


class HeardChanges:
    """The newest changes of customers that were heard, by which an answer asked for before them is known to be stale.

    A change counts as soon as its event is applied, committed or not: the customers service has
    committed it. Only changes heard since the asking count, so that a customers service that was
    restored to lower revisions is believed. The oldest changes are forgotten; an answer is never that late.
    """

    MOST = 4096
    _GONE = 2**63
    """Stands for the revision of a record that is no more, above all that anybody was told."""

    def __init__(self) -> None:
        self.count = 0
        self._newest: dict[CustomerId, tuple[int, int]] = {}

    def hear(self, facts: CustomerFacts) -> None:
        """Remember a change."""
        self._remember(facts.customer_id, facts.revision)

    def hear_end(self, customer_id: CustomerId) -> None:
        """Remember that a record is no more: merged into another one, or erased."""
        self._remember(customer_id, self._GONE)

    def _remember(self, customer_id: CustomerId, revision: int) -> None:
        self.count += 1
        self._newest.pop(customer_id, None)
        self._newest[customer_id] = self.count, revision
        if len(self._newest) > self.MOST:
            del self._newest[next(iter(self._newest))]

    def outdate(self, facts: CustomerFacts, asked_at: int) -> bool:
        """Whether something newer was heard of the customer since there had been ``asked_at`` changes."""
        heard_at, revision = self._newest.get(facts.customer_id, (0, 0))
        return heard_at > asked_at and revision > facts.revision


class Current:
    """What this process keeps in mind between transactions; all of it is committed, here or where it was heard."""

    def __init__(self, settings: CheckoutSettings) -> None:
        self.settings = settings
        self.catalogue = Remembered()
        self.known_policy = settings.first_known_policy
        self.settings_heard = 0
        """How often policy told that other settings are in force."""
        self.store_data_version = 0
        self.heard_changes = HeardChanges()
        self.deleted = asyncio.Event()
        """Something of an erased customer was deleted."""
        self.signed_on: dict[RegisterId, SignedOn] = {}
        """The newest session of every register."""
