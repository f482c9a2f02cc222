"""Fixtures of the tests of checkout."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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
