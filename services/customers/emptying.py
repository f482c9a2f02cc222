"""Deleted groups are emptied beside the bus, a few members at a time, so that no till waits for a large one.

What is left after a kill is gone on with at the start. Never here: what it means to leave a group.
"""

import asyncio

from services.customers.handlers.groups import empty_further
from services.customers.store.groups import GroupStore
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault

RETRY_S = 1.0


class Emptying:
    """Goes on whenever a group is deleted that has more members than are moved at once."""

    def __init__(self) -> None:
        self._some = asyncio.Event()
        self._some.set()

    def wake(self) -> None:
        """There is a group to be emptied."""
        self._some.set()

    async def go_on(self, context: Context[CustomersTx, CustomersView]) -> None:
        """Empty groups for ever, each piece in a transaction of its own."""
        while True:
            await self._some.wait()
            self._some.clear()
            try:
                if await context.view().read(lambda connection: GroupStore(connection).to_empty()) is not None:
                    await context.write(_empty)
                    self._some.set()
            except DatabaseFault as fault:
                context.log.warning("group-not-emptied", fault=str(fault))
                await asyncio.sleep(RETRY_S)
                self._some.set()


def _empty(tx: CustomersTx) -> None:
    """Go on with what is left; the group may have been made again a moment ago."""
    group = tx.groups.to_empty()
    if group is not None:
        empty_further(tx, group)
