"""The worker that locks registers which nobody has used for a while."""

import asyncio

from services.runtime.database import is_database_fault
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault
from services.staff.handlers import signing_on
from services.staff.idle import LastUses
from services.staff.settings import StaffSettings
from services.staff.store.sessions import SessionStore
from services.staff.transactions import StaffTx, StaffView

StaffContext = Context[StaffTx, StaffView]
LOOKS_A_LOCK = 20
"""So often idle registers are looked for within the time after which one is locked."""


class IdleLock:
    """Looks for idle registers again and again, and locks them."""

    def __init__(self, settings: StaffSettings, uses: LastUses) -> None:
        self._idle_lock_s = settings.idle_lock_s
        self._uses = uses

    async def run(self, context: StaffContext) -> None:
        """Look for ever, or never where the store locks none."""
        while self._idle_lock_s:
            await self.look(context)
            await asyncio.sleep(self._idle_lock_s / LOOKS_A_LOCK)

    async def look(self, context: StaffContext) -> None:
        """Lock the registers that are idle by now; where the database is away, the next look does it."""
        try:
            alive = await context.view().read(lambda connection: SessionStore(connection).alive())
            idle = self._uses.idle(alive, context.clock.monotonic(), self._idle_lock_s)
            if idle:
                await context.write(lambda tx: signing_on.lock_idle(idle, tx))
        except Exception as error:
            if not isinstance(error, DatabaseFault) and not is_database_fault(error):
                raise
            context.log.warning("idle-not-looked-for", fault=type(error).__name__)
