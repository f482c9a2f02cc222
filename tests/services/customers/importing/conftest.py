"""A Finnish store in which customers run, and checkout and staff, whom they follow; time stands still."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.clock import SetClock
from tests.services.customers.counter import AT
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest, store_under_test


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[StoreUnderTest]:
    async with store_under_test(tmp_path / "data", SetClock(AT)) as store:
        (store.folder / "secrets" / "digest.key").write_bytes(b"a key of the tests, 32 bytes long")
        for leader in ("checkout", "staff"):
            await Teller(leader).start(store)
        await store.start(customers(CustomersSettings(country="FI")))
        yield store
