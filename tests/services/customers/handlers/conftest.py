"""A Finnish store in which customers run."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.clock import SetClock
from tests.services.customers.counter import AT
from tests.services.customers.tills import Tills
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest, store_under_test


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[StoreUnderTest]:
    """A store in which nothing runs yet and time stands still."""
    async with store_under_test(tmp_path, SetClock(AT)) as store:
        yield store


@pytest.fixture
async def checkout(street: StoreUnderTest) -> Teller:
    return await Tills().start(street)


@pytest.fixture
async def shop(street: StoreUnderTest, checkout: Teller) -> StoreUnderTest:  # noqa: ARG001 - started before
    """A Finnish store in which customers run, and checkout, whom they follow."""
    await street.start(customers(CustomersSettings(country="FI")))
    return street
