"""Merges of before balances kept apart whose what is, undone after the update: each has what was theirs.

``merged_before.sql`` is what the code of then had written.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from contracts.customers.ledgers.accounts import GetAccountStatement
from contracts.customers.merging import MergeId, MergeReversed, UndoMerge
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.clock import SetClock
from services.runtime.migrate import chains, migrate
from tests.services.customers.before import up_to
from tests.services.customers.ledgers.shop import LedgerShop, a_tender
from tests.services.customers.privacy.people import ask
from tests.services.customers.tills import Tills
from tests.services.policy.teller import Teller
from tests.under_test import store_under_test

AT = datetime(2026, 3, 14, 10, 4, tzinfo=UTC)
ROWS = Path(__file__).parent / "merged_before.sql"


@pytest.fixture
async def updated(tmp_path: Path) -> AsyncIterator[LedgerShop]:
    """A store whose database was brought up to date."""
    file = tmp_path / "customers.sqlite3"
    migrate(file, chains("customers", up_to(tmp_path, "0013")))
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(ROWS.read_text(encoding="utf-8"))
    migrate(file, chains("customers"))
    clock = SetClock(AT)
    async with store_under_test(tmp_path, clock) as store:
        checkout = await Tills().start(store)
        await Teller("staff").start(store)
        settings: dict[str, Any] = {"expire_every_s": 0.02, "privacy_every_s": 0.02}
        await store.start(customers(CustomersSettings(country="FI", time_zone="Europe/Helsinki", **settings)))
        yield LedgerShop(store, checkout, clock)


async def test_a_merge_of_before_undone_after_the_update_gives_each_their_own_back(updated: LedgerShop) -> None:
    """To the cent, the last day and the open item, with open sales of both; and each sale goes on with its own."""
    await undo(updated, 12)

    had = [await had_by(updated, each) for each in (11, 12)]
    free = [await free_of(updated, each) for each in (11, 12)]
    items = await open_items(updated, 12)
    found = (await updated.audit()).differences
    for sale in (1, 2, 8):
        await updated.void(sale)

    assert had == [
        Balances(store_credit=1000, account_owed=-700, account_limit=None, loyalty_points=20),
        Balances(store_credit=2000, account_owed=2500, account_limit=None, loyalty_points=50),
    ]
    assert free == [(600, 20), (500, 20)]
    assert items == [(4000, 2500, "2026-03-21")]
    assert found == ()
    assert [await free_of(updated, each) for each in (11, 12)] == [(1000, 20), (2000, 50)]
    assert (await updated.audit()).differences == ()


@pytest.mark.parametrize("undone", [True, False])
async def test_a_sale_that_was_open_at_the_update_spends_whose_it_was_before_the_merge(
    updated: LedgerShop, *, undone: bool
) -> None:
    """Told while both are one or after: it is the loser's who buys, whose points go and who owes."""
    if undone:
        await undo(updated, 12)
    kept = [(1, "store_credit", 1500), (3, "loyalty", 30), (4, "account", 400)]
    await updated.sell(1, *(a_tender(number, kind, amount) for number, kind, amount in kept), customer_id=None)  # type: ignore[arg-type]
    if not undone:
        await undo(updated, 12)

    assert [await had_by(updated, each) for each in (11, 12)] == [
        Balances(store_credit=1000, account_owed=-700, account_limit=None, loyalty_points=20),
        Balances(store_credit=500, account_owed=2900, account_limit=None, loyalty_points=20),
    ]
    assert (await updated.audit()).differences == ()


async def test_what_a_loser_of_before_had_paid_ahead_is_theirs_after_the_update(updated: LedgerShop) -> None:
    await undo(updated, 22)

    assert [(await had_by(updated, each)).account_owed for each in (21, 22)] == [8000, -4500]
    assert await open_items(updated, 21) == [(10_000, 8000, "2026-03-21")]
    assert (await updated.audit()).differences == ()


async def test_what_was_done_while_two_were_one_before_the_update_was_done_with_the_lots_of_then(
    updated: LedgerShop,
) -> None:
    """2500 spent: the credit with a last day first. 2000 paid: 300 that 31 owed and had not paid ahead, then 32's."""
    await undo(updated, 32)

    had = [await had_by(updated, each) for each in (31, 32)]
    assert [(each.store_credit, each.account_owed) for each in had] == [(500, 0), (0, 800)]
    assert (await updated.audit()).differences == ()


async def test_what_a_sale_kept_of_a_merge_undone_before_the_update_goes_back_after_it(updated: LedgerShop) -> None:
    before, found = [(await had_by(updated, each)).store_credit for each in (41, 42)], await updated.audit()

    await updated.void(4)

    assert before == [1500, 600]
    assert [(await had_by(updated, each)).store_credit for each in (41, 42)] == [100, 2000]
    assert (found.differences, (await updated.audit()).differences) == ((), ())


@pytest.mark.parametrize("sold", [True, False])
async def test_a_sale_whose_customer_was_parted_again_before_the_update_is_theirs(
    updated: LedgerShop, *, sold: bool
) -> None:
    if sold:
        await updated.sell(7, a_tender(71, "account", 400), a_tender(72, "store_credit", 500), customer_id=who(72))
    else:
        await updated.void(7)

    had = [await had_by(updated, each) for each in (71, 72)]
    assert [(each.account_owed, each.store_credit) for each in had] == [(0, 0), (700, 0) if sold else (300, 500)]
    assert (await updated.audit()).differences == ()


async def test_an_account_that_an_undone_merge_had_given_back_stays_as_it_was(updated: LedgerShop) -> None:
    assert [(await had_by(updated, each)).account_owed for each in (51, 52)] == [8000, -4500]
    assert (await updated.audit()).differences == ()


async def test_merges_of_merged_of_before_are_undone_in_turn_and_nobodys_money_settles_anothers_debt(
    updated: LedgerShop,
) -> None:
    """What 62 had paid ahead had settled 61's debt and 60's."""
    as_one = (await had_by(updated, 60)).account_owed

    for each in (61, 62):
        await undo(updated, each)

    assert as_one == -3300
    assert [(await had_by(updated, each)).account_owed for each in (60, 61, 62)] == [200, 1000, -4500]
    assert (await updated.audit()).differences == ()


async def undo(shop: LedgerShop, loser: int) -> None:
    def merge_of(connection: Connection) -> str:
        statement = text("SELECT merge_id FROM customer_merge WHERE loser_id = :loser")
        return str(connection.execute(statement, {"loser": who(loser)}).scalar_one())

    reply = await ask(shop, UndoMerge(MergeId(await shop.store.read("customers", merge_of))))
    assert isinstance(reply, MergeReversed), reply


async def had_by(shop: LedgerShop, number: int) -> Balances:
    return (await shop.balances(who(number))).balances


async def free_of(shop: LedgerShop, number: int) -> tuple[int, int]:
    """What of store credit and points can be spent."""
    now = await shop.balances(who(number))
    return now.store_credit_available, now.points_available


async def open_items(shop: LedgerShop, number: int) -> list[tuple[int, int, str | None]]:
    statement = await shop.ask(GetAccountStatement(who(number), "2026-03-01", "2026-03-31"))
    return [(each.amount, each.left, each.due_on) for each in statement.open_items]


def who(number: int) -> CustomerId:
    return CustomerId(f"0190a000-0000-7000-8000-{number:012d}")
