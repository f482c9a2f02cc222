"""A Finnish store in which customers run and checkout tells what a test wants; time stands until it is moved."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.clock import SetClock
from tests.services.customers.ledgers.shop import LedgerShop
from tests.services.customers.privacy.people import ANNA, ANNE, MAIL, OTHER_MAIL, put_on_file
from tests.services.customers.tills import Tills
from tests.services.policy.teller import Teller
from tests.under_test import store_under_test

AT = datetime(2026, 3, 14, 10, tzinfo=UTC)
FINNISH: dict[str, Any] = {
    "country": "FI",
    "time_zone": "Europe/Helsinki",
    "expire_every_s": 0.02,
    "privacy_every_s": 0.02,
}
Opened = Callable[..., AbstractAsyncContextManager[LedgerShop]]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Opens a store whose settings differ from the Finnish one's."""

    @asynccontextmanager
    async def open_shop(**settings: Any) -> AsyncIterator[LedgerShop]:
        clock = SetClock(AT)
        async with store_under_test(tmp_path, clock) as store:
            (tmp_path / "secrets" / "digest.key").write_bytes(b"a key of the tests, 32 bytes long")
            checkout = await Tills().start(store)
            await Teller("staff").start(store)
            await store.start(customers(CustomersSettings(**{**FINNISH, **settings})))
            yield LedgerShop(store, checkout, clock)

    return open_shop


@pytest.fixture
async def shop(opened: Opened) -> AsyncIterator[LedgerShop]:
    """The Finnish store."""
    async with opened() as shop:
        yield shop


@pytest.fixture
async def both(shop: LedgerShop) -> LedgerShop:
    """A store that has the same person twice."""
    await put_on_file(shop, ANNA, "Anna", last_name="Virtanen", emails=(MAIL,), codes=("A-1",), notes="Likes tea.")
    await put_on_file(
        shop,
        ANNE,
        "Anne",
        company="Teetä Oy",
        emails=(OTHER_MAIL, MAIL),
        codes=("A-2",),
        blocked_codes=("A-3",),
        notes="Likes coffee.",
        tags=("regular",),
    )
    return shop
