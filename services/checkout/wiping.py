"""What was deleted of erased customers leaves no bytes in checkout's files: a large database is rebuilt at night.

Until then it is not read by anybody, but a copy of the disk would show it.
"""

import asyncio
from contextlib import suppress

from services.checkout.current import Current
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.wiping import may_rebuild, wipe
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault

LOOK_EVERY_S = 60.0


async def wipe_in_time(context: Context[CheckoutTx, CheckoutView], current: Current) -> None:
    """Look at the start, after each erasure and now and then, for ever."""
    while True:
        current.deleted.clear()
        try:
            await _look(context, current)
        except (DatabaseFault, OSError) as fault:
            context.log.warning("not-wiped-yet", fault=type(fault).__name__)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await current.deleted.wait()


async def _look(context: Context[CheckoutTx, CheckoutView], current: Current) -> None:
    since = await context.view().unwiped_since()
    file = context.data / "checkout.sqlite3"
    if since is None or not may_rebuild(file, context.clock.now().astimezone(current.settings.zone).time()):
        return
    if await asyncio.to_thread(wipe, file):
        await context.write(lambda tx: tx.unwiped.wiped(since))
