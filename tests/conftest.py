"""Fixtures that every room uses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.under_test import StoreUnderTest, store_under_test


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[StoreUnderTest]:
    """An empty store on a broker in memory, in a folder of its own."""
    async with store_under_test(tmp_path) as store:
        yield store
