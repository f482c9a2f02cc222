"""Items are put in, read and counted; rates and the store's data are there before anything is sold."""

from pathlib import Path

import msgspec
from sqlalchemy import select

from contracts.checkout.catalogue import CatalogueCounted, CountCatalogue, GetItem, ItemPrice, ItemsPut, PutItems
from contracts.checkout.reading import GetReceipt
from services.checkout.catalogue.items import SAMPLE_ITEMS, items_from_csv
from services.checkout.catalogue.tax_rates import shipped_rates
from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.checkout.store import catalogue_tables
from tests.services.checkout.shop import CATALOGUE, DEPOSIT, Shop, open_shop, thing
from tests.under_test import store_under_test


async def test_items_are_created_changed_and_left_alone(shop: Shop) -> None:
    again = await shop.done(PutItems(CATALOGUE), caller="hub")
    changed = await shop.done(PutItems((thing("tea", 300), thing("coffee", 320), DEPOSIT)), caller="hub")

    assert again == ItemsPut(created=0, changed=0, unchanged=len(CATALOGUE))
    assert changed == ItemsPut(created=1, changed=1, unchanged=1)
    assert await shop.done(CountCatalogue()) == CatalogueCounted(items=len(CATALOGUE) + 1, barcodes=2)


async def test_an_item_is_read_as_it_was_put_in_by_code_and_by_barcode(shop: Shop) -> None:
    cola = next(item for item in CATALOGUE if item.code == "cola")

    assert (await shop.done(GetItem("cola"))).item == cola
    assert (await shop.done(GetItem("0000020000004"))).item == cola
    assert (await shop.refused(GetItem("unheard-of"))).code == "item-not-found"


async def test_prices_are_only_ever_added(shop: Shop) -> None:
    tea = thing("tea", 250, barcode="2000000000015")
    later = msgspec.structs.replace(tea, prices=(ItemPrice(270, "2030-01-01"),))
    corrected = msgspec.structs.replace(tea, prices=(ItemPrice(240, "2021-01-01"),))

    await shop.done(PutItems((later,)), caller="hub")
    await shop.done(PutItems((corrected,)), caller="hub")

    item = (await shop.done(GetItem("tea"))).item
    assert item.prices == (ItemPrice(240, "2021-01-01"), ItemPrice(270, "2030-01-01"))
    table = catalogue_tables.item_price
    rows = await shop.store.read(
        "checkout",
        lambda connection: connection.execute(
            select(table.c.from_day, table.c.version, table.c.amount)
            .where(table.c.item_code == "tea")
            .order_by(table.c.from_day, table.c.version)
        ).all(),
    )
    assert [tuple(row) for row in rows] == [("2021-01-01", 1, 250), ("2021-01-01", 2, 240), ("2030-01-01", 1, 270)]


async def test_a_barcode_moves_to_another_item_of_the_same_command(shop: Shop) -> None:
    await shop.done(
        PutItems((thing("tea", 250), thing("green-tea", 270, barcode="2000000000015"))),
        caller="hub",
    )

    assert (await shop.done(GetItem("2000000000015"))).item.code == "green-tea"


async def test_all_items_of_a_command_are_taken_over_or_none(shop: Shop) -> None:
    for faulty, field in (
        (thing("thief", 1, barcode="2000000000015"), "barcodes"),
        (thing("wrong", 1, barcode="2000000000016"), "barcodes"),
        (thing("loose", 1, linked=("tea",)), "linked"),
        (msgspec.structs.replace(DEPOSIT, kind="goods"), "linked"),
        (msgspec.structs.replace(thing("odd", 1), tax_class="unheard_of"), "tax_class"),
    ):
        refused = await shop.refused(PutItems((thing("coffee", 320), faulty)), caller="hub")
        assert (refused.code, refused.details["field"]) == ("item-invalid", field)

    assert (await shop.refused(GetItem("coffee"))).code == "item-not-found"


async def test_the_sample_shop_is_taken_over_in_one_command(shop: Shop) -> None:
    with SAMPLE_ITEMS.open(encoding="utf-8", newline="") as lines:
        items = tuple(items_from_csv(lines))
    taken_over = [msgspec.structs.replace(item, barcodes=()) for item in items]

    reply = await shop.done(PutItems(tuple(taken_over)), caller="hub")

    assert reply.created == 200


async def test_shipped_rates_are_in_the_tables_with_their_law(shop: Shop) -> None:
    rows = await shop.store.read(
        "checkout", lambda connection: connection.execute(select(catalogue_tables.tax_rate)).all()
    )

    assert len(rows) == len(shipped_rates())
    assert all(row.source for row in rows)


async def test_who_sells_is_kept_by_version_and_a_receipt_has_that_of_its_sale(tmp_path: Path) -> None:
    async with open_shop(tmp_path, CheckoutSettings(legal_name="First owner")) as shop:
        await shop.policy()
        before = await shop.completed("tea")
    async with store_under_test(tmp_path) as store:
        await store.start(checkout(CheckoutSettings(legal_name="Second owner")))
        reopened = Shop(store)
        await reopened.policy()
        after = await reopened.completed("tea")
        receipts = [await reopened.done(GetReceipt(sale.sale_id)) for sale in (before, after)]

    assert [(receipt.store.version, receipt.store.legal_name) for receipt in receipts] == [
        (1, "First owner"),
        (2, "Second owner"),
    ]
