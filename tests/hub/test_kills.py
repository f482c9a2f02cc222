"""kill -9 in mid-sale, at every named point and at random: the sale goes on, nothing is lost, nothing is there twice."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import get_args

import pytest
import pytest_asyncio

from contracts.base import Reply, Request
from contracts.checkout import CheckoutDecided, CheckSale, Sale
from contracts.customers import CreateCustomer
from contracts.devices import FindPrintJobs
from contracts.ids import CustomerId
from contracts.staff import SessionStarted, SignOn
from contracts.topics import SERVICES
from services.hub.client import connected
from services.hub.supervisor import Hub
from services.runtime.requester import Refused
from services.runtime.seams import CrashPoint
from tests.hub.parts import Parts
from tests.hub.shop import BUTTER, IDS, PIN, TEA, Register, Shop, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

POINTS: tuple[CrashPoint, ...] = get_args(CrashPoint)
every_point = pytest.mark.parametrize("point", POINTS)
SEED = 20_261


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def till(parts: Parts) -> Register:
    """The register that all sales of the hub in parts are made on."""
    return await parts.shop.register("till-1")


@pytest.fixture(scope="module")
def sold() -> list[Sale]:
    """All that was sold on it so far."""
    return []


@every_point
async def test_checkout_dies_at_any_command_of_a_sale(
    parts: Parts, till: Register, sold: list[Sale], point: CrashPoint
) -> None:
    customer_id = await parts.shop.customer(till)
    for passing in range(2, 10):  # the first is its start; then open, 2 lines, customer, credit, check, tender, complete
        died = await parts.rig("checkout", point, passing)

        sold.append(await till.sell(customer_id))

        await died
    await parts.shop.is_told_once(till, sold)
