"""``complete_sale``: completing a sale of five lines with its customer, one register, against what the machine can do.

The limit is two raw round trips and one durable commit, measured before and after in the same run.
"""

import time
from typing import Any

from bench.commit import commits
from bench.measure import figures_ms, percentile_ms
from bench.round_trip import round_trips
from bench.shop import shop_at_work, warm_up

SALES = 300
WARM_UP = 30
RAW = 300


async def complete_sale() -> dict[str, Any]:
    """The times of the complete request alone, and their ratio to the limit."""
    raw, durable = await round_trips(RAW), commits(RAW)
    times, receipts = [], set()
    async with shop_at_work(1) as shop:
        await warm_up(shop, WARM_UP)
        register = shop.registers[0]
        for _ in range(SALES):
            sale_id = await register.open_until_paid()
            began = time.perf_counter()
            receipts.add(await register.complete(sale_id))
            times.append(time.perf_counter() - began)
    if len(receipts) != SALES:
        raise RuntimeError(f"{SALES} sales made {len(receipts)} receipt numbers")
    raw += await round_trips(RAW)
    durable += commits(RAW)
    limit = round(2 * percentile_ms(raw, 50) + percentile_ms(durable, 50), 3)
    told = figures_ms(times)
    return {
        **told,
        "n": SALES,
        "limit_p50_ms": limit,
        "ratio_p50": round(told["p50_ms"] / limit, 2),
        "ratio_p99": round(told["p99_ms"] / limit, 2),
    }
