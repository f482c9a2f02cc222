"""A shop in which the staff service runs and time stands still."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.runtime.clock import SetClock
from services.staff.service import staff
from services.staff.settings import StaffSettings
from tests.services.staff.examples import create, with_owner
from tests.under_test import StoreUnderTest, store_under_test

STANDS_STILL = StaffSettings(idle_lock_s=0)
"""No register is locked because a test moved the clock on."""


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 3, 14, 7, tzinfo=UTC))


@pytest.fixture
async def shop(tmp_path: Path, clock: SetClock) -> AsyncIterator[StoreUnderTest]:
    async with store_under_test(tmp_path, clock) as store:
        await store.start(staff(STANDS_STILL))
        yield store


@pytest.fixture
async def staffed(shop: StoreUnderTest) -> StoreUnderTest:
    """A shop with an owner and a cashier."""
    await with_owner(shop)
    await create(shop)
    return shop
