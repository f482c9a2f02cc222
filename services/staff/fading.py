"""The worker that lets old approvals fade."""

import asyncio

from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault
from services.staff.handlers import approvals
from services.staff.transactions import StaffTx, StaffView

EVERY_S = 3600.0


async def fade(context: Context[StaffTx, StaffView]) -> None:
    """Look for old approvals at the start and again and again; where the database is away, the next look does it."""
    while True:
        try:
            await context.write(approvals.fade)
        except DatabaseFault as fault:
            context.log.warning("approvals-not-faded", fault=str(fault))
        await asyncio.sleep(EVERY_S)
