"""What tests send to policy, and what they read of its tables."""

import asyncio
from typing import Any

from sqlalchemy import Connection, Table, select

from contracts.policy import PolicySettings, SetSettings
from contracts.policy.checking import CheckAnswer, CheckCheckout
from services.policy.service import policy
from services.policy.settings import PolicyServiceSettings
from services.policy.store.tables import decision
from tests.services.policy.examples import OWNER, a_sale
from tests.under_test import StoreUnderTest


async def put(shop: StoreUnderTest, settings: PolicySettings, expected_revision: int = 0, **how: Any) -> Any:
    token = shop.token("policy.edit", staff_id=OWNER)
    return await shop.send(SetSettings(expected_revision, settings), **{"token": token, **how})


async def check(shop: StoreUnderTest, **facts: Any) -> CheckAnswer:
    answered = await shop.send(CheckCheckout(a_sale(**facts), "de"), caller="checkout-2")
    assert isinstance(answered, CheckAnswer)
    return answered


async def rows(shop: StoreUnderTest, table: Table) -> list[dict[str, Any]]:
    """All rows of a table, in the order of its key."""

    def read(connection: Connection) -> list[dict[str, Any]]:
        found = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        return [dict(row) for row in found]

    return await shop.read("policy", read)


async def fade(shop: StoreUnderTest, *, left: int = 0) -> None:
    """Start policy anew, so that it looks for what is old, and wait until so many decisions still name their sale."""
    await shop.stop("policy")
    await shop.start(policy(PolicyServiceSettings()))
    async with asyncio.timeout(20):
        while sum(row["sale_id"] is not None for row in await rows(shop, decision)) > left:
            await asyncio.sleep(0)
