"""Fixtures of the tests of checkout."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.clock import SetClock
from tests.services.checkout.balance_shop import BalanceShop
from tests.services.checkout.shop import Shop, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop in Germany, without policy."""
    async with open_shop(tmp_path) as shop:
        yield shop


@pytest.fixture
async def shop_with_policy(shop: Shop) -> Shop:
    """The same with a policy that requires nothing."""
    await shop.policy()
    return shop


@pytest.fixture
async def balances(tmp_path: Path) -> AsyncIterator[BalanceShop]:
    """A shop whose clock stands, with a policy that requires nothing and one customer."""
    clock = SetClock(datetime(2026, 3, 14, 10, tzinfo=UTC))
    service = customers(CustomersSettings(expire_every_s=0.02))
    async with open_shop(tmp_path, clock=clock, customers_service=service) as shop:
        (tmp_path / "secrets" / "digest.key").write_bytes(b"a key of the tests")
        await shop.policy()
        yield BalanceShop(shop, clock, await shop.customer())
