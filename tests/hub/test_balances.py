"""Balances on a whole hub: points off a sale, an account paid at the till, sixteen registers spending among kills."""

import asyncio
import os
import random
import re
import signal
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
import pytest_asyncio

from contracts.checkout import Sale, Share
from contracts.checkout.account_payments import AddAccountPayment
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.paying import AddTender, CheckSale, CompleteSale
from contracts.checkout.redeeming import RedeemPoints
from contracts.checkout.selling import AttachCustomer, OpenSale
from contracts.customers.ledgers import AdjustBalance, GetBalances
from contracts.customers.ledgers.accounts import GetAccountStatement, SetAccountTerms
from contracts.customers.ledgers.watching import AuditLedgers, LateCaptures, ListLateCaptures
from contracts.customers.loyalty import JoinLoyalty, SetLoyaltyProgramme
from contracts.ids import CustomerId, LineItemId, RedemptionId, SaleId, TenderId
from services.hub.keys import administrator_token
from services.hub.supervisor import Hub
from services.runtime.requester import Refused
from tests.hub.shop import BUTTER, IDS, WATER, Register, Shop, cash, line, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGISTERS = 16
SALES_WORTH = 40
"""The credit is enough for so many sales, and a little is left over."""
SEED = 20_261


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tills(shop: Shop) -> list[Register]:
    """The registers; the first one has a printer."""
    return [await shop.register(f"till-{number}") for number in range(1, REGISTERS + 1)]


async def test_points_come_off_a_sale_its_receipt_and_the_customers_balance(
    shop: Shop, tills: list[Register], papers: list[str]
) -> None:
    till, token = tills[0], administrator_token(shop.data, "ledger.adjust", "customer.edit", "customer.view")
    customer_id = await shop.customer(till)
    await shop.hub.ask(SetLoyaltyProgramme(0, True, "1", Decimal(1), point_value=2, sign_up_bonus=100), token=token)
    await shop.hub.ask(JoinLoyalty(customer_id, "1"), token=token)
    before = await till.opened(WATER, BUTTER)
    await till.ask(AttachCustomer(before.sale_id, customer_id))
    await till.ask(AttributeLines(before.sale_id, (Share(till.staff_id, 10_000),)))

    redeemed = await till.ask(RedeemPoints(before.sale_id, RedemptionId(IDS.new()), 100))
    kept = await shop.hub.ask(GetBalances(customer_id), token=token)
    await till.ask_despite_policy(cash(before.sale_id, redeemed.totals.due))
    sold = await till.ask_until_answered(CompleteSale(before.sale_id, "print", "en"))

    earned = (sold.totals.total - sum(each.amount for each in sold.lines if each.kind == "deposit")) // 100
    await until(
        lambda: shop.hub.ask(GetBalances(customer_id), token=token),
        lambda read: read.balances.loyalty_points == read.points_available == 50 + earned,
        "the points to be captured",
    )
    (paper,) = await until(_given(papers), len, "the receipt")
    assert (before.totals.total - sold.totals.total, kept.points_available) == (100, 50)
    assert [each.redemption for each in await shop.told(SaleCompleted)] == [sold.redemption]
    assert "Points redeemed: 50\n" in paper
    assert _amounts(paper, "Subtotal") == [before.totals.total]
    assert sum(_amounts(paper, "  Discount")) == -100
    assert _amounts(paper, "Total") == [sold.totals.total]
    assert await shop.hub.ask(ListLateCaptures(), token=token) == LateCaptures(())


async def test_what_was_bought_on_account_is_paid_in_part_at_the_till(
    shop: Shop, tills: list[Register], papers: list[str]
) -> None:
    till, token = tills[0], administrator_token(shop.data, "ledger.adjust", "customer.view")
    customer_id = await shop.customer(till)
    await shop.hub.ask(SetAccountTerms(customer_id, 0, 100_000), token=token)
    before = len(papers)
    bought = await _opened(till, customer_id)
    await till.ask_despite_policy(AddTender(bought.sale_id, TenderId(IDS.new()), "account", bought.totals.due))
    owed = await till.ask_until_answered(CompleteSale(bought.sale_id, "none"))

    paying = await till.ask(OpenSale(SaleId(IDS.new())))
    await till.ask(AttachCustomer(paying.sale_id, customer_id))
    await till.ask(AddAccountPayment(paying.sale_id, LineItemId(IDS.new()), 100))
    await till.ask_despite_policy(cash(paying.sale_id, 100))
    paid = await till.ask_until_answered(CompleteSale(paying.sale_id, "print", "de"))

    left = owed.totals.total - 100
    day = paid.business_day
    statement = await until(
        lambda: shop.hub.ask(GetAccountStatement(customer_id, owed.business_day, day), token=token),
        lambda read: read.owed_after == left,
        "the payment to be booked",
    )
    assert [(each.kind, each.amount, each.sale_id) for each in statement.entries] == [
        ("charged", owed.totals.total, owed.sale_id),
        ("paid", -100, paid.sale_id),
    ]
    assert [(each.sale_id, each.left) for each in statement.open_items] == [(owed.sale_id, left)]
    assert (paid.transaction_kind, paid.totals.tax) == ("account_payment", 0)
    *_, paper = await until(_given(papers), lambda given: len(given) > before, "the receipt")
    assert _amounts(paper, "Zahlung auf Kundenkonto") == [100]


def _amounts(paper: str, label: str) -> list[int]:
    """The amounts on a German shop's paper, in cents, in the rows that begin so."""
    rows = [row for row in paper.split("\n") if row.startswith(label)]
    return [int(found[0].replace(",", "")) for row in rows if (found := re.findall(r"-?[0-9]+,[0-9]{2}", row))]


def _given(papers: list[str]) -> Callable[[], Awaitable[list[str]]]:
    async def given() -> list[str]:
        return papers

    return given


async def test_sixteen_registers_under_kills_never_spend_more_credit_than_there_is(
    hub: Hub, shop: Shop, tills: list[Register]
) -> None:
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
