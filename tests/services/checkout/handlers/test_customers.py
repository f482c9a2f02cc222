"""Whose sale it is, and what becomes known of them."""

import asyncio
from pathlib import Path

import pytest

from contracts.checkout import RegisterSale
from contracts.checkout.paying import CheckSale
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import AttachCustomer
from contracts.customers import UpdateCustomer
from contracts.ids import CustomerId, SaleId
from contracts.policy import ContactRule, PolicySettings
from services.checkout.store.sales import SaleStore
from services.runtime.requester import NoAnswer
from tests.services.checkout.shop import Shop, open_shop
from tests.services.checkout.stand_ins import SlowCustomers
from tests.under_test import until


async def test_a_customer_is_attached_by_id_and_taken_off_again(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    mia = await shop.customer()

    assert (await shop.attached(sale_id, mia)).customer_id == mia
    assert (await shop.attached(sale_id, None)).customer_id is None


async def test_a_customer_that_is_not_on_file_is_not_attached(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    mia = await shop.customer()
    await shop.attached(sale_id, mia)

    refused = await shop.refused(AttachCustomer(sale_id, CustomerId(shop.ids.new())))

    assert refused.code == "customer-not-found"
    assert (await shop.done(GetSale(sale_id))).customer_id == mia


async def test_without_the_customers_service_nobody_is_attached(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    mia = await shop.customer()
    await shop.store.stop("customers")
    token = shop.store.token("sale.sell", caller="till-1")

    with pytest.raises(NoAnswer, match="unavailable"):
        await shop.store.send(AttachCustomer(sale_id, mia), token=token)

    assert (await shop.done(GetSale(sale_id))).customer_id is None


async def test_the_customer_of_a_sale_that_is_being_paid_or_ended_stays(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")
    mia = await shop.customer()
    await shop.attached(sale_id, mia)
    await shop.done(shop.cash(sale_id, 100))

    assert (await shop.refused(AttachCustomer(sale_id, None))).code == "sale-being-paid"
    assert (await shop.refused(AttachCustomer(SaleId(shop.ids.new()), mia))).code == "sale-not-found"
    assert (await shop.done(GetSale(sale_id))).customer_id == mia


async def test_what_becomes_known_of_a_customer_reaches_the_open_sale(shop: Shop) -> None:
    await shop.policy(PolicySettings(contact=ContactRule(level="required", mode="email")))
    mia = await shop.customer()
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, mia)
    blocked = await shop.done(CheckSale(sale_id))
    assert blocked.decision is not None
    assert blocked.decision.outcome == "block"

    await shop.done(UpdateCustomer(mia, 1, emails=("mia@example.com",)))
    await shop.store.followed("customers", "checkout")

    refreshed = await shop.done(GetSale(sale_id))
    assert refreshed.decision is None
    assert refreshed.revision > blocked.revision
    checked = await shop.done(CheckSale(sale_id))
    assert checked.decision is not None
    assert checked.decision.outcome == "proceed"

    def shown() -> bool:
        state: RegisterSale | None = shop.store.retained(RegisterSale, register="till-1")
        return state is not None and state.sale == checked

    await until(shown)


async def give_email(shop: Shop, customer_id: CustomerId) -> None:
    """Change a customer, and wait until checkout has heard of it."""
    await shop.done(UpdateCustomer(customer_id, 1, emails=("mia@example.com",)))
    await shop.store.followed("customers", "checkout")


async def test_facts_that_were_asked_for_before_a_change_was_heard_are_asked_for_again(tmp_path: Path) -> None:
    slow = SlowCustomers()
    async with open_shop(tmp_path, customers_service=slow.service()) as shop:
        mia = await shop.customer()
        sale_id = await shop.opened("tea")
        sending = asyncio.create_task(shop.attached(sale_id, mia))
        await slow.asked.wait()

        await give_email(shop, mia)
        slow.answer.set()
        await sending

        stored = await shop.store.read("checkout", lambda connection: SaleStore(connection).find_open(sale_id))

    assert stored is not None
    assert stored.sale.customer is not None
    assert (stored.sale.customer.revision, stored.sale.customer.has_email) == (2, True)


async def test_a_change_heard_before_facts_were_asked_for_keeps_nobody_from_being_attached(tmp_path: Path) -> None:
    """A customers service that was restored may tell a lower revision than was heard once."""
    slow = SlowCustomers()
    async with open_shop(tmp_path, customers_service=slow.service()) as shop:
        mia = await shop.customer()
        sale_id = await shop.opened("tea")
        await give_email(shop, mia)
        slow.revision = 1
        slow.answer.set()

        assert (await shop.attached(sale_id, mia)).customer_id == mia


async def test_what_becomes_known_of_others_leaves_the_sale_alone(shop: Shop) -> None:
    mia, noah = await shop.customer(), await shop.customer()
    sale_id = await shop.opened("tea")
    before = await shop.attached(sale_id, mia)

    await shop.done(UpdateCustomer(noah, 1, emails=("noah@example.com",)))
    await shop.store.followed("customers", "checkout")

    assert await shop.done(GetSale(sale_id)) == before
