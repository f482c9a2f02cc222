"""Tenders that spend a balance: reserved with the real customers service, captured by the sale, let go of otherwise."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from contracts.base import Rejected
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.paying import CompleteSale, RemoveTender, TenderRemoved
from contracts.checkout.selling import AttachCustomer, OpenSale, VoidSale
from contracts.customers.ledgers.accounts import SetAccountTerms
from contracts.customers.ledgers.watching import ListLateCaptures
from contracts.customers.loyalty import JoinLoyalty, SetLoyaltyProgramme
from contracts.customers.vouchers import IssueVoucher, VoucherPrinted
from contracts.every_service import ReadSnapshot
from contracts.ids import SaleId
from contracts.policy import DetailRule, Override, OverrideWhen, PolicySettings
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.clock import SetClock
from services.runtime.requester import NoAnswer
from tests.services.checkout.balance_shop import BalanceShop
from tests.services.checkout.shop import open_shop
from tests.services.checkout.stand_ins import StandInPolicy, asks_for_email


async def test_store_credit_pays_for_a_sale_and_is_captured_with_it(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.give(400)
    sale_id = await balances.opened("tea", "tea")

    paying = await shop.done(shop.tender(sale_id, "store_credit", 400))
    reserved = await balances.credit()
    await shop.done(shop.cash(sale_id, 100))
    sold = await shop.done(CompleteSale(sale_id))

    assert paying.totals.due == 100
    assert reserved == (400, 0)
    assert await balances.credit() == (0, 0)
    (event,) = shop.told_completed()
    assert event.tenders[0].reserved == sold.tenders[0].reserved == paying.tenders[0].reserved
    assert event.customer_group == "all"
    assert (await balances.audited()).differences == ()


async def test_more_than_there_is_is_refused_and_the_sale_stays_as_it_was(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.give(100)
    sale_id = await balances.opened("tea")

    refused = await shop.refused(shop.tender(sale_id, "store_credit", 101))

    assert (refused.code, refused.details["available"]) == ("balance-too-low", 100)
    assert await balances.credit() == (100, 100)
    assert (await shop.done(shop.tender(sale_id, "store_credit", 100))).totals.due == 150


async def test_a_balance_needs_the_customer_on_the_sale(balances: BalanceShop) -> None:
    sale_id = await balances.shop.opened("tea")

    for kind in ("store_credit", "account", "loyalty"):
        assert (await balances.shop.refused(balances.shop.tender(sale_id, kind, 100))).code == "customer-missing"


async def test_a_removed_tender_frees_what_it_reserved(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.give(250)
    sale_id = await balances.opened("tea")
    tender = shop.tender(sale_id, "store_credit", 250)
    await shop.done(tender)

    await shop.done(RemoveTender(sale_id, tender.tender_id))

    assert await balances.credit() == (250, 250)
    assert [each.tender_id for each in shop.store.told(TenderRemoved)] == [tender.tender_id]
    await shop.done(VoidSale(sale_id, "customer_left"))


async def test_a_removed_tender_of_money_is_told_to_nobody(balances: BalanceShop) -> None:
    shop = balances.shop
    sale_id = await shop.opened("tea")
    tender = shop.cash(sale_id, 250)
    await shop.done(tender)

    await shop.done(RemoveTender(sale_id, tender.tender_id))

    assert shop.store.told(TenderRemoved) == []


async def test_what_would_run_out_within_a_minute_is_kept_longer_before_the_sale_is_completed(
    balances: BalanceShop,
) -> None:
    shop = balances.shop
    await balances.give(250)
    sale_id = await balances.opened("tea")
    await shop.done(shop.tender(sale_id, "store_credit", 250))
    balances.clock.move(14 * 60 + 1)

    sold = await shop.done(CompleteSale(sale_id))

    assert sold.status == "completed"
    assert await balances.credit() == (0, 0)
    assert (await balances.manage(ListLateCaptures())).captures == ()


async def test_a_balance_that_ran_out_and_was_spent_elsewhere_does_not_complete_the_sale(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.give(250)
    sale_id = await balances.opened("tea")
    tender = shop.tender(sale_id, "store_credit", 250)
    await shop.done(tender)
    balances.clock.move(15 * 60)
    await _pay_elsewhere(balances)

    refused = await shop.refused(CompleteSale(sale_id))
    await shop.done(RemoveTender(sale_id, tender.tender_id))
    await shop.done(shop.cash(sale_id, 250))
    sold = await shop.done(CompleteSale(sale_id))

    assert refused.code == "balance-too-low"
    assert [each.kind for each in sold.tenders] == ["cash"]
    assert await balances.credit() == (0, 0)


async def test_without_the_customers_service_no_balance_is_taken_and_money_is(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.give(250)
    sale_id = await balances.opened("tea")
    await shop.store.stop("customers")
    await shop.store.unwell("customers")

    with pytest.raises(NoAnswer, match="unavailable"):
        await shop.send(shop.tender(sale_id, "store_credit", 250))
    await shop.done(shop.cash(sale_id, 250))

    assert (await shop.done(CompleteSale(sale_id))).status == "completed"


async def test_a_blocked_payment_reserves_nothing(tmp_path: Path) -> None:
    service = customers(CustomersSettings())
    async with open_shop(tmp_path, customers_service=service) as shop:
        await shop.store.start(StandInPolicy(asks_for_email("required")).service())
        balances = BalanceShop(shop, SetClock(datetime(2026, 3, 14, tzinfo=UTC)), await shop.customer())
        await balances.give(250)
        sale_id = await balances.opened("tea")

        refused = await shop.refused(shop.tender(sale_id, "store_credit", 250))

        assert refused.code == "checkout-blocked"
        assert await balances.credit() == (250, 250)


async def test_a_voucher_pays_by_its_code_for_whoever_holds_it(balances: BalanceShop) -> None:
    shop = balances.shop
    printed = await balances.manage(IssueVoucher(shop.ids.new(), 200))  # type: ignore[arg-type]
    assert isinstance(printed, VoucherPrinted)
    sale_id = await shop.opened("tea")
    tender = shop.tender(sale_id, "voucher", 200)

    missing = await shop.refused(tender)
    wrong = await shop.refused(msgspec.structs.replace(tender, voucher_code="AAAAA-AAAAA-AAAAA-AAAAA"))
    await shop.done(msgspec.structs.replace(tender, voucher_code=printed.code))
    balances.clock.move(14 * 60 + 30)
    await shop.done(shop.cash(sale_id, 50))
    sold = await shop.done(CompleteSale(sale_id))

    assert (missing.code, wrong.code) == ("voucher-not-found", "voucher-not-found")
    assert sold.tenders[0].reserved is not None
    assert str(sold.tenders[0].reserved.holder_id) == printed.voucher.voucher_id
    assert (await balances.audited()).vouchers == 0


async def test_points_and_account_pay_too(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.manage(SetAccountTerms(balances.customer_id, 0, 1000))
    await balances.manage(
        SetLoyaltyProgramme(0, True, "1", Decimal(1), point_value=10, redeem_as="tender", sign_up_bonus=10)
    )
    await balances.manage(JoinLoyalty(balances.customer_id, "1"))
    sale_id = await balances.opened("tea")
    await shop.done(shop.tender(sale_id, "loyalty", 100))
    await shop.done(shop.tender(sale_id, "account", 150))

    sold = await shop.done(CompleteSale(sale_id))
    audited = await balances.audited()

    assert [each.reserved.units for each in sold.tenders if each.reserved] == [10, 150]
    assert (audited.owed, audited.points, audited.differences) == (150, 1, ())


async def test_points_that_are_a_discount_here_are_no_tender(balances: BalanceShop) -> None:
    await balances.manage(SetLoyaltyProgramme(0, True, "1", Decimal(1), sign_up_bonus=500))
    await balances.manage(JoinLoyalty(balances.customer_id, "1"))
    sale_id = await balances.opened("tea")

    assert (await balances.shop.refused(balances.shop.tender(sale_id, "loyalty", 100))).code == "points-not-tender"


async def test_a_sale_put_together_again_names_what_it_spent(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.give(250)
    sale_id = await balances.opened("tea")
    await shop.done(shop.tender(sale_id, "store_credit", 250))
    await shop.done(CompleteSale(sale_id))

    page = await shop.store.send(ReadSnapshot(), caller="customers-2", service="checkout")
    assert not isinstance(page, Rejected)
    events = [
        msgspec.json.decode(entry.payload, type=SaleCompleted)
        for entry in page.entries
        if entry.name == "sale-completed"
    ]

    assert events == shop.told_completed()
    assert events[0].tenders[0].reserved is not None


async def test_the_code_of_a_voucher_stands_in_no_table_of_checkout(balances: BalanceShop) -> None:
    shop = balances.shop
    printed = await balances.manage(IssueVoucher(shop.ids.new(), 200))  # type: ignore[arg-type]
    sale_id = await shop.opened("tea")
    await shop.done(msgspec.structs.replace(shop.tender(sale_id, "voucher", 200), voucher_code=printed.code))

    def everything(connection: Any) -> str:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        rows = [row for name in names for row in connection.execute(text(f'SELECT * FROM "{name}"'))]  # noqa: S608
        return " ".join(str(each) for row in rows for each in row)

    assert printed.code not in await shop.store.read("checkout", everything)


async def _pay_elsewhere(balances: BalanceShop) -> None:
    """Spend the same credit at another register, once the reservation is given up."""
    shop = balances.shop
    sale_id = SaleId(shop.ids.new())
    await shop.done(OpenSale(sale_id), caller="till-2")
    await shop.done(shop.add(sale_id, "tea"), caller="till-2")
    await shop.done(AttachCustomer(sale_id, balances.customer_id), caller="till-2")
    async with asyncio.timeout(20):
        while (await balances.credit())[1] == 0:
            await asyncio.sleep(0.01)
    await shop.done(shop.tender(sale_id, "store_credit", 250), caller="till-2")
    await shop.done(CompleteSale(sale_id), caller="till-2")


async def test_a_balance_of_a_further_kind_is_reserved_unless_policy_blocks_it(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.give(250)
    credit_needs_a_name = Override(
        "it", "at_least", OverrideWhen(tender_kind="store_credit"), last_name=DetailRule("required")
    )
    await shop.policy(PolicySettings(overrides=(credit_needs_a_name,)))
    sale_id = await balances.opened("tea")
    await shop.done(shop.cash(sale_id, 50))
    credit = shop.tender(sale_id, "store_credit", 200)

    refused = await shop.refused(credit)
    blocked = await balances.credit()
    await shop.policy(PolicySettings(last_name=DetailRule("required")))  # what is changed meanwhile stops nothing
    paid = await shop.done(credit)

    assert refused.code == "checkout-blocked"
    assert blocked == (250, 250)
    assert await balances.credit() == (250, 50)
    assert paid.tenders[1].reserved is not None
    assert paid.flags == ()


async def test_without_policy_no_balance_is_reserved_for_a_tender_that_is_refused(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.give(250)
    await shop.store.stop("policy")
    await shop.store.unwell("policy")
    sale_id = await balances.opened("tea")
    credit = shop.tender(sale_id, "store_credit", 250)

    refused = await shop.refused(credit)
    untouched = await balances.credit()
    passed = await shop.send_as(msgspec.structs.replace(credit, pass_unavailable=True), "policy.pass_unavailable")

    assert refused.code == "policy-unavailable"
    assert untouched == (250, 250)
    assert not isinstance(passed, Rejected)
    assert passed.flags == ("policy_unavailable",)
    assert await balances.credit() == (250, 0)
