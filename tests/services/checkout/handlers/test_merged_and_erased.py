"""What befalls a customer reaches their open sales: merged into another record, taken apart again, erased."""

import asyncio
from pathlib import Path

import pytest

from contracts.base import Rejected
from contracts.checkout import Sale
from contracts.checkout.account_payments import AddAccountPayment
from contracts.checkout.paying import CheckSale, CompleteSale, RemoveTender, SkipPrompt
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import AttachCustomer
from contracts.customers.ledgers.accounts import SetAccountTerms
from contracts.customers.merging import MergeCustomers, MergeId, UndoMerge
from contracts.customers.privacy.erasing import EraseCustomer, ErasureId
from contracts.ids import CustomerId, LineItemId, SaleId
from contracts.policy import ContactRule, PolicySettings
from tests.services.checkout.balance_shop import BalanceShop
from tests.services.checkout.shop import Shop, open_shop
from tests.services.checkout.stand_ins import SlowCustomers

EMAIL = "mia@example.com"
EMAIL_REQUIRED = PolicySettings(contact=ContactRule(level="required", mode="email"))
EMAIL_RECOMMENDED = PolicySettings(contact=ContactRule(level="recommended", mode="email"))


async def the_sale(shop: Shop, sale_id: SaleId) -> Sale:
    return await shop.done(GetSale(sale_id))


async def being_paid(shop: Shop, customer_id: CustomerId) -> Sale:
    """A sale of tea at 2.50 on which 1.00 was paid."""
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, customer_id)
    return await shop.done(shop.cash(sale_id, 100))


async def completed(shop: Shop, sale_id: SaleId) -> Sale:
    await shop.done(shop.cash(sale_id, 150))
    return await shop.done(CompleteSale(sale_id))


async def test_an_open_sale_of_a_merged_customer_is_the_survivors_with_what_is_known_of_them(shop: Shop) -> None:
    await shop.policy(EMAIL_REQUIRED)
    mia, maria = await shop.customer(), await shop.customer(email=EMAIL)
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, mia)
    blocked = await shop.done(CheckSale(sale_id))

    await shop.merged(mia, maria)

    sale = await the_sale(shop, sale_id)
    assert (sale.customer_id, sale.decision) == (maria, None)
    checked = await shop.done(CheckSale(sale_id))
    assert blocked.decision is not None
    assert checked.decision is not None
    assert (blocked.decision.outcome, checked.decision.outcome) == ("block", "proceed")


async def test_what_was_skipped_stays_with_the_survivor(shop: Shop) -> None:
    await shop.policy(EMAIL_RECOMMENDED)
    mia, maria = await shop.customer(), await shop.customer()
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, mia)
    await shop.done(CheckSale(sale_id))
    skipped = await shop.done(SkipPrompt(sale_id, "contact", "customer_declined"))

    await shop.merged(mia, maria)

    assert (await the_sale(shop, sale_id)).skips == skipped.skips != ()


async def test_a_decision_that_is_held_stays_as_it_was_when_the_customer_is_merged(shop: Shop) -> None:
    await shop.policy(EMAIL_REQUIRED)
    mia, maria = await shop.customer(email=EMAIL), await shop.customer()
    paying = await being_paid(shop, mia)

    await shop.merged(mia, maria)

    merged = await the_sale(shop, paying.sale_id)
    assert (merged.customer_id, merged.decision) == (maria, paying.decision)
    sold = await completed(shop, paying.sale_id)
    assert (sold.customer_id, sold.flags) == (maria, ())
    assert shop.told_completed()[-1].customer_id == maria


async def test_who_was_asked_about_before_they_were_merged_is_attached_as_the_survivor(tmp_path: Path) -> None:
    slow = SlowCustomers()
    async with open_shop(tmp_path, customers_service=slow.service()) as shop:
        mia, maria = await shop.customer(), await shop.customer()
        sale_id = await shop.opened("tea")
        sending = asyncio.create_task(shop.attached(sale_id, mia))
        await slow.asked.wait()

        await shop.merged(mia, maria)
        slow.answer.set()

        assert (await sending).customer_id == maria


async def parted(shop: Shop, merge_id: MergeId) -> None:
    """A merge that was undone, and checkout has heard of it."""
    await shop.store.send(UndoMerge(merge_id), token=shop.store.token("customer.merge"))
    await shop.store.followed("customers", "checkout")


