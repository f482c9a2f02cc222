"""``cold_start``: from ``up`` to every service online, with the set-up done before."""

from typing import Any

from bench.hub_process import hub_process, own_folder
from bench.measure import percentile_ms

STARTS = 5


async def cold_start() -> dict[str, Any]:
    """The times of five starts on a folder that was set up by one before."""
    times = []
    async with own_folder() as folder:
        async with hub_process(folder):
            pass
        for _ in range(STARTS):
            async with hub_process(folder) as hub:
                times.append(hub.ready_s)
    return {"p50_ms": percentile_ms(times, 50), "max_ms": percentile_ms(times, 100), "n": STARTS}
