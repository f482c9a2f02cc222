"""Balances are kept for sales, spent by them, let go of, and given up only when no sale can still come."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from contracts.checkout.paying import TenderRemoved
from contracts.customers import CreateCustomer
from contracts.customers.balances import HolderId, Reserved
from contracts.customers.ledgers.reserving import BalanceReserved, ReleaseBalance
from contracts.customers.ledgers.watching import ListLateCaptures
from contracts.ids import CustomerId
from services.customers.handlers import reserving
from services.customers.store.ledger_tables import reservation
from services.customers.store.reservations import ReservationStore
from services.runtime.clock import stamp
from services.runtime.writer import Scope
from tests.services.customers.ledgers.shop import (
    ANNA,
    BERT,
    CASHIER,
    IDS,
    NOBODY,
    TILL,
    LedgerShop,
    a_line,
    a_tender,
    refusal,
    reservation_id,
    sale_id,
    tender_id,
)
from tests.under_test import until

QUARTER_S = 15 * 60


async def states(shop: LedgerShop) -> list[str]:
    return await shop.store.read(
        "customers",
        lambda connection: list(
            connection.execute(select(reservation.c.state).order_by(reservation.c.sale_id)).scalars()
        ),
    )


async def until_states(shop: LedgerShop, *expected: str) -> None:
    async with asyncio.timeout(20):
        while await states(shop) != list(expected):
            await asyncio.sleep(0.01)


async def test_what_is_reserved_is_not_spent_twice(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 1000)

    first = await shop.reserve("store_credit", 700, sale=1)
    second = await shop.reserve("store_credit", 700, sale=2, tender=2)

    assert (first.state, first.available) == ("held", 300)
    assert refusal(second) == ("balance-too-low", "amount")
    assert second.details["available"] == 300
    assert (await shop.balances()).store_credit_available == 300
    assert (await shop.balances()).balances.store_credit == 1000


async def test_sixteen_tills_at_once_never_spend_more_than_there_is(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 1000)

    replies = await asyncio.gather(
        *(shop.reserve("store_credit", 150, sale=number, tender=number, attempts=9) for number in range(1, 17))
    )

    assert sum(isinstance(reply, BalanceReserved) for reply in replies) == 6
    assert (await shop.balances()).store_credit_available == 100
    assert (await shop.audit()).differences == ()


async def test_reserving_again_keeps_it_longer_and_takes_the_other_amount(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 1000)
    first = await shop.reserve("store_credit", 1000)
    shop.clock.move(600)

    longer = await shop.reserve("store_credit", 1000)
    less = await shop.reserve("store_credit", 400)
    more = await shop.reserve("store_credit", 1001)

    assert longer.expires_at == stamp(shop.clock.now() + timedelta(minutes=15)) > first.expires_at
    assert less.available == 600
    assert refusal(more) == ("balance-too-low", "amount")
    assert (await shop.balances()).store_credit_available == 600


async def test_what_is_kept_already_is_kept_on_though_the_limit_was_lowered(shop: LedgerShop) -> None:
    await shop.terms(ANNA, 500)
    await shop.reserve("account", 500)
    await shop.terms(ANNA, 0, revision=1)

    assert (await shop.reserve("account", 500)).state == "held"
    assert refusal(await shop.reserve("account", 501)) == ("balance-too-low", "amount")


@pytest.mark.parametrize(
    ("what", "code", "field"),
    [
        ({"customer_id": NOBODY}, "customer-not-found", None),
        ({"customer_id": None}, "customer-not-found", "customer_id"),
        ({"amount": 0}, "malformed", "$.amount"),
        ({"amount": -5}, "malformed", "$.amount"),
        ({"ledger": "loyalty"}, "loyalty-not-joined", "customer_id"),
        ({"ledger": "voucher"}, "voucher-not-found", "voucher_code"),
        ({"ledger": "voucher", "code": "WRONG-WRONG-WRONG-WRONG"}, "voucher-not-found", "voucher_code"),
        ({"ledger": "voucher", "code": "'; --"}, "malformed", "$.voucher_code"),
    ],
)
async def test_what_cannot_be_reserved_is_refused_by_name(
    shop: LedgerShop, what: dict[str, Any], code: str, field: str | None
) -> None:
    assert refusal(await shop.reserve(**{"ledger": "store_credit", "amount": 5, **what})) == (code, field)
    assert await states(shop) == []


async def test_a_completed_sale_captures_what_it_reserved_and_once(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 1000)
    reserved = (await shop.reserve("store_credit", 700)).reserved
    sold = await shop.sell(1, a_tender(1, "store_credit", 700, reserved), a_tender(2, "cash", 300))

    await shop.tell(sold)
    again = await shop.reserve("store_credit", 700)

    assert await shop.entries("store_credit") == [("issued", 1000, 1000), ("redeemed", -700, 300)]
    assert again.state == "captured"
    assert (await shop.balances()).store_credit_available == 300
    assert (await shop.ask(ListLateCaptures())).captures == ()
    assert (await shop.audit()).differences == ()


async def test_a_void_a_removed_tender_and_a_release_each_free_what_was_kept(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 900)
    kept = [await shop.reserve("store_credit", 300, sale=number, tender=number) for number in (1, 2, 3)]

    await shop.void(1)
    await shop.tell(
        TenderRemoved(
            sale_id(2), TILL, tender_id(2), "store_credit", 300, stamp(shop.clock.now()), CASHIER, kept[1].reserved
        )
    )
    released = await shop.store.send(ReleaseBalance(kept[2].reserved.reservation_id), caller="checkout-2")

    assert getattr(released, "state", None) == "released"
    assert await states(shop) == ["released", "released", "released"]
    assert (await shop.balances()).store_credit_available == 900


async def test_what_else_was_kept_for_a_completed_sale_is_free(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 900)
    await shop.reserve("store_credit", 300)
    await shop.sell(1, a_tender(2, "cash", 300))

    assert await states(shop) == ["released"]


async def test_releasing_what_nobody_reserved_or_what_is_spent_changes_nothing(shop: LedgerShop) -> None:
    nothing = await shop.store.send(ReleaseBalance(reservation_id(sale_id(9), tender_id(9))), caller="checkout-2")
    await shop.give(ANNA, "store_credit", 300)
    reserved = (await shop.reserve("store_credit", 300)).reserved
    await shop.sell(1, a_tender(1, "store_credit", 300, reserved))

    spent = await shop.store.send(ReleaseBalance(reserved.reservation_id), caller="checkout-2")

    assert [getattr(reply, "state", None) for reply in (nothing, spent)] == ["released", "captured"]
    assert (await shop.balances()).balances.store_credit == 0


async def test_a_reservation_runs_out_after_a_quarter_of_an_hour(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 300)
    await shop.reserve("store_credit", 300)
    shop.clock.move(QUARTER_S)

    await until_states(shop, "expired")

    assert (await shop.reserve("store_credit", 300, sale=2, tender=2)).state == "held"


async def test_a_reservation_kept_longer_meanwhile_is_not_given_up(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 300)
    await shop.reserve("store_credit", 300)
    running = shop.store.services["customers"]
    due = stamp(shop.clock.now() + timedelta(minutes=15))
    overdue = await shop.store.read("customers", lambda connection: ReservationStore(connection).overdue(due, 10))
    shop.clock.move(60)
    await shop.reserve("store_credit", 300)

    def give_up(scope: Scope) -> int:
        return reserving.expire(running._transaction(scope, IDS.new()), overdue)  # noqa: SLF001 - as the sweep does

    assert len(overdue) == 1
    assert await running.writer.run(give_up) == 0
    assert await states(shop) == ["held"]


async def test_nothing_is_given_up_while_checkout_is_away(shop: LedgerShop, caplog: pytest.LogCaptureFixture) -> None:
    await shop.give(ANNA, "store_credit", 300)
    await shop.reserve("store_credit", 300)
    await shop.store.stop("checkout")
    shop.clock.move(QUARTER_S)

    await until(lambda: any(record.message == "nothing-expired" for record in caplog.records))

    assert await states(shop) == ["held"]


async def test_a_sale_that_comes_late_is_booked_and_listed(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 300)
    reserved = (await shop.reserve("store_credit", 300)).reserved
    shop.clock.move(QUARTER_S)
    await until_states(shop, "expired")
    other = (await shop.reserve("store_credit", 300, sale=2, tender=2)).reserved
    await shop.sell(2, a_tender(2, "store_credit", 300, other))

    await shop.sell(1, a_tender(1, "store_credit", 300, reserved))

    (late,) = (await shop.ask(ListLateCaptures())).captures
    assert (late.sale_id, late.amount, late.balance, late.not_on_time) == (sale_id(1), -300, -300, "expired")
    assert await states(shop) == ["captured", "captured"]
    assert (await shop.balances()).store_credit_available == 0
    assert (await shop.audit()).differences == ()


@pytest.mark.parametrize("whose", [NOBODY, None])
async def test_what_a_sale_pays_or_gives_back_for_nobody_is_listed_and_opens_nothing(
    shop: LedgerShop, whose: CustomerId | None
) -> None:
    """Somebody paid, so a person is to find out who; told again it is listed once."""
    await shop.ask(CreateCustomer(NOBODY, first_name="Walk-in", placeholder=True))

    sold = await shop.sell(
        1, a_tender(1, "cash", 2500), lines=(a_line(100, 2500, "account_payment"),), customer_id=whose
    )
    await shop.tell(sold)
    shop.clock.move(1)
    back = await shop.sell(2, a_tender(2, "store_credit", -400), lines=(a_line(200, -400),), customer_id=NOBODY)

    late = (await shop.ask(ListLateCaptures())).captures
    assert [(each.sale_id, each.ledger, each.holder_id, each.amount, each.booked) for each in late] == [
        (back.sale_id, "store_credit", NOBODY, 400, False),
        (sold.sale_id, "account", whose, -2500, False),
    ]
    assert (await shop.audit()).entries == 0


async def test_a_sale_whose_reservation_was_lost_in_a_restore_is_booked_from_the_sale(shop: LedgerShop) -> None:
    await shop.give(BERT, "store_credit", 500)
    lost = Reserved(reservation_id(sale_id(1), tender_id(1)), "store_credit", HolderId(BERT), 400)

    await shop.sell(1, a_tender(1, "store_credit", 400, lost), customer_id=ANNA)

    assert await shop.entries("store_credit", BERT) == [("issued", 500, 500), ("redeemed", -400, 100)]
    assert [each.not_on_time for each in (await shop.ask(ListLateCaptures())).captures] == ["unknown"]