async def test_a_merge_that_is_undone_gives_the_sale_back_to_whose_it_was(shop: Shop) -> None:
    await shop.policy(EMAIL_REQUIRED)
    mia, maria = await shop.customer(), await shop.customer(email=EMAIL)
    hers, theirs = await shop.opened("tea"), await shop.opened("tea", caller="till-2")
    await shop.attached(hers, mia)
    merge_id = await shop.merged(mia, maria)
    await shop.done(AttachCustomer(theirs, mia), caller="till-2")

    await parted(shop, merge_id)

    assert (await the_sale(shop, hers)).customer_id == mia
    checked = await shop.done(CheckSale(hers))
    assert checked.decision is not None
    assert checked.decision.outcome == "block"  # by what is known of her alone
    assert (await shop.done(GetSale(theirs), caller="till-2")).customer_id == maria


async def test_a_merge_that_is_undone_leaves_the_sale_with_whoever_was_attached_since(shop: Shop) -> None:
    mia, maria = await shop.customer(), await shop.customer()
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, mia)
    merge_id = await shop.merged(mia, maria)
    await shop.attached(sale_id, maria)

    await parted(shop, merge_id)

    assert (await the_sale(shop, sale_id)).customer_id == maria
    assert (await shop.attached(sale_id, mia)).customer_id == mia


async def test_merges_of_merged_customers_give_the_sale_back_one_after_another(shop: Shop) -> None:
    mia, maria, rosa = [await shop.customer() for _ in range(3)]
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, mia)
    inner = await shop.merged(mia, maria)
    token = shop.store.token("customer.merge")
    outer = MergeId(shop.ids.new())
    await shop.store.send(MergeCustomers(outer, rosa, maria, 1, 2), token=token)

    await parted(shop, outer)
    between = (await the_sale(shop, sale_id)).customer_id
    await parted(shop, inner)

    assert (between, (await the_sale(shop, sale_id)).customer_id) == (maria, mia)


async def test_a_sale_on_account_is_owed_by_whose_it_is_when_a_merge_is_undone(balances: BalanceShop) -> None:
    shop, mia, maria = balances.shop, balances.customer_id, await balances.shop.customer()
    await balances.manage(SetAccountTerms(mia, 0, 100_000))
    sale_id = await balances.opened("tea")
    await shop.done(shop.tender(sale_id, "account", 250))

    await parted(shop, await shop.merged(mia, maria))
    sold = await shop.done(CompleteSale(sale_id))

    assert sold.customer_id == shop.told_completed()[-1].customer_id == mia
    owed = [(await balances.statement(each)).owed_after for each in (mia, maria)]
    assert owed == [250, 0]
    assert (await balances.audited()).differences == ()


async def test_a_balance_that_stayed_with_the_survivor_is_kept_longer_there(balances: BalanceShop) -> None:
    """The sale is the loser's again; what it spends was kept for it when the merge was undone and has not gone back."""
    shop, mia, maria = balances.shop, balances.customer_id, await balances.shop.customer()
    await balances.give(250)
    sale_id = await balances.opened("tea")
    await shop.done(shop.tender(sale_id, "store_credit", 250))
    await parted(shop, await shop.merged(mia, maria))
    balances.clock.move(14 * 60 + 30)

    sold = await shop.done(CompleteSale(sale_id))

    assert sold.customer_id == mia
    assert await balances.credit() == (0, 0)
    audited = await balances.audited()
    assert (audited.store_credit, audited.differences) == (0, ())


