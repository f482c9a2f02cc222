"""Points as a discount: reserved with the real customers service, captured by the sale, free again otherwise."""

import asyncio
from decimal import Decimal

import msgspec
import pytest
from sqlalchemy import text

from contracts.base import Rejected
from contracts.checkout import RegisterSale
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.decided import CheckoutDecided
from contracts.checkout.paying import CheckSale, CompleteSale, RemoveTender
from contracts.checkout.reading import GetSale
from contracts.checkout.redeeming import RedemptionRemoved, RemoveRedemption
from contracts.checkout.selling import AttachCustomer, RemoveLineItem, SetQuantity, VoidSale
from contracts.customers.ledgers.watching import LateCapture, ListLateCaptures
from contracts.customers.loyalty import SetLoyaltyProgramme
from contracts.every_service import ReadSnapshot
from contracts.policy import ContactRule, PolicySettings
from services.runtime.requester import NoAnswer
from tests.services.checkout.balance_shop import BalanceShop
from tests.under_test import until

MINUTE_S = 60


async def late(balances: BalanceShop) -> list[LateCapture]:
    """What was booked although it was not reserved any more."""
    await balances.shop.store.followed("checkout", "customers")
    return list((await balances.manage(ListLateCaptures())).captures)


async def test_points_come_off_the_lines_and_are_captured_with_the_sale(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(200, "tea", "cola")
    kept = await balances.points()
    await shop.done(shop.cash(redeemed.sale_id, 174))
    sold = await shop.done(CompleteSale(redeemed.sale_id))

    assert kept == (50, 30)
    assert redeemed.redemption is not None
    assert (redeemed.redemption.amount, redeemed.redemption.reserved.units) == (200, 20)
    assert [(line.discount, line.amount) for line in redeemed.lines] == [(143, 107), (57, 42), (0, 25)]
    assert (redeemed.totals.total, redeemed.totals.due) == (174, 174)
    assert await balances.points() == (31, 31)  # 20 are spent, and what was paid earns one
    (event,) = shop.told_completed()
    assert event.redemption == sold.redemption == redeemed.redemption
    assert [line.redeemed for line in event.lines] == [143, 57, 0]
    assert sum(line.amount for line in event.lines) == event.total == 174
    assert (await balances.audited()).differences == ()
    assert await late(balances) == []


async def test_the_register_sees_what_points_take_off(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)

    redeemed = await balances.redeemed(200, "tea")

    def is_shown() -> bool:
        state = shop.store.retained(RegisterSale, register="till-1")
        return state is not None and state.sale == redeemed

    await until(is_shown)


async def test_a_sale_with_points_is_read_again_as_it_was_told(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(200, "tea", "cola")
    await shop.done(shop.cash(redeemed.sale_id, 174))
    sold = await shop.done(CompleteSale(redeemed.sale_id))

    page = await shop.store.send(ReadSnapshot(), caller="customers-2", service="checkout")
    assert not isinstance(page, Rejected)
    events = [
        msgspec.json.decode(entry.payload, type=SaleCompleted)
        for entry in page.entries
        if entry.name == "sale-completed"
    ]

    assert await shop.done(GetSale(redeemed.sale_id)) == sold
    assert events == shop.told_completed()


async def test_a_voided_sale_frees_its_points_and_is_read_again_as_it_was(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(200, "tea")

    voided = await shop.done(VoidSale(redeemed.sale_id, "customer_left"))

    assert await shop.done(GetSale(redeemed.sale_id)) == voided
    assert await balances.points() == (50, 50)


async def test_a_sale_that_points_pay_for_is_completed_once_policy_was_asked(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(250, "tea")

    sold = await shop.done(CompleteSale(redeemed.sale_id))

    assert (sold.status, sold.totals.total, sold.tenders, sold.flags) == ("completed", 0, (), ())
    assert [(each.total, each.outcome) for each in shop.store.told(CheckoutDecided)] == [(0, "proceed")]
    assert await balances.points() == (25, 25)


async def test_policy_stops_a_sale_that_points_pay_for_and_the_points_stay_reserved(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    await shop.policy(PolicySettings(contact=ContactRule(level="required", mode="email")))
    redeemed = await balances.redeemed(250, "tea")

    refused = await shop.refused(CompleteSale(redeemed.sale_id))

    assert refused.code == "checkout-blocked"
    assert await balances.points() == (50, 25)


async def test_a_check_is_about_the_sale_with_its_points(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    sale_id = await balances.opened("tea")
    await shop.done(CheckSale(sale_id))

    redeemed = await shop.done(balances.redeem(sale_id, 200))
    await shop.done(shop.cash(sale_id, 50))
    sold = await shop.done(CompleteSale(sale_id))

    assert redeemed.decision is None
    assert [each.total for each in shop.store.told(CheckoutDecided)] == [250, 50]
    assert sold.flags == ()


async def test_points_that_are_given_back_are_free_and_told(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(200, "tea")
    assert redeemed.redemption is not None

    back = await shop.done(RemoveRedemption(redeemed.sale_id, redeemed.redemption.redemption_id))

    assert (back.redemption, back.totals.due, back.lines[0].discount) == (None, 250, 0)
    assert await balances.points() == (50, 50)
    (told,) = shop.store.told(RedemptionRemoved)
    assert (told.redemption_id, told.amount) == (redeemed.redemption.redemption_id, 200)
    assert told.reserved == redeemed.redemption.reserved


async def test_another_customer_frees_the_points_and_pays_the_whole(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(200, "tea")

    theirs = await shop.attached(redeemed.sale_id, await shop.customer())

    assert (theirs.redemption, theirs.totals.due) == (None, 250)
    assert await balances.points() == (50, 50)
    assert len(shop.store.told(RedemptionRemoved)) == 1


async def test_goods_that_come_to_less_take_fewer_points_and_the_rest_is_free_with_the_sale(
    balances: BalanceShop,
) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(340, "tea", "cola")
    (tea, cola, _) = redeemed.lines

    less = await shop.done(RemoveLineItem(redeemed.sale_id, cola.line_item_id))
    back = await shop.done(SetQuantity(redeemed.sale_id, tea.line_item_id, Decimal(2)))
    again = await shop.done(SetQuantity(redeemed.sale_id, tea.line_item_id, Decimal(1)))
    await shop.done(CompleteSale(redeemed.sale_id))

    shown = [(each.redemption.amount, each.totals.due) for each in (less, back, again) if each.redemption]
    assert shown == [(250, 0), (340, 160), (250, 0)]
    assert await balances.points() == (25, 25)
    assert (await balances.audited()).differences == ()


async def test_what_cannot_be_redeemed_says_why_and_nothing_is_reserved(balances: BalanceShop) -> None:
    shop = balances.shop
    stranger = balances.redeem(await balances.opened("tea"), 100)
    not_joined = await shop.refused(stranger)
    await balances.join(20)

    refused = [await shop.refused(balances.redeem(stranger.sale_id, amount)) for amount in (105, 210, 260)]
    nobody = await shop.opened("tea", caller="till-2")

    assert not_joined.code == "loyalty-not-joined"
    assert [each.code for each in refused] == ["points-worthless", "balance-too-low", "redemption-too-large"]
    assert [each.details.get("field") for each in refused] == ["amount", "amount", "amount"]
    assert refused[2].details["most"] == 250
    assert (await shop.refused(balances.redeem(nobody, 100), caller="till-2")).code == "customer-missing"
    assert await balances.points() == (20, 20)


async def test_points_that_are_a_tender_here_are_no_discount(balances: BalanceShop) -> None:
    await balances.join(50, redeem_as="tender")
    sale_id = await balances.opened("tea")

    assert (await balances.shop.refused(balances.redeem(sale_id, 100))).code == "points-not-discount"
    assert await balances.points() == (50, 50)


async def test_a_redemption_sent_again_is_one_redemption(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    command = balances.redeem(await balances.opened("tea", "tea"), 200)
    message_id = shop.ids.new()

    first = await shop.send(command, message_id=message_id)
    again = await shop.send(command, message_id=message_id)
    anew = await shop.refused(command)

    assert first == again
    assert anew.code == "redemption-exists"
    assert await balances.points() == (50, 30)


async def test_while_the_sale_is_being_paid_its_points_stay(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(100, "tea")
    assert redeemed.redemption is not None
    tender = shop.cash(redeemed.sale_id, 50)
    await shop.done(tender)
    remove = RemoveRedemption(redeemed.sale_id, redeemed.redemption.redemption_id)

    refused = [await shop.refused(remove), await shop.refused(balances.redeem(redeemed.sale_id, 100))]
    await shop.done(RemoveTender(redeemed.sale_id, tender.tender_id))
    await shop.done(remove)

    assert [each.code for each in refused] == ["sale-being-paid", "sale-being-paid"]
    assert await balances.points() == (50, 50)


async def test_without_the_customers_service_no_points_come_off(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    sale_id = await balances.opened("tea")
    await shop.store.stop("customers")
    await shop.store.unwell("customers")

    with pytest.raises(NoAnswer, match="unavailable"):
        await shop.send(balances.redeem(sale_id, 100))

    assert (await shop.done(GetSale(sale_id))).redemption is None


# Time


async def test_points_are_kept_long_enough_to_pay_before_the_first_tender(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(200, "tea")
    balances.clock.move(4 * MINUTE_S)  # eleven are left
    await shop.done(shop.cash(redeemed.sale_id, 20))
    enough = await kept_until(balances)
    tender = await shop.done(GetSale(redeemed.sale_id))
    await shop.done(RemoveTender(redeemed.sale_id, tender.tenders[0].tender_id))
    balances.clock.move(2 * MINUTE_S)  # nine are left

    await shop.done(shop.cash(redeemed.sale_id, 20))

    assert enough == "2026-03-14T10:15:00.000000Z"
    assert await kept_until(balances) == "2026-03-14T10:21:00.000000Z"


async def test_points_that_ran_out_while_the_sale_was_paid_are_reserved_again_before_it_is_completed(
    balances: BalanceShop,
) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(200, "tea")
    await shop.done(shop.cash(redeemed.sale_id, 50))
    balances.clock.move(15 * MINUTE_S)
    await _given_up(balances)

    await shop.done(CompleteSale(redeemed.sale_id))

    assert await balances.points() == (30, 30)
    assert await late(balances) == []


async def test_what_would_run_out_within_a_minute_is_kept_longer_before_the_sale_is_completed(
    balances: BalanceShop,
) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(250, "tea")
    balances.clock.move(14 * MINUTE_S + 1)

    await shop.done(CompleteSale(redeemed.sale_id))

    assert await balances.points() == (25, 25)
    assert await late(balances) == []


async def test_what_was_agreed_stays_although_the_programme_has_changed(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    redeemed = await balances.redeemed(250, "tea")
    await balances.manage(SetLoyaltyProgramme(1, True, "2", Decimal(1), point_value=20, redeem_as="tender"))
    balances.clock.move(14 * MINUTE_S + 1)

    await shop.done(CompleteSale(redeemed.sale_id))

    assert await balances.points() == (25, 25)
    assert await late(balances) == []


async def test_points_that_were_spent_elsewhere_neither_complete_a_sale_nor_begin_its_payment(
    balances: BalanceShop,
) -> None:
    shop = balances.shop
    await balances.join(25)
    redeemed = await balances.redeemed(250, "tea", "cola")
    assert redeemed.redemption is not None
    balances.clock.move(15 * MINUTE_S)
    await _redeem_elsewhere(balances, 250)

    refused = await shop.refused(shop.cash(redeemed.sale_id, 124))
    await shop.done(RemoveRedemption(redeemed.sale_id, redeemed.redemption.redemption_id))
    await shop.done(shop.cash(redeemed.sale_id, 374))
    await shop.done(CompleteSale(redeemed.sale_id))

    assert (refused.code, refused.details["available"]) == ("balance-too-low", 0)
    assert await balances.points() == (3, 3)
    assert await late(balances) == []


async def test_a_price_that_was_paid_is_not_refused_and_the_points_are_booked_late_and_listed(
    balances: BalanceShop,
) -> None:
    shop = balances.shop
    await balances.join(25)
    redeemed = await balances.redeemed(250, "tea", "cola")
    await shop.done(shop.cash(redeemed.sale_id, 124))
    balances.clock.move(15 * MINUTE_S)
    await _redeem_elsewhere(balances, 250)

    sold = await shop.done(CompleteSale(redeemed.sale_id))

    assert (sold.status, sold.totals.total) == ("completed", 124)
    (listed,) = await late(balances)
    assert (listed.sale_id, listed.amount, listed.not_on_time) == (sold.sale_id, -25, "expired")
    assert await balances.points() == (-25, 0)
    assert (await balances.audited()).differences == ()


async def kept_until(balances: BalanceShop) -> str:
    """Until when the only reservation there is holds."""
    return await balances.shop.store.read(
        "customers", lambda connection: connection.execute(text("SELECT expires_at FROM reservation")).scalar_one()
    )


async def _given_up(balances: BalanceShop) -> None:
    """Wait until reserved points whose time is over are free."""
    async with asyncio.timeout(20):
        while len(set(await balances.points())) > 1:
            await asyncio.sleep(0.01)


async def _redeem_elsewhere(balances: BalanceShop, amount: int) -> None:
    """Redeem the same points at another register, once the reservation is given up."""
    shop = balances.shop
    sale_id = await shop.opened("tea", caller="till-2")
    await shop.done(AttachCustomer(sale_id, balances.customer_id), caller="till-2")
    await _given_up(balances)
    await shop.done(balances.redeem(sale_id, amount), caller="till-2")
    await shop.done(CompleteSale(sale_id), caller="till-2")
