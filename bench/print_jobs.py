"""``print_jobs``: sixteen registers complete a sale at once, and each has its receipt from a printer of its own.

Measured from the register's answer to the cut of the paper, beside the raw limit: the same printers, given a
receipt's bytes by nothing but the socket. The printers are this program's own and print without any time.
"""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from typing import Any

from bench.measure import figures_ms
from bench.shop import Register, shop_at_work
from contracts.checkout.paying import CompleteSale
from contracts.ids import DeviceId
from services.devices.printers.attempts import Patience
from services.devices.printers.dialogue import Dialogue
from services.devices.printers.links import way_to
from services.devices.printers.settings import Reached
from services.hub.virtual_printer import VirtualPrinter

PRINTERS = 16
ROUNDS = 12
WARM_UP = 2
RECEIPT = b"\x1b@\x1bt\x13" + b"Something for sale                        12,34 A\n" * 24 + b"\x1bd\x06\x1dV\x00"


async def print_jobs() -> dict[str, Any]:
    """How long papers take, and how many come out in a second, when all printers print at once."""
    async with AsyncExitStack() as stack:
        printers = [await stack.enter_async_context(VirtualPrinter()) for _ in range(PRINTERS)]
        raw_s = [await _raw(printers) for _ in range(ROUNDS)][WARM_UP:]
        shop = await stack.enter_async_context(shop_at_work(PRINTERS, _settings(printers)))
        times: list[float] = []
        rounds_s: list[float] = []
        for number in range(WARM_UP + ROUNDS):
            began = time.perf_counter()
            done = await asyncio.gather(*map(_sold_and_printed, shop.registers, printers))
            if number >= WARM_UP:
                rounds_s.append(time.perf_counter() - began)
                times += done
    return {
        **figures_ms(times),
        "n": len(times),
        "printers": PRINTERS,
        "papers_per_s": round(len(times) / sum(rounds_s), 1),
        "raw_papers_per_s": round(PRINTERS * len(raw_s) / sum(raw_s), 1),
    }


def _settings(printers: list[VirtualPrinter]) -> dict[str, str]:
    told = [
        {"device": f"printer-{number}", "host": each.host, "port": each.port, "registers": [f"till-{number}"]}
        for number, each in enumerate(printers, 1)
    ]
    return {"TILLWIRE_DEVICES_PRINTERS": json.dumps(told)}


async def _sold_and_printed(register: Register, printer: VirtualPrinter) -> float:
    """Seconds from the answer to a completed sale until its paper is cut."""
    sale_id = await register.open_until_paid()
    await register.client.ask(CompleteSale(sale_id, receipt="print"), token=register.token)
    began = time.perf_counter()
    await printer.next_paper()
    return time.perf_counter() - began


async def _raw(printers: list[VirtualPrinter]) -> float:
    """Seconds until all printers have printed one receipt each, with nothing before the socket."""
    began = time.perf_counter()
    await asyncio.gather(*(_print(printer) for printer in printers))
    return time.perf_counter() - began


async def _print(printer: VirtualPrinter) -> None:
    where = Reached(device=DeviceId("printer"), host=printer.host, port=printer.port)
    await Dialogue(way_to(where, send_s=10), Patience()).print(RECEIPT, _at_once)
    await printer.next_paper()


async def _at_once() -> None:
    """Nothing is to be kept before the first byte."""