async def test_points_go_with_the_last_tender_of_a_customer_who_is_gone(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    sale = await balances.redeemed(100, "tea")
    paid = await shop.done(shop.cash(sale.sale_id, 100))
    await gone(balances)

    left = await shop.done(RemoveTender(sale.sale_id, paid.tenders[0].tender_id))
    await shop.done(shop.cash(sale.sale_id, 250))
    sold = await shop.done(CompleteSale(sale.sale_id))

    assert (left.customer_id, left.redemption, left.totals.total) == (None, None, 250)
    assert (sold.status, sold.redemption) == ("completed", None)


async def test_a_payment_on_an_account_goes_with_the_last_tender_of_a_customer_who_is_gone(
    balances: BalanceShop,
) -> None:
    shop = balances.shop
    sale_id = await balances.opened("tea")
    await shop.done(AddAccountPayment(sale_id, LineItemId(shop.ids.new()), 300))
    paid = await shop.done(shop.cash(sale_id, 100))
    await shop.erased(balances.customer_id)

    left = await shop.done(RemoveTender(sale_id, paid.tenders[0].tender_id))

    assert (left.totals.total, left.transaction_kind) == (250, "sale")


async def test_what_was_taken_of_a_customer_who_is_gone_does_not_hold_the_sale_up(balances: BalanceShop) -> None:
    """Money has moved beside it: what they paid is booked late, and a person looks at it."""
    shop = balances.shop
    await balances.give(100)
    sale_id = await balances.opened("tea")
    await shop.done(shop.tender(sale_id, "store_credit", 100))
    await shop.done(shop.cash(sale_id, 150))
    await gone(balances)

    sold = await shop.done(CompleteSale(sale_id))

    assert (sold.status, sold.customer_id, sold.totals.due) == ("completed", None, 0)


async def gone(balances: BalanceShop) -> None:
    """What is kept for the sale runs out, and its customer is erased."""
    shop = balances.shop
    balances.clock.move(20 * 60)

    token = shop.store.token("customer.erase", caller="hub")
    while True:  # until what was kept is free
        command = EraseCustomer(ErasureId(shop.ids.new()), balances.customer_id, give_up_balances=True)
        made = await shop.store.send(command, caller="hub", token=token)
        if not isinstance(made, Rejected):
            break
        assert made.code == "balance-open"
    await shop.store.followed("customers", "checkout")


async def test_the_open_sale_of_a_customer_who_is_erased_is_nobodys(shop: Shop) -> None:
    await shop.policy(EMAIL_RECOMMENDED)
    mia = await shop.customer()
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, mia)
    await shop.done(CheckSale(sale_id))
    await shop.done(SkipPrompt(sale_id, "contact", "customer_declined"))

    await shop.erased(mia)

    sale = await the_sale(shop, sale_id)
    assert (sale.customer_id, sale.customer_group, sale.decision, sale.skips) == (None, None, None, ())


async def test_a_sale_that_is_being_paid_completes_without_the_customer_who_is_erased(shop: Shop) -> None:
    await shop.policy(EMAIL_REQUIRED)
    mia = await shop.customer(email=EMAIL)
    paying = await being_paid(shop, mia)

    await shop.erased(mia)

    now = await the_sale(shop, paying.sale_id)
    assert (now.customer_id, now.decision, now.tenders) == (None, paying.decision, paying.tenders)
    sold = await completed(shop, paying.sale_id)
    assert (sold.status, sold.customer_id, sold.flags) == ("completed", None, ())


async def test_an_erasure_reaches_the_sales_of_every_record_that_the_customer_had(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        mia, maria = await shop.customer(), await shop.customer()
        sale_id = await shop.opened("tea")
        await shop.attached(sale_id, mia)
        await shop.merged(mia, maria)
        other = await shop.opened("tea", caller="till-2")
        await shop.done(AttachCustomer(other, mia), caller="till-2")

        await shop.erased(maria)

        assert (await the_sale(shop, sale_id)).customer_id is None
        assert (await shop.done(GetSale(other), caller="till-2")).customer_id is None


async def test_who_was_asked_about_before_they_were_erased_is_not_attached(tmp_path: Path) -> None:
    slow = SlowCustomers()
    async with open_shop(tmp_path, customers_service=slow.service()) as shop:
        mia = await shop.customer()
        sale_id = await shop.opened("tea")
        attaching = shop.send(AttachCustomer(sale_id, mia))
        sending = asyncio.create_task(attaching)
        await slow.asked.wait()

        await shop.erased(mia)
        slow.answer.set()

        refused = await sending
        assert isinstance(refused, Rejected)
        assert refused.code == "customer-not-found"


@pytest.mark.parametrize("befalls", ["merged", "erased"])
async def test_completed_sales_keep_the_customer_they_were_completed_with(shop_with_policy: Shop, befalls: str) -> None:
    shop = shop_with_policy
    mia, maria = await shop.customer(), await shop.customer()
    sold = await completed(shop, (await being_paid(shop, mia)).sale_id)

    if befalls == "merged":
        await shop.merged(mia, maria)
    else:
        await shop.erased(mia)

    assert await the_sale(shop, sold.sale_id) == sold
