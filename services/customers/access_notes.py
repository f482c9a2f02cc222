"""What queries note of who saw details: held for a moment, then written by a worker, so that nobody waits for it."""

import asyncio
from collections import deque

from contracts.customers.privacy.noting import AccessNote
from services.customers.searches_noted import SearchesNoted
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault

AT_ONCE = 200
RETRY_S = 1.0


class AccessNotes:
    """Notes on their way to the database. A kill loses those of the last moment, a full disk none."""

    def __init__(self) -> None:
        self._searches = SearchesNoted()
        self._waiting: deque[AccessNote] = deque()
        self._some = asyncio.Event()

    def add(self, note: AccessNote) -> None:
        """Take a note; of what searches show, only what makes one."""
        due = self._searches.noted(note) if note.kind in {"found", "searched"} else note
        if due is not None:
            self._waiting.append(due)
            self._some.set()

    async def write(self, context: Context[CustomersTx, CustomersView]) -> None:
        """Write notes down for ever."""
        while True:
            await self._some.wait()
            batch = [self._waiting[place] for place in range(min(AT_ONCE, len(self._waiting)))]
            try:
                await context.write(lambda tx, batch=batch: tx.access.add(batch))  # type: ignore[misc] # binds the batch
            except DatabaseFault as fault:
                context.log.warning("access-not-noted", fault=str(fault))
                await asyncio.sleep(RETRY_S)
                continue
            for _ in batch:
                self._waiting.popleft()
            if not self._waiting:
                self._some.clear()
