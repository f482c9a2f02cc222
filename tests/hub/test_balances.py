"""Sixteen registers spend one customer's credit at once while processes are killed: never more than there is."""

import asyncio
import os
import random
import signal

import pytest

from contracts.checkout import Sale, Share
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.paying import AddTender, CheckSale, CompleteSale
from contracts.checkout.selling import AttachCustomer, OpenSale
from contracts.customers.ledgers import AdjustBalance, AuditLedgers, GetBalances, LateCaptures, ListLateCaptures
from contracts.ids import CustomerId, SaleId, TenderId
from services.hub.keys import administrator_token
from services.hub.supervisor import Hub
from services.runtime.requester import Refused
from tests.hub.shop import BUTTER, IDS, Register, Shop, cash, line, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGISTERS = 16
SALES_WORTH = 40
"""The credit is enough for so many sales, and a little is left over."""
SEED = 20_261


async def test_sixteen_registers_under_kills_never_spend_more_credit_than_there_is(hub: Hub, shop: Shop) -> None:
    tills = [await shop.register(f"till-{number}") for number in range(1, REGISTERS + 1)]
    customer_id = await shop.customer(tills[0])
    price = (await _priced(tills[0])).totals.due
    credit = price * SALES_WORTH + 1
    token = administrator_token(shop.data, "ledger.adjust", "customer.view")
    await shop.hub.ask(AdjustBalance(IDS.new(), customer_id, "store_credit", credit, "promotion"), token=token)
    on_credit: list[Sale] = []

    spending = [asyncio.create_task(_spend_until_refused(till, customer_id, on_credit)) for till in tills]
    await _kill(hub, spending)
    await asyncio.gather(*spending)

    told = {
        each.sale_id: tender.amount
        for each in await shop.told(SaleCompleted)
        for tender in each.tenders
        if tender.kind == "store_credit"
    }
    read = await until(
        lambda: shop.hub.ask(GetBalances(customer_id), token=token),
        lambda read: read.balances.store_credit == read.store_credit_available == credit - sum(told.values()),
        "every sale to be captured",
    )
    audited = await shop.hub.ask(AuditLedgers(), token=token)
    assert sorted(told) == sorted(sale.sale_id for sale in on_credit)
    assert len(told) == SALES_WORTH
    assert read.balances.store_credit == 1
    assert audited.differences == ()
    assert await shop.hub.ask(ListLateCaptures(), token=token) == LateCaptures(())


async def _priced(till: Register) -> Sale:
    """What a sale comes to, paid in cash."""
    sale = await _opened(till, None)
    await till.ask_despite_policy(cash(sale.sale_id, sale.totals.due))
    await till.ask_until_answered(CompleteSale(sale.sale_id, "none"))
    return sale


async def _opened(till: Register, customer_id: CustomerId | None) -> Sale:
    ask = till.ask_until_answered
    sale = await ask(OpenSale(SaleId(IDS.new())))
    sale = await ask(line(sale.sale_id, BUTTER))
    if customer_id is not None:
        await ask(AttachCustomer(sale.sale_id, customer_id))
    await ask(AttributeLines(sale.sale_id, (Share(till.staff_id, 10_000),)))
    await till.ask_despite_policy(CheckSale(sale.sale_id))
    return sale


async def _spend_until_refused(till: Register, customer_id: CustomerId, on_credit: list[Sale]) -> None:
    """Sell on credit until there is not enough of it; the last sale is paid in cash."""
    while True:
        sale = await _opened(till, customer_id)
        due = sale.totals.due
        try:
            await till.ask_despite_policy(AddTender(sale.sale_id, TenderId(IDS.new()), "store_credit", due))
        except Refused as refused:
            assert refused.rejected.code == "balance-too-low"  # noqa: PT017 - anything else is a fault
            await till.ask_despite_policy(cash(sale.sale_id, due))
            await till.ask_until_answered(CompleteSale(sale.sale_id, "none"))
            return
        on_credit.append(await till.ask_until_answered(CompleteSale(sale.sale_id, "none")))


async def _kill(hub: Hub, spending: list["asyncio.Task[None]"]) -> None:
    """Kill whoever takes part, one after the other, for as long as something is spent."""
    chance = random.Random(SEED)  # noqa: S311 - nothing to guess: the same kills every time
    to_kill = ["customers", "checkout", "customers", "broker", "customers", "checkout"]
    killed: set[int | None] = {None}
    for name in to_kill:
        for _ in range(20 + chance.randrange(30)):
            if not any(not task.done() for task in spending):
                return
            await asyncio.sleep(0.02)
        pid = hub.pids[name]
        if pid is not None and pid not in killed:
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
