"""Whole sales over MQTT, from the first scan to the paper, and what is known of them afterwards."""

import pytest

from contracts.checkout.paying import AddTender, CompleteSale
from contracts.checkout.selling import AttachCustomer, OpenSale, SaleVoided, VoidSale
from contracts.devices.printing import FindPrintJobs
from contracts.ids import CustomerId, SaleId, TenderId
from tests.hub.shop import BUTTER, IDS, WATER, Shop, line, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_sale_runs_from_open_to_printed_receipt(shop: Shop, papers: list[str]) -> None:
    till = await shop.register("till-1")
    customer_id = await shop.customer(till)

    sale = await till.sell(customer_id, receipt="print")

    assert sale.status == "completed"
    await until(
        lambda: till.ask(FindPrintJobs(sale.sale_id)),
        lambda found: [job.state for job in found.jobs] == ["printed"],
        "the job to be known as printed",
    )
    [paper] = papers
    assert str(sale.receipt_number) in paper
    assert "Butter 250 g" in paper
    await shop.is_told_once(till, [sale])


async def test_receipt_numbers_have_no_gaps_whatever_is_refused_between(shop: Shop) -> None:
    till, other = await shop.register("till-2"), await shop.register("till-3")
    customer_id = await shop.customer(till)
    sold = []

    for _ in range(3):
        sold += [await till.sell(customer_id), await other.sell(customer_id)]
        sale = await till.opened()
        assert (await till.refused(CompleteSale(sale.sale_id))).code == "sale-empty"
        sale = await till.ask(line(sale.sale_id, BUTTER))
        assert (await till.refused(CompleteSale(sale.sale_id))).code == "sale-not-paid"
        assert (await till.refused(OpenSale(SaleId(IDS.new())))).code == "register-has-open-sale"
        assert (await till.refused(AttachCustomer(sale.sale_id, CustomerId(IDS.new())))).code == "customer-not-found"
        assert (await other.refused(line(sale.sale_id, WATER))).code == "sale-not-found"
        loyalty = AddTender(sale.sale_id, TenderId(IDS.new()), "loyalty", 1)
        assert (await till.refused(loyalty)).code == "customer-missing"
        await till.ask(VoidSale(sale.sale_id, "test"))
        assert (await till.refused(CompleteSale(sale.sale_id))).code == "sale-not-open"

    assert [sale.receipt_number for sale in sold] == [
        f"{register}-{number:06d}" for number in (1, 2, 3) for register in ("till-2", "till-3")
    ]
    await shop.is_told_once(till, sold)
    assert len([each for each in await shop.told(SaleVoided) if each.register == "till-2"]) == 3
