"""Single-purpose vouchers pay for what has their tax class, and the tax in it is owed no second time."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.base import Rejected
from contracts.checkout import LineTax
from contracts.checkout.catalogue import GetTaxClass, Item, ItemPrice, PutItems, TaxClass
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.paying import AddTender, CompleteSale, RemoveTender
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import ApplyScan
from contracts.customers.vouchers import BlockVoucher, CheckVoucher, IssueVoucher, Voucher, VoucherPrinted
from contracts.every_service import ReadSnapshot
from contracts.ids import DeviceId, ItemCode, RegisterId, SaleId, ScanId, TaxClassCode
from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.clock import SetClock
from services.runtime.requester import NoAnswer
from tests.services.checkout.shop import Shop, open_shop
from tests.services.checkout.stand_ins import StandInPolicy, proceeds

BREAD = Item(
    code=ItemCode("bread"),
    name="Bread",
    kind="goods",
    tax_class=TaxClassCode("reduced"),
    barcodes=(),
    prices=(ItemPrice(428, "2021-01-01"),),
)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    clock = SetClock(datetime(2026, 3, 14, 10, tzinfo=UTC))
    async with open_shop(tmp_path, clock=clock, customers_service=customers(CustomersSettings())) as shop:
        (tmp_path / "secrets" / "digest.key").write_bytes(b"a key of the tests")
        await shop.policy()
        await shop.done(PutItems((BREAD,)), caller="hub")
        yield shop


async def manage(shop: Shop, request: Any) -> Any:
    return await shop.store.send(request, token=shop.store.token("ledger.adjust", "sale.sell"))


async def a_voucher(shop: Shop, value: int, tax_class: str | None = "standard") -> VoucherPrinted:
    purpose = "multi_purpose" if tax_class is None else "single_purpose"
    printed = await manage(shop, IssueVoucher(shop.ids.new(), value, purpose, tax_class))  # type: ignore[arg-type]
    assert isinstance(printed, VoucherPrinted), printed
    return printed


def pay(shop: Shop, sale_id: SaleId, printed: VoucherPrinted, amount: int) -> AddTender:
    return msgspec.structs.replace(shop.tender(sale_id, "voucher", amount), voucher_code=printed.code)


async def left_of(shop: Shop, printed: VoucherPrinted) -> int:
    """What of a voucher can be spent."""
    found = await manage(shop, CheckVoucher(code=printed.code))
    assert isinstance(found, Voucher)
    return found.available


async def test_a_single_purpose_voucher_pays_at_most_what_has_its_tax_class(shop: Shop) -> None:
    printed, other = await a_voucher(shop, 1000), await a_voucher(shop, 1000)
    sale_id = await shop.opened("tea", "bread")

    too_much = await shop.refused(pay(shop, sale_id, printed, 251))
    untouched = await left_of(shop, printed)
    await shop.done(pay(shop, sale_id, printed, 200))
    more = await shop.refused(pay(shop, sale_id, other, 51))
    paying = await shop.done(pay(shop, sale_id, other, 50))

    assert (too_much.code, too_much.details["most"]) == ("voucher-not-for-this", 250)
    assert untouched == 1000
    assert (more.code, more.details["most"]) == ("voucher-not-for-this", 50)
    assert paying.totals.due == 428


async def test_one_for_bread_pays_no_tea_and_one_for_anything_pays_both(shop: Shop) -> None:
    for_bread, for_anything = await a_voucher(shop, 1000, "reduced"), await a_voucher(shop, 1000, None)
    sale_id = await shop.opened("tea")

    refused = await shop.refused(pay(shop, sale_id, for_bread, 100))
    paying = await shop.done(pay(shop, sale_id, for_anything, 250))

    assert (refused.code, refused.details["most"]) == ("voucher-not-for-this", 0)
    assert paying.totals.due == 0
    assert paying.tenders[0].settled_tax is None
    assert paying.tenders[0].reserved is not None
    assert paying.tenders[0].reserved.purpose == "multi_purpose"


async def test_a_completed_sale_says_what_was_paid_with_which_tax_settled_and_is_read_so_again(shop: Shop) -> None:
    printed = await a_voucher(shop, 1000, "reduced")
    sale_id = await shop.opened("bread", "tea")
    await shop.done(pay(shop, sale_id, printed, 428))
    await shop.done(shop.cash(sale_id, 250))
    sold = await shop.done(CompleteSale(sale_id))

    read = await shop.done(GetSale(sale_id))
    page = await shop.store.send(ReadSnapshot(), caller="customers-2", service="checkout")

    assert not isinstance(page, Rejected)
    again = [
        msgspec.json.decode(each.payload, type=SaleCompleted) for each in page.entries if each.name == "sale-completed"
    ]
    (told,) = shop.told_completed()
    settled = told.tenders[0].settled_tax
    rate = next(each for each in sold.totals.rates if each.tax_class == "reduced")
    assert isinstance(settled, LineTax)
    assert (settled.net, settled.tax, settled.gross, str(settled.rate)) == (400, 28, 428, "7")
    assert settled.tax == rate.tax
    assert told.tenders[0].reserved is not None
    assert (told.tenders[0].reserved.purpose, told.tenders[0].reserved.tax_class) == ("single_purpose", "reduced")
    assert told.tenders[1].settled_tax is None
    assert read == sold
    assert again == [told]


async def test_a_sale_that_was_being_paid_before_an_update_asks_what_its_voucher_was_for(
    shop: Shop, tmp_path: Path
) -> None:
    printed, for_anything = await a_voucher(shop, 1000, "reduced"), await a_voucher(shop, 1000, None)
    sale_id = await shop.opened("bread", "tea")
    await shop.done(pay(shop, sale_id, printed, 428))
    before = await shop.done(pay(shop, sale_id, for_anything, 250))
    await shop.store.stop("checkout")
    with closing(sqlite3.connect(tmp_path / "checkout.sqlite3")) as database, database:
        (kept,) = database.execute("SELECT document FROM sale_draft").fetchone()
        document = msgspec.json.decode(kept)
        for tender in document["tenders"]:  # as it was written before
            tender.pop("settled_tax", None)
            tender["reserved"] = {
                name: value for name, value in tender["reserved"].items() if name not in {"purpose", "tax_class"}
            }
        database.execute("UPDATE sale_draft SET document = ?", (msgspec.json.encode(document).decode(),))
    await shop.store.start(checkout(CheckoutSettings()))

    sold = await shop.done(CompleteSale(sale_id))

    assert sold.tenders == before.tenders
    assert [each.settled_tax is not None for each in shop.told_completed()[0].tenders] == [True, False]


async def test_a_voucher_that_is_given_back_makes_room_for_another(shop: Shop) -> None:
    first, second = await a_voucher(shop, 1000), await a_voucher(shop, 1000)
    sale_id = await shop.opened("tea", "bread")
    tender = pay(shop, sale_id, first, 250)
    await shop.done(tender)
    refused = await shop.refused(pay(shop, sale_id, second, 1))

    await shop.done(RemoveTender(sale_id, tender.tender_id))
    paying = await shop.done(pay(shop, sale_id, second, 250))

    assert refused.code == "voucher-not-for-this"
    assert [each.settled_tax.tax for each in paying.tenders if each.settled_tax] == [40]


async def test_with_a_voucher_given_back_the_others_settle_the_tax_in_what_they_pay(shop: Shop) -> None:
    """2.50 of tea has 0.40 of tax: 0.78 has 0.12, 0.79 has 0.13, and 0.01 alone has none."""
    first, second = await a_voucher(shop, 1000), await a_voucher(shop, 1000)
    sale_id = await shop.opened("tea")
    tender = pay(shop, sale_id, first, 78)
    await shop.done(tender)
    both = await shop.done(pay(shop, sale_id, second, 1))

    left = await shop.done(RemoveTender(sale_id, tender.tender_id))

    assert [each.settled_tax.tax for each in both.tenders if each.settled_tax] == [12, 1]
    assert [each.settled_tax.tax for each in left.tenders if each.settled_tax] == [0]


async def test_a_blocked_voucher_pays_nothing(shop: Shop) -> None:
    printed = await a_voucher(shop, 1000)
    await manage(shop, BlockVoucher(printed.voucher.voucher_id, "stolen"))
    sale_id = await shop.opened("tea")

    refused = await shop.refused(pay(shop, sale_id, printed, 250))

    assert (refused.code, refused.details["reason"]) == ("voucher-blocked", "stolen")


async def test_a_voucher_is_issued_for_a_tax_class_that_has_a_rate_here_alone(shop: Shop) -> None:
    known = await shop.store.send(GetTaxClass(TaxClassCode("reduced")), caller="customers-2", service="checkout")
    command = IssueVoucher(shop.ids.new(), 1000, "single_purpose", TaxClassCode("nosuch"))  # type: ignore[arg-type]

    refused = await manage(shop, command)
    await shop.store.stop("checkout")

    assert isinstance(known, TaxClass)
    assert (known.treatment, str(known.rate), known.country) == ("taxed", "7", "DE")
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.details["field"]) == ("tax-class-unknown", "tax_class")
    assert isinstance(await manage(shop, IssueVoucher(shop.ids.new(), 1000)), VoucherPrinted)  # type: ignore[arg-type]
    with pytest.raises(NoAnswer, match="unavailable"):
        await manage(shop, msgspec.structs.replace(command, tax_class=TaxClassCode("reduced")))


async def test_what_is_scanned_while_a_voucher_is_reserved_counts_for_what_it_may_pay(tmp_path: Path) -> None:
    async with open_shop(tmp_path, customers_service=customers(CustomersSettings())) as shop:
        (tmp_path / "secrets" / "digest.key").write_bytes(b"a key of the tests")
        scan = ApplyScan(ScanId(shop.ids.new()), RegisterId("till-1"), DeviceId("scanner-1"), "tea")
        policy = StandInPolicy(proceeds, lambda: shop.done(scan, caller="devices"))
        await shop.store.start(policy.service())
        printed = await a_voucher(shop, 1000)
        sale_id = await shop.opened("tea")

        paying = await shop.done(pay(shop, sale_id, printed, 200))

        assert (paying.totals.total, paying.totals.due) == (500, 300)
        assert paying.tenders[0].settled_tax is not None
