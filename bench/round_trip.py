"""``round_trip``: a raw QoS 1 request and its reply through the hub's broker, nothing else done."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.echo import SERVICE
from bench.measure import figures_ms
from contracts.topics import Topics
from services.hub import logins
from services.hub.broker import Broker, choose_port
from services.hub.client import Client, connected
from services.runtime.bus import Login

STORE = "bench"
ECHOED = "get-sale"
"""A request that a register may publish; the echo does not look at it."""
WARM_UP = 100
ROUND_TRIPS = 1000


async def round_trip() -> dict[str, Any]:
    """The times of one request after another."""
    return figures_ms(await round_trips(ROUND_TRIPS))


async def round_trips(count: int) -> list[float]:
    """The times in seconds of so many requests, each sent when the one before was answered."""
    async with echoed() as client:
        await echoes(client, WARM_UP)
        return await echoes(client, count)


async def echoes(client: Client, count: int) -> list[float]:
    """The times in seconds of so many requests of a register that is echoed."""
    times = []
    for number in range(count):
        began = time.perf_counter()
        await client.ask_raw(SERVICE, ECHOED, b'{"n":%d}' % number, message_id=None)
        times.append(time.perf_counter() - began)
    return times


@asynccontextmanager
async def echoed() -> AsyncIterator[Client]:
    """A register on a broker of its own, on which one process echoes."""
    with tempfile.TemporaryDirectory(prefix="tillwire-bench-") as folder:
        data, topics, port = Path(folder), Topics(STORE), choose_port(0).port
        logins.ensure_logins(data)
        register = logins.make_login(data, "till-1", "register")
        broker = Broker(data, topics, port)
        await broker.start()
        echo = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.echo", folder, str(port), STORE, stdout=asyncio.subprocess.PIPE
        )
        try:
            if echo.stdout is None or not await echo.stdout.readline():
                raise RuntimeError("the echo did not start")
            login = Login("127.0.0.1", port, register.username, register.password, register.client_id)
            async with connected(login, topics) as client:
                yield client
        finally:
            echo.kill()
            await echo.wait()
            await broker.stop()
