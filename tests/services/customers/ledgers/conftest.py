"""A Finnish store in which customers run and checkout tells what a test wants; time stands until it is moved."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.clock import SetClock
from tests.services.customers.ledgers.shop import LedgerShop
from tests.services.policy.teller import Teller
from tests.under_test import store_under_test

AT = datetime(2026, 3, 14, 10, tzinfo=UTC)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[LedgerShop]:
    clock = SetClock(AT)
    async with store_under_test(tmp_path, clock) as store:
        (tmp_path / "secrets" / "digest.key").write_bytes(b"a key of the tests, 32 bytes long")
        checkout = await Teller("checkout").start(store)
        await Teller("staff").start(store)
        await store.start(customers(CustomersSettings(country="FI", time_zone="Europe/Helsinki", expire_every_s=0.02)))
        shop = LedgerShop(store, checkout, clock)
        await shop.put_on_file()
        yield shop
