"""Scanners on a whole hub: what one reads is a line on its register's screen, or told to it alone."""

import asyncio
import json
import os
import pty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from contracts.base import PrivateState
from contracts.checkout import RegisterSale
from contracts.devices import RegisterScan
from services.hub.client import Client, connected
from tests.hub.shop import BUTTER, WATER, Shop
from tests.hub_process import tillwire

S = TypeVar("S", bound=PrivateState)
WITHIN_S = 20.0

pytestmark = pytest.mark.asyncio(loop_scope="module")


class SerialScanner:
    """A scanner at one end of a pseudo-terminal; the hub reads the other."""

    def __init__(self) -> None:
        self._scanner, self._port = pty.openpty()
        self.path = os.ttyname(self._port)

    def read(self, code: str) -> None:
        """Have the scanner read a code."""
        os.write(self._scanner, f"{code}\r".encode())

    def close(self) -> None:
        for descriptor in (self._scanner, self._port):
            os.close(descriptor)


@pytest.fixture(scope="module")
def scanner() -> Iterator[SerialScanner]:
    scanner = SerialScanner()
    yield scanner
    scanner.close()


@pytest.fixture(scope="module")
def settings(scanner: SerialScanner) -> dict[str, str]:
    """Variables of the services: one scanner of till-1, and what a customer's card is."""
    scanners = [{"device": "front", "register": "till-1", "tty": scanner.path}]
    rules = [{"kind": "customer_code", "prefix": "C-"}]
    return {
        "TILLWIRE_DEVICES_SCANNERS": msgspec.json.encode(scanners).decode(),
        "TILLWIRE_DEVICES_SCAN_RULES": msgspec.json.encode(rules).decode(),
    }


@asynccontextmanager
async def screen_of(shop: Shop, register: str) -> AsyncIterator[Client]:
    """What is told to a register alone, as its screen hears it."""
    async with connected(shop.own_login(), shop.topics, watching=(shop.topics.privates_for(register),)) as client:
        yield client


async def shown(shop: Shop, screen: Client, register: str, kind: type[S], so: Any) -> S:
    """The first state of a kind on a register's screen that is so."""
    async with asyncio.timeout(WITHIN_S):
        async for message in screen.watch():
            if message.topic == shop.topics.private(kind, register) and message.payload:
                state = msgspec.json.decode(message.payload, type=kind)
                if so(state):
                    return state
    raise AssertionError


async def devices(shop: Shop, *arguments: str) -> str:
    """Run a command of ``./tillwire devices``; what it printed."""
    done = await asyncio.to_thread(tillwire, shop.data.parent, "devices", *arguments, "--data", str(shop.data))
    assert done.stderr == ""
    return done.stdout


async def listed(shop: Shop, device: str) -> dict[str, Any]:
    """What the command line tells of a device."""
    told = json.loads(await devices(shop, "list", "--json"))
    return next(each for each in told["devices"] if each["device"] == device)


async def test_what_a_scanner_reads_is_a_line_on_its_registers_screen(shop: Shop, scanner: SerialScanner) -> None:
    till = await shop.register("till-1")
    sale = await till.opened()

    async with screen_of(shop, "till-1") as screen:
        scanner.read(f"]E0{BUTTER}")
        scanner.read(f"]C101{WATER:0>14}10AB\x1d21S9")
        now = await shown(shop, screen, "till-1", RegisterSale, lambda state: state.sale and len(state.sale.lines) >= 2)

    assert now.sale is not None
    assert now.sale.sale_id == sale.sale_id
    assert "Butter 250 g" in [each.name for each in now.sale.lines]


async def test_a_customers_code_is_told_to_its_register(shop: Shop, scanner: SerialScanner) -> None:
    async with screen_of(shop, "till-1") as screen:
        scanner.read("]A0C-000777")
        told = await shown(shop, screen, "till-1", RegisterScan, lambda state: state.kind == "customer_code")

    assert (told.code, told.symbology, told.outcome) == ("C-000777", "code39", "told")


async def test_the_command_lists_how_each_device_is(shop: Shop) -> None:
    front = await listed(shop, "front")

    assert (front["kind"], front["state"], front["register"]) == ("scanner", "ready", "till-1")
    assert "front" in await devices(shop, "list")


async def test_a_code_from_the_command_line_pairs_whatever_scanner_reads_it(
    shop: Shop, scanner: SerialScanner, tmp_path: Path
) -> None:
    await shop.new_login("till-9")
    picture = tmp_path / "till-9.svg"

    code = next(word for word in (await devices(shop, "pair", "till-9")).split() if word.startswith("TILL"))
    drawn = await devices(shop, "pair", "till-9", "--svg", str(picture))
    async with screen_of(shop, "till-9") as screen:
        scanner.read(code)
        told = await shown(shop, screen, "till-9", RegisterScan, lambda state: state.kind == "pairing")
    front = await listed(shop, "front")
    back = await devices(shop, "pair", "till-1", "--scanner", "front")

    assert code in drawn
    assert picture.read_bytes().startswith(b"<?xml")
    assert told.outcome == "paired"
    assert front["register"] == "till-9"
    assert back == "front belongs to till-1\n"
