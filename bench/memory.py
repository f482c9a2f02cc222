"""``memory``: what an idle hub takes, as proportional set size, so that shared pages count once."""

import asyncio
from typing import Any

from bench.hub_process import hub_process, own_folder
from bench.measure import descendants, process_name, pss_mb

SETTLE_S = 3.0


async def memory() -> dict[str, Any]:
    """The sum over all processes of an idle hub, and each."""
    async with own_folder() as folder, hub_process(folder) as hub:
        await asyncio.sleep(SETTLE_S)
        processes: dict[str, float] = {}
        for pid in descendants(hub.pid):
            name = process_name(pid)
            processes[name] = round(processes.get(name, 0.0) + pss_mb(pid), 1)
    return {"pss_mb": round(sum(processes.values()), 1), **processes}
