"""A store in which checkout and staff run, and a printer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.hub.virtual_printer import VirtualPrinter
from services.runtime.clock import SetClock
from tests.services.devices.neighbours import Checkout, Neighbour
from tests.services.devices.shop import AT
from tests.under_test import StoreUnderTest, store_under_test


@pytest.fixture
def clock() -> SetClock:
    return SetClock(AT)


@pytest.fixture
async def street(tmp_path: Path, clock: SetClock) -> AsyncIterator[StoreUnderTest]:
    """A store in which checkout and staff run and time stands still."""
    async with store_under_test(tmp_path, clock) as store:
        await Neighbour("staff").start(store)
        yield store


@pytest.fixture
async def checkout(street: StoreUnderTest) -> Checkout:
    checkout = Checkout()
    await checkout.start(street)
    return checkout


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    async with VirtualPrinter() as printer:
        yield printer
