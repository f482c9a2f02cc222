"""``sales_per_s``: whole journeys of ten requests from 16 registers at once, the load generator on the same machine."""

import asyncio
import os
import time
from typing import Any

from bench.measure import cpu_s, figures_ms
from bench.shop import Register, shop_at_work, warm_up
from services.runtime.requester import NoAnswer, Refused

REGISTERS = 16
JOURNEYS = 40
WARM_UP = 5


async def sales_per_s() -> dict[str, Any]:
    """Journeys a second, their times, errors, and the processor seconds of every process."""
    async with shop_at_work(REGISTERS) as shop:
        await warm_up(shop, WARM_UP)
        pids = {"generator": os.getpid(), **shop.hub.pids}
        before, began = cpu_s(pids), time.perf_counter()
        results = await asyncio.gather(*(_sell(register) for register in shop.registers))
        took_s, after = time.perf_counter() - began, cpu_s(pids)
    times = [each for sold, _ in results for each in sold]
    return {
        "per_s": round(len(times) / took_s, 1),
        **figures_ms(times),
        "errors": sum(errors for _, errors in results),
        "sales": len(times),
        "cpu_s": {name: round(after[name] - before[name], 2) for name in before},
        "cpu_ms_per_sale": round(1000 * (sum(after.values()) - sum(before.values())) / len(times), 2),
    }


async def _sell(register: Register) -> tuple[list[float], int]:
    times, errors = [], 0
    for _ in range(JOURNEYS):
        began = time.perf_counter()
        try:
            await register.complete(await register.open_until_paid())
        except (Refused, NoAnswer):
            errors += 1
        else:
            times.append(time.perf_counter() - began)
    return times, errors
