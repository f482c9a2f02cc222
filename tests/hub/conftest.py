"""Whole hubs: real processes on a real broker, one for all tests of a file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import msgspec
import pytest
import pytest_asyncio

from services.hub.supervisor import Hub, hub_at_work
from services.hub.virtual_printer import VirtualPrinter
from services.runtime.settings import HubSettings
from tests.hub.parts import Parts, parts_at_work
from tests.hub.shop import Shop
from tests.hub_process import environment, start_parent


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def printer() -> AsyncIterator[VirtualPrinter]:
    """The printer of the register ``till-1``."""
    async with VirtualPrinter() as printer:
        yield printer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def papers(printer: VirtualPrinter) -> AsyncIterator[list[str]]:
    """What that printer has printed so far."""
    papers: list[str] = []

    async def collect() -> None:
        while True:
            papers.append((await printer.next_paper()).text)

    collecting = asyncio.create_task(collect(), name="collect papers")
    yield papers
    collecting.cancel()


@pytest.fixture(scope="module")
def settings(printer: VirtualPrinter) -> dict[str, str]:
    """Variables of the services."""
    named = {"device": "front", "host": printer.host, "port": printer.port, "registers": ["till-1"]}
    return {"TILLWIRE_DEVICES_PRINTERS": msgspec.json.encode([named]).decode(), "TILLWIRE_DEVICES_RETRY_S": "0.2"}


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the hub has said so far."""
    return []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str], said: list[str]
) -> AsyncIterator[Hub]:
    """A hub that watches over itself."""
    folder = tmp_path_factory.mktemp("hub")
    wanted = HubSettings(data=str(folder / "data"), port=0)
    start_parent()
    async with hub_at_work(wanted, said.append, environment=environment(settings)) as hub:
        assert await hub.until_online() == ()
        yield hub


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(hub: Hub) -> AsyncIterator[Shop]:
    """A filled shop on that hub."""
    async with AsyncExitStack() as stack:
        shop = Shop(hub.data, hub.running, hub.client, stack)
        await shop.fill()
        yield shop


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parts(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> AsyncIterator[Parts]:
    """A hub in parts, which the tests start and end."""
    async with parts_at_work(tmp_path_factory.mktemp("parts"), settings) as parts:
        yield parts
