"""What is read of sales, retained for registers and handed to new followers."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from contracts.checkout import RegisterSale
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.paying import CompleteSale
from contracts.checkout.reading import FindSalesBySerial, GetReceipt, GetSale, SalesWithSerial
from contracts.checkout.selling import SetQuantity, VoidSale
from contracts.every_service import ReadSnapshot, SnapshotPage
from contracts.ids import SaleId
from services.checkout.handlers import queries
from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from tests.services.checkout.shop import Shop, open_shop
from tests.under_test import until


async def test_a_register_reads_its_own_sales_and_the_hub_all(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale = await shop.completed("tea")
    opened = await shop.opened("tea")
    await shop.opened(caller="till-2")

    assert await shop.done(GetSale(sale.sale_id)) == sale
    assert await shop.done(GetSale(sale.sale_id), caller="hub") == sale
    assert (await shop.done(GetSale(opened), caller="hub")).status == "open"
    for sale_id in (sale.sale_id, opened, SaleId(shop.ids.new())):
        assert (await shop.refused(GetSale(sale_id), caller="till-2")).code == "sale-not-found"


@pytest.mark.parametrize("caller", ["till-2", "back-office", "hub-2", "devices-x"])
async def test_a_caller_that_never_sold_reads_nothing_of_others_sales(shop_with_policy: Shop, caller: str) -> None:
    shop = shop_with_policy
    sale = await shop.completed("tea")
    opened = await shop.opened("tea")

    for sale_id in (sale.sale_id, opened):
        assert (await shop.refused(GetSale(sale_id), caller=caller)).code == "sale-not-found"
        assert (await shop.refused(GetReceipt(sale_id), caller=caller)).code == "sale-not-found"


@pytest.mark.parametrize("caller", ["till-1", "hub", "devices", "devices-2"])
async def test_a_receipt_is_read_by_its_register_the_hub_and_services(shop_with_policy: Shop, caller: str) -> None:
    sale = await shop_with_policy.completed("tea")

    assert (await shop_with_policy.done(GetReceipt(sale.sale_id), caller=caller)).sale == sale


async def test_a_receipt_shows_the_sale_the_store_and_the_time_on_its_wall(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale = await shop.completed("tea")

    receipt = await shop.done(GetReceipt(sale.sale_id), caller="devices")

    assert receipt.sale == sale
    assert receipt.store.country == "DE"
    assert receipt.local_time[-6:] in ("+01:00", "+02:00")
    assert receipt.language == "en"


async def test_only_a_completed_sale_has_a_receipt(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    opened = await shop.refused(GetReceipt(sale_id))
    await shop.done(VoidSale(sale_id, "test"))
    voided = await shop.refused(GetReceipt(sale_id))
    missing = await shop.refused(GetReceipt(SaleId(shop.ids.new())))

    assert [each.code for each in (opened, voided, missing)] == [
        "sale-not-completed",
        "sale-not-completed",
        "sale-not-found",
    ]


async def test_after_a_restart_every_register_is_shown_what_it_had(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.policy()
        await shop.completed("tea")
        sale_id = await shop.opened("tea", caller="till-2")
        before = await shop.done(GetSale(sale_id), caller="till-2")
        await shop.store.stop("checkout")
        told = len(shop.store.broker.published)
        await shop.store.start(checkout(CheckoutSettings()))

        def shown(register: str) -> RegisterSale | None:
            topic = shop.store.topics.private(RegisterSale, register)
            states = [each.payload for each in shop.store.broker.published[told:] if each.topic == topic]
            return msgspec.json.decode(states[-1], type=RegisterSale) if states else None

        await until(lambda: shown("till-1") is not None and shown("till-2") is not None)
        empty, opened = shown("till-1"), shown("till-2")

    assert empty is not None
    assert empty.sale is None
    assert empty.revision > 0
    assert opened is not None
    assert opened.sale == before


async def test_a_snapshot_holds_completed_sales_as_they_were_told(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sales = [await shop.completed("tea", "cola") for _ in range(3)]
    voided = await shop.opened("tea")
    await shop.done(VoidSale(voided, "test"))

    page = await _page(shop, None, None)

    told = [msgspec.json.decode(entry.payload, type=SaleCompleted) for entry in page.entries]
    assert told == shop.told_completed()
    assert [event.sale_id for event in told] == [sale.sale_id for sale in sales]
    assert page.next is None


async def test_a_long_snapshot_comes_in_pieces(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    for _ in range(queries.SALES_A_PIECE + 1):
        await shop.completed("tea")

    first = await _page(shop, None, None)
    last = await _page(shop, first.number, first.next)

    assert len(first.entries) == queries.SALES_A_PIECE
    assert first.next is not None
    assert (len(last.entries), last.next) == (1, None)
    ids = {entry.event_id for page in (first, last) for entry in page.entries}
    assert len(ids) == queries.SALES_A_PIECE + 1


async def test_a_snapshot_of_an_earlier_number_leaves_out_what_came_later(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    first = await shop.completed("tea")
    number = (await _page(shop, None, None)).number
    await shop.completed("tea")

    page = await _page(shop, number, None)

    assert [msgspec.json.decode(entry.payload, type=SaleCompleted).sale_id for entry in page.entries] == [first.sale_id]


async def _page(shop: Shop, number: int | None, following: str | None) -> SnapshotPage:
    reply = await shop.store.send(ReadSnapshot(number, following), service="checkout", caller="hub")
    assert isinstance(reply, SnapshotPage)
    return reply


async def test_a_piece_is_found_by_its_serial_number_with_its_sale_and_customer(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    customer_id = await shop.customer()
    sale_id = await shop.opened()
    two_teas = msgspec.structs.replace(shop.add(sale_id, "tea", "2"), serial_numbers=("T-1", "T-2"))
    await shop.done(two_teas)
    await shop.attached(sale_id, customer_id)
    await shop.done(shop.cash(sale_id, 10_000))
    sale = await shop.done(CompleteSale(sale_id))
    voided = await shop.opened()
    await shop.done(msgspec.structs.replace(shop.add(voided), serial_numbers=("T-2",)))
    await shop.done(VoidSale(voided, "mistake"))

    found = await shop.done(FindSalesBySerial("T-2"), caller="till-2")

    assert [(each.sale_id, each.receipt_number, each.customer_id, each.line_item_id) for each in found.sales] == [
        (sale_id, sale.receipt_number, customer_id, two_teas.line_item_id)
    ]
    assert sale.lines[0].serial_numbers == ("T-1", "T-2")
    assert (await shop.done(GetSale(sale_id))).lines[0].serial_numbers == ("T-1", "T-2")
    assert await shop.done(FindSalesBySerial("T-3")) == SalesWithSerial(())


async def test_every_serial_number_is_one_pieces(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened()

    async def code(*serial_numbers: str, quantity: str = "2") -> str:
        added = shop.add(sale_id, "tea", quantity)
        return (await shop.refused(msgspec.structs.replace(added, serial_numbers=serial_numbers))).code

    assert await code("T-1", "T-1") == "serials-invalid"
    assert await code("T-1", "T-2", "T-3") == "serials-invalid"
    both = msgspec.structs.replace(shop.add(sale_id, "tea", "2"), serial_numbers=("T-1", "T-2"))
    await shop.done(both)
    assert (await shop.refused(SetQuantity(sale_id, both.line_item_id, Decimal(1)))).code == "serials-invalid"
