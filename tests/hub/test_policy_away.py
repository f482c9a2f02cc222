"""Policy stands still: whoever waits for it waits alone, is told so, and goes on when it is back."""

import asyncio

import pytest

from contracts.checkout.decided import CheckoutDecided
from contracts.checkout.paying import CheckSale, CompleteSale
from contracts.checkout.reading import GetSale
from services.hub.supervisor import Hub
from tests.hub.people import cashier_at
from tests.hub.shop import BUTTER, Shop, cash, line, standing_still

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_policy_that_stands_still_delays_no_other_register(hub: Hub, shop: Shop) -> None:
    till, other = await cashier_at(shop, "till-1"), await cashier_at(shop, "till-2")
    sale, theirs = await till.opened(BUTTER), await other.opened()
    policy = hub.pids["policy"]
    assert policy is not None

    with standing_still(policy):
        check = asyncio.create_task(till.refused(CheckSale(sale.sale_id)))
        behind = asyncio.create_task(till.ask(line(sale.sale_id, BUTTER)))
        for _ in range(10):
            theirs = await other.ask(line(theirs.sale_id, BUTTER))
        assert not check.done()
        assert not behind.done()
        refused = await check
        blocked = await till.refused(cash(sale.sale_id, 10_000))

    assert [refused.code, blocked.code] == ["policy-unavailable"] * 2
    assert len(theirs.lines) == 10
    assert len((await behind).lines) == 2
    assert (await till.ask(GetSale(sale.sale_id))).tenders == ()
    checked = await till.ask(CheckSale(sale.sale_id))
    assert checked.decision is not None
    assert checked.decision.outcome == "proceed"
    await till.ask(cash(sale.sale_id, checked.totals.due))
    assert (await till.ask(CompleteSale(sale.sale_id))).flags == ()
    outcomes = [each.outcome for each in await shop.told(CheckoutDecided) if each.sale_id == sale.sale_id]
    assert outcomes[:3] == ["unavailable", "unavailable", "proceed"]
    await shop.decisions_are_kept()
