"""Fixtures that every room uses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.under_test import StoreUnderTest, store_under_test

# The same examples every time: what fails, fails again; and a busy machine is no reason to fail.
settings.register_profile("tillwire", derandomize=True, deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("tillwire")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[StoreUnderTest]:
    """An empty store on a broker in memory, in a folder of its own."""
    async with store_under_test(tmp_path) as store:
        yield store
