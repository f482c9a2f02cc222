"""Who skipped and waived what on an ended sale is forgotten after as many days as the settings say."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, func, select

from contracts.checkout import Sale
from contracts.checkout.paying import CheckSale, CompleteSale, SkipPrompt, WaiveRule
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import VoidSale
from contracts.ids import SaleId
from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.checkout.store import tables
from services.checkout.store.settled import SettledStore
from services.runtime.clock import SetClock
from tests.services.checkout.shop import Shop, open_shop
from tests.services.checkout.stand_ins import StandInPolicy, asks_for_email

DAY = 24 * 3600


def kept(connection: Connection) -> tuple[int, int]:
    """How many skips and waivers there are."""
    skips, waivers = (
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (tables.prompt_skip, tables.rule_waiver)
    )
    return skips, waivers


async def skipped(shop: Shop) -> SaleId:
    sale_id = await shop.opened("tea")
    await shop.done(CheckSale(sale_id))
    await shop.done(SkipPrompt(sale_id, "contact", "customer_declined"))
    return sale_id


async def look_for_what_is_old(shop: Shop, *, left: tuple[int, int]) -> None:
    """Start checkout anew, so that it looks for what is old, and wait until so many skips and waivers are left."""
    await shop.store.stop("checkout")
    await shop.store.start(checkout(CheckoutSettings(skips_kept_days=90)))
    async with asyncio.timeout(20):
        while await shop.store.read("checkout", kept) != left:
            await asyncio.sleep(0)


async def test_after_ninety_days_skips_and_waivers_are_gone_and_the_sales_stay(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    async with open_shop(tmp_path, clock=clock) as shop:
        policy = StandInPolicy(asks_for_email("recommended"))
        await shop.store.start(policy.service())
        voided = await skipped(shop)
        await shop.done(VoidSale(voided, "test"))
        policy.answer = asks_for_email("required")
        waived = await shop.opened("tea")
        await shop.done(CheckSale(waived))
        await shop.send_as(WaiveRule(waived, "contact"), "policy.waive")
        await shop.done(shop.cash(waived, 250))
        sold = await shop.done(CompleteSale(waived))
        clock.move(DAY)
        policy.answer = asks_for_email("recommended")
        younger = await skipped(shop)
        await shop.done(VoidSale(younger, "test"))
        open_sale = await skipped(shop)

        clock.move(89 * DAY + 1)
        await look_for_what_is_old(shop, left=(1, 0))

        after: Sale = await shop.done(GetSale(waived))
        assert (after.waivers, after.receipt_number, after.decision) == ((), sold.receipt_number, sold.decision)
        assert (await shop.done(GetSale(voided))).skips == ()
        assert len((await shop.done(GetSale(younger))).skips) == 1
        assert len((await shop.done(GetSale(open_sale))).skips) == 1


async def test_so_many_old_sales_are_found_together_and_none_that_ended_at_that_very_time(shop: Shop) -> None:
    await shop.store.start(StandInPolicy(asks_for_email("recommended")).service())
    ended = [await shop.done(VoidSale(await skipped(shop), "test")) for _ in range(3)]
    last = max(sale.ended_at or "" for sale in ended)

    async def found(limit: int) -> list[SaleId]:
        return await shop.store.read("checkout", lambda connection: SettledStore(connection).of_before(last, limit))

    assert len(await found(1)) == 1
    assert sorted(await found(9)) == sorted(sale.sale_id for sale in ended[:2])
