"""What was deleted of erased customers leaves no bytes in checkout's files: a large database is rebuilt at night.

By day, too, where that waited for half a day, or since before the start: a box may be off every night. Until then
it is not read by anybody, but a copy of the disk would show it.
"""

import asyncio
from contextlib import suppress

from services.checkout.current import Current
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.clock import stamp
from services.runtime.wiping import WAITS_FOR_NIGHT, may_rebuild, wipe
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault

LOOK_EVERY_S = 60.0


async def wipe_in_time(context: Context[CheckoutTx, CheckoutView], current: Current) -> None:
    """Look at the start, after each erasure and now and then, for ever."""
    started = stamp(context.clock.now())
    while True:
        current.deleted.clear()
        try:
            await _look(context, current, started)
        except (DatabaseFault, OSError) as fault:
            context.log.warning("not-wiped-yet", fault=type(fault).__name__)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await current.deleted.wait()


async def _look(context: Context[CheckoutTx, CheckoutView], current: Current, started: str) -> None:
    since = await context.view().unwiped_since()
    if since is None:
        return
    file, now = context.data / "checkout.sqlite3", context.clock.now()
    waited = since < started or since < stamp(now - WAITS_FOR_NIGHT)
    if not may_rebuild(file.stat().st_size, now.astimezone(current.settings.zone).time(), waited=waited):
        return
    if await asyncio.to_thread(wipe, file):
        await context.write(lambda tx: tx.unwiped.wiped(since))
