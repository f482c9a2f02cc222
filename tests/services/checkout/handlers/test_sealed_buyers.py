"""A sale points to who bought where the law wants that known, and customers keeps them under that id."""

from typing import Any

import msgspec

from contracts.base import Rejected
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.paying import CompleteSale
from contracts.checkout.reading import GetSale
from contracts.customers.ledgers.accounts import SetAccountTerms
from contracts.customers.privacy.keeping import BuyerRecord, BuyerRecordId, GetBuyerRecord, ListBuyerRecords
from contracts.every_service import ReadSnapshot
from contracts.ids import SaleId
from tests.services.checkout.balance_shop import BalanceShop


async def kept(balances: BalanceShop, record_id: BuyerRecordId | None) -> Any:
    """What is kept of the buyer under that id, once the customers service has heard of the sale."""
    assert record_id is not None
    await balances.shop.store.followed("checkout", "customers")
    return await balances.shop.store.send(
        GetBuyerRecord(record_id),
        caller="backoffice",
        token=balances.shop.store.token("fiscal.read", caller="backoffice"),
    )


async def records(balances: BalanceShop, sale_id: SaleId) -> list[BuyerRecordId]:
    await balances.shop.store.followed("checkout", "customers")
    found = await balances.shop.store.send(
        ListBuyerRecords(sale_id),
        caller="backoffice",
        token=balances.shop.store.token("fiscal.read", caller="backoffice"),
    )
    assert not isinstance(found, Rejected)
    return [each.record_id for each in found.records]


async def paid(balances: BalanceShop) -> SaleId:
    sale_id = await balances.opened("tea")
    await balances.shop.done(balances.shop.cash(sale_id, 250))
    return sale_id


async def test_a_sale_with_an_invoice_points_to_its_buyer(balances: BalanceShop) -> None:
    shop = balances.shop
    sale_id = await paid(balances)

    sold = await shop.done(CompleteSale(sale_id, seal_buyer="invoice"))

    found = await kept(balances, sold.sealed_buyer_id)
    assert isinstance(found, BuyerRecord)
    assert (found.sale_id, found.customer_id, found.reason) == (sale_id, balances.customer_id, "invoice")
    assert (found.name, found.address) == ("Mia", None)  # what is on file is kept, and the money is never refused
    (told,) = shop.told_completed()
    assert (told.sealed_buyer_id, told.sealed_reason) == (sold.sealed_buyer_id, "invoice")
    assert sold.sealed_reason == "invoice"


async def test_a_sale_that_points_to_its_buyer_is_read_again_as_it_was_told(balances: BalanceShop) -> None:
    shop = balances.shop
    sold = await shop.done(CompleteSale(await paid(balances), seal_buyer="exemption"))

    page = await shop.store.send(ReadSnapshot(), caller="customers-2", service="checkout")
    assert not isinstance(page, Rejected)
    events = [
        msgspec.json.decode(entry.payload, type=SaleCompleted)
        for entry in page.entries
        if entry.name == "sale-completed"
    ]

    assert sold.sealed_reason == "exemption"
    assert await shop.done(GetSale(sold.sale_id)) == sold
    assert events == shop.told_completed()


async def test_whoever_buys_on_account_is_kept_under_the_id_that_the_sale_points_to(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.manage(SetAccountTerms(balances.customer_id, 0, None))
    sale_id = await balances.opened("tea")
    await shop.done(shop.tender(sale_id, "account", 250))

    sold = await shop.done(CompleteSale(sale_id))

    assert sold.sealed_reason == "account"
    assert await records(balances, sale_id) == [sold.sealed_buyer_id]
    assert (await kept(balances, sold.sealed_buyer_id)).reason == "account"


async def test_an_invoice_for_what_is_bought_on_account_is_one_record(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.manage(SetAccountTerms(balances.customer_id, 0, None))
    sale_id = await balances.opened("tea")
    await shop.done(shop.tender(sale_id, "account", 250))

    sold = await shop.done(CompleteSale(sale_id, seal_buyer="invoice"))

    assert sold.sealed_reason == "invoice"
    assert await records(balances, sale_id) == [sold.sealed_buyer_id]


async def test_a_sale_whose_buyer_the_law_does_not_want_points_to_nobody(balances: BalanceShop) -> None:
    sold = await balances.shop.done(CompleteSale(await paid(balances)))

    assert (sold.sealed_buyer_id, sold.sealed_reason) == (None, None)
    assert await records(balances, sold.sale_id) == []


async def test_nobody_is_no_buyer_and_the_sale_is_completed_without_one(balances: BalanceShop) -> None:
    shop = balances.shop
    sale_id = await shop.opened("tea")
    await shop.done(shop.cash(sale_id, 250))

    refused = await shop.refused(CompleteSale(sale_id, seal_buyer="invoice"))
    sold = await shop.done(CompleteSale(sale_id))

    assert (refused.code, refused.details) == ("customer-missing", {"field": "seal_buyer", "seal_buyer": "invoice"})
    assert (sold.status, sold.sealed_buyer_id) == ("completed", None)


async def test_a_placeholder_is_no_buyer(balances: BalanceShop) -> None:
    shop = balances.shop
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, await shop.customer(placeholder=True))
    await shop.done(shop.cash(sale_id, 250))

    assert (await shop.refused(CompleteSale(sale_id, seal_buyer="exemption"))).code == "customer-missing"


async def test_completing_again_with_the_same_id_keeps_one_buyer(balances: BalanceShop) -> None:
    shop = balances.shop
    command, message_id = CompleteSale(await paid(balances), seal_buyer="invoice"), shop.ids.new()

    first = await shop.send(command, message_id=message_id)
    again = await shop.send(command, message_id=message_id)

    assert first == again
    assert len(await records(balances, command.sale_id)) == 1
