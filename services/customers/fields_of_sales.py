"""What the shop's own fields hold of somebody's sales: checkout keeps it, and is asked when a copy for them is made.

Belongs here: asking. Never here: what a copy looks like; keeping anything of the answer.
"""

import asyncio
from collections.abc import Callable, Sequence

from contracts.base import Malformed
from contracts.checkout.custom import FieldsOfSales, ListFieldsOfSales
from contracts.ids import CustomerId
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.asking import Ask
from services.runtime.workers import Context


class AtCheckout:
    """Asks checkout on behalf of queries, which have nothing to ask others with."""

    def __init__(self) -> None:
        self._ask: Callable[[str], Ask] | None = None
        self._begun = asyncio.Event()

    async def begin(self, context: Context[CustomersTx, CustomersView]) -> None:
        """Be given what is asked with, as a worker of the service."""
        self._ask = context.ask
        self._begun.set()

    async def fields(self, message_id: str, customer_ids: Sequence[CustomerId], after: str | None) -> FieldsOfSales:
        """What the fields of these customers' sales hold, a part at a time; without it a copy would lack something.

        Rejections:
            Malformed: ``after`` is not from the part before.
            Unavailable: checkout does not answer.
        """
        while self._ask is None:
            await self._begun.wait()
        return await self._ask(message_id)(ListFieldsOfSales(tuple(customer_ids), after), expects=(Malformed,))
