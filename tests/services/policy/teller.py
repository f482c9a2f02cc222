"""A service that tells whatever events a test wants, from its own journal, as checkout or staff would."""

import asyncio
from pathlib import Path

from contracts.base import Event
from services.runtime.service import Route, Service
from services.runtime.transactions import Tx, View
from services.runtime.workers import Context
from tests.under_test import StoreUnderTest

MIGRATIONS = Path(__file__).parents[2] / "toy" / "leader_migrations"


class Teller:
    """Tells events under the name of a service that others follow, and answers what a test gives it answers for."""

    def __init__(self, name: str, routes: tuple[Route, ...] = ()) -> None:
        self._name = name
        self._routes = routes
        self._context: asyncio.Future[Context[Tx, View]] = asyncio.get_running_loop().create_future()

    async def start(self, store: StoreUnderTest) -> "Teller":
        """Start in a store."""
        await store.start(
            Service(
                name=self._name,
                migrations=MIGRATIONS,
                transaction=Tx,
                view=View,
                routes=self._routes,
                workers=(self._keep_context,),
            )
        )
        return self

    async def tell(self, *events: Event) -> None:
        """Put events into the journal, each in a transaction of its own."""
        context = await self._context
        for event in events:
            await context.write(lambda tx, event=event: tx.record(event))  # type: ignore[misc] # binds the loop's event

    async def _keep_context(self, context: Context[Tx, View]) -> None:
        self._context.set_result(context)
