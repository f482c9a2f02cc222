"""``scan_to_line``: from the last byte that a scanner sends to the line on its register's screen, all registers busy.

Sixteen serial scanners (pseudo-terminals) are read by devices as real ones are; what a screen hears is the
register's private state. Whoever plays scanners and screens is part of what is measured.
"""

import asyncio
import json
import os
import pty
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec

from bench.measure import figures_ms
from bench.shop import Register, Shop, shop_at_work
from contracts.checkout import RegisterSale
from contracts.checkout.selling import OpenSale, VoidSale
from contracts.ids import SaleId
from services.hub import logins
from services.hub.client import Client, connected

REGISTERS = 16
SALES = 4
LINES = 15
WARM_UP_LINES = 15
PAUSE_S = 0.25
"""Between two scans of one register; no cashier is faster for long."""
WITHIN_S = 10.0
MOST_P99_MS = 50.0


class Scanner:
    """A scanner at one end of a pseudo-terminal; devices reads the other."""

    def __init__(self) -> None:
        self._scanner, self._port = pty.openpty()
        self.path = os.ttyname(self._port)

    def read(self, code: str) -> float:
        """Have it read a code; the moment of its last byte."""
        os.write(self._scanner, f"{code}\r".encode())
        return time.perf_counter()

    def close(self) -> None:
        """Unplug it."""
        for descriptor in (self._scanner, self._port):
            os.close(descriptor)


class Screens:
    """How many lines each register's screen shows."""

    def __init__(self, client: Client, root: str) -> None:
        self._client = client
        self._root = root
        self._awaited: dict[tuple[str, int], asyncio.Future[float]] = {}

    async def hear(self) -> None:
        """Take what the screens are told, for ever."""
        async for message in self._client.watch():
            if not message.payload:
                continue
            now = time.perf_counter()
            sale = msgspec.json.decode(message.payload, type=RegisterSale).sale
            if sale is not None:
                awaited = self._awaited.pop((sale.sale_id, len(sale.lines)), None)
                if awaited is not None:
                    awaited.set_result(now)

    async def until_lines(self, sale_id: str, count: int) -> float:
        """The moment at which a screen shows so many lines of a sale."""
        awaited: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._awaited[sale_id, count] = awaited
        async with asyncio.timeout(WITHIN_S):
            return await awaited


async def scan_to_line() -> dict[str, Any]:
    """The times of all scans of all registers."""
    async with AsyncExitStack() as stack:
        scanners = [Scanner() for _ in range(REGISTERS)]
        for scanner in scanners:
            stack.callback(scanner.close)
        settings = [
            {"device": f"scanner-{number}", "register": f"till-{number}", "tty": scanner.path}
            for number, scanner in enumerate(scanners, start=1)
        ]
        variables = {"TILLWIRE_DEVICES_SCANNERS": json.dumps(settings)}
        shop = await stack.enter_async_context(shop_at_work(REGISTERS, variables))
        screens = await stack.enter_async_context(_screens(shop))
        pairs = list(zip(shop.registers, scanners, strict=True))
        await asyncio.gather(*(_sell(register, scanner, screens, WARM_UP_LINES) for register, scanner in pairs))
        times: list[float] = []
        for _ in range(SALES):
            made = await asyncio.gather(*(_sell(register, scanner, screens, LINES) for register, scanner in pairs))
            times += [each for one in made for each in one]
    return {**figures_ms(times), "n": len(times), "registers": REGISTERS, "most_p99_ms": MOST_P99_MS}


async def _sell(register: Register, scanner: Scanner, screens: Screens, lines: int) -> list[float]:
    """Scan the lines of one sale, each when the one before is on the screen and a moment later."""
    await asyncio.sleep(PAUSE_S * random.random())  # noqa: S311 - nobody scans in step with the others
    sale = await register.client.ask(OpenSale(SaleId(register.ids.new())), token=register.token)
    times = []
    for place in range(lines):
        await asyncio.sleep(PAUSE_S)
        began = scanner.read(register.items[place % len(register.items)])
        times.append(await screens.until_lines(sale.sale_id, place + 1) - began)
    await register.client.ask(VoidSale(sale.sale_id, "test"), token=register.token)
    return times


@asynccontextmanager
async def _screens(shop: Shop) -> AsyncIterator[Screens]:
    hub = shop.hub
    own = hub.running.login(logins.own_credentials(hub.data, "hub"))
    watching = (f"{hub.topics.root}/private/checkout/+/sale",)
    async with connected(own, hub.topics, watching=watching, asks=False) as client:
        screens = Screens(client, hub.topics.root)
        hearing = asyncio.create_task(screens.hear(), name="hear the screens")
        try:
            yield screens
        finally:
            hearing.cancel()
