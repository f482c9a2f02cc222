"""Fixtures of the tests of policy."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.policy.service import policy
from services.policy.settings import PolicyServiceSettings
from services.runtime.clock import SetClock
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest, store_under_test


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 3, 1, 10, tzinfo=UTC))


@pytest.fixture
async def street(tmp_path: Path, clock: SetClock) -> AsyncIterator[StoreUnderTest]:
    """A store in which nothing runs yet and time stands still."""
    async with store_under_test(tmp_path, clock) as store:
        yield store


@pytest.fixture
async def checkout(street: StoreUnderTest) -> Teller:
    return await Teller("checkout").start(street)


@pytest.fixture
async def staff(street: StoreUnderTest) -> Teller:
    return await Teller("staff").start(street)


@pytest.fixture
async def shop(street: StoreUnderTest, checkout: Teller, staff: Teller) -> StoreUnderTest:  # noqa: ARG001 - started before policy
    """A store with two tills in which policy runs, and those whom it follows."""
    for till in ("till-1", "till-2"):
        street.add_register(till)
    await street.start(policy(PolicyServiceSettings()))
    return street
