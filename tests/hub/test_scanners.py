"""Scanners on a whole hub: what one reads is a line of its register's sale, its customer or the credit, and shown."""

import asyncio
import json
import os
import pty
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
import pytest_asyncio

from contracts.base import PrivateState
from contracts.checkout import RegisterSale, Share
from contracts.customers import CreateCustomer
from contracts.devices.scanning import RegisterScan
from contracts.every_service import ReadFollowed
from contracts.ids import CustomerId
from contracts.staff.signing_on import Lock
from services.hub.client import Client, connected
from tests.hub.people import hire
from tests.hub.shop import BUTTER, IDS, WATER, Register, Shop, until
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


class Display:
    """A customer line display on the network."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    async def until_shown(self, text: str) -> None:
        """Wait until a text stands on it; what was shown before is read first."""
        stands = asyncio.Event()

        async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if text.encode("cp858") in await reader.read():
                stands.set()
            writer.close()

        async with await asyncio.start_server(read, sock=self._socket.dup()), asyncio.timeout(WITHIN_S):
            await stands.wait()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def scanner() -> Iterator[SerialScanner]:
    scanner = SerialScanner()
    yield scanner
    scanner.close()


@pytest.fixture(scope="module")
def display() -> Iterator[Display]:
    display = Display()
    yield display
    display.close()


@pytest.fixture(scope="module")
def settings(scanner: SerialScanner, display: Display) -> dict[str, str]:
    """Variables of the services: scanner and display of till-1, and what a customer's card and a badge are."""
    scanners = [{"device": "front", "register": "till-1", "tty": scanner.path, "several_codes": True}]
    displays = [{"device": "shopper", "register": "till-1", "host": "127.0.0.1", "port": display.port}]
    rules = [{"kind": "customer_code", "prefix": "C-"}, {"kind": "staff_badge", "prefix": "B-"}]
    return {
        "TILLWIRE_DEVICES_SCANNERS": msgspec.json.encode(scanners).decode(),
        "TILLWIRE_DEVICES_LINE_DISPLAYS": msgspec.json.encode(displays).decode(),
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def till(shop: Shop) -> Register:
    """The register of that scanner and that display."""
    return await shop.register("till-1")


async def test_what_a_scanner_reads_is_a_line_on_its_registers_screen_and_display(
    shop: Shop, till: Register, scanner: SerialScanner, display: Display
) -> None:
    sale = await till.opened()

    async with screen_of(shop, "till-1") as screen:
        scanner.read(f"]E0{BUTTER}")
        await display.until_shown("Butter 250 g")
        scanner.read(f"]C101{WATER:0>14}10AB\x1d21S9")
        now = await shown(shop, screen, "till-1", RegisterSale, lambda state: state.sale and len(state.sale.lines) >= 2)
        await display.until_shown("Mineral water")

    assert now.sale is not None
    assert now.sale.sale_id == sale.sale_id
    assert "Butter 250 g" in [each.name for each in now.sale.lines]


async def test_a_customers_card_and_a_badge_belong_to_the_open_sale(
    shop: Shop, till: Register, scanner: SerialScanner
) -> None:
    mia = (await till.ask(CreateCustomer(CustomerId(IDS.new()), first_name="Mia", codes=("C-000777",)))).customer_id
    ben = await hire(shop, "cashier", "Ben", badge="B-12")

    async with screen_of(shop, "till-1") as screen:
        scanner.read("]A0C-000777")
        card = await shown(shop, screen, "till-1", RegisterScan, lambda state: state.kind == "customer_code")
        scanner.read("B-12")
        badge = await shown(shop, screen, "till-1", RegisterScan, lambda state: state.kind == "staff_badge")
    async with screen_of(shop, "till-1") as screen:
        credited = await shown(
            shop,
            screen,
            "till-1",
            RegisterSale,
            lambda state: state.sale and any(line.attribution for line in state.sale.lines),
        )
    sale = credited.sale

    assert (card.code, card.symbology, card.outcome) == ("C-000777", "code39", "customer_attached")
    assert (badge.code, badge.outcome) == ("B-12", "staff_named")
    assert sale is not None
    assert sale.customer_id == mia
    assert {each.attribution for each in sale.lines if each.kind == "goods"} == {(Share(ben, 10_000),)}


async def test_at_a_locked_register_a_scan_changes_nothing(shop: Shop, till: Register, scanner: SerialScanner) -> None:
    locked = await till.client.ask(Lock())
    told_of_it = (await shop.journal("staff"))[-1].number
    await until(
        lambda: shop.hub.ask(ReadFollowed("staff"), service="checkout"),
        lambda followed: all(place.number >= told_of_it for place in followed.places),
        "checkout to hear of the lock",
    )

    async with screen_of(shop, "till-1") as screen:
        scanner.read("]A0LOCKED")
        told = await shown(shop, screen, "till-1", RegisterScan, lambda state: state.code == "LOCKED")

    assert locked.session > 0
    assert told.outcome == "nobody_signed_on"


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
    noted = await devices(shop, "list")
    back = await devices(shop, "unpair", "front")
    home = await listed(shop, "front")
    again = await devices(shop, "pair", "till-1", "--scanner", "front")

    assert code in drawn
    assert picture.read_bytes().startswith(b"<?xml")
    assert told.outcome == "paired"
    assert (front["register"], front["paired"]) == ("till-9", True)
    assert "front: paired, whatever the settings say" in noted
    assert back == "front belongs to till-1, as the settings say\n"
    assert (home["register"], home["paired"]) == ("till-1", False)
    assert again == "front belongs to till-1\n"
