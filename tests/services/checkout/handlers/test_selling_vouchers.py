"""Vouchers are sold as items: for anything, which is no turnover, or for one thing, whose tax is due at once."""

from decimal import Decimal

from contracts.checkout.catalogue import Item, ItemPrice, PutItems
from contracts.checkout.paying import CompleteSale
from contracts.customers.ledgers.watching import AuditLedgers, LedgersAudited
from contracts.ids import ItemCode, TaxClassCode
from tests.services.checkout.balance_shop import BalanceShop

FOR_ANYTHING = Item(
    code=ItemCode("voucher-50"),
    name="Voucher",
    kind="voucher_issue_multi",
    tax_class=TaxClassCode("outside_scope"),
    barcodes=(),
    prices=(ItemPrice(5000, "2021-01-01"),),
)
FOR_ONE_THING = Item(
    code=ItemCode("massage"),
    name="Massage",
    kind="voucher_issue_single",
    tax_class=TaxClassCode("standard"),
    barcodes=(),
    prices=(ItemPrice(5950, "2021-01-01"),),
)


async def test_a_voucher_for_anything_is_outside_the_scope_of_tax_and_earns_no_points_and_no_credit(
    balances: BalanceShop,
) -> None:
    shop = balances.shop
    await shop.done(PutItems((FOR_ANYTHING,)), caller="hub")
    await balances.join(0)
    sale_id = await balances.opened("tea", "voucher-50")
    await shop.done(shop.cash(sale_id, 5250))

    sold = await shop.done(CompleteSale(sale_id))

    (tea, voucher) = sold.lines
    assert [(tax.treatment, tax.net, tax.tax) for tax in voucher.taxes] == [("outside_scope", 5000, 0)]
    assert [(rate.treatment, rate.gross) for rate in sold.totals.rates if rate.treatment != "taxed"] == [
        ("outside_scope", 5000)
    ]
    assert sold.totals.tax == sum(tax.tax for tax in tea.taxes)
    assert voucher.attribution == ()
    assert await balances.points() == (2, 2)
    assert await vouchers(balances) == 5000


async def test_a_voucher_for_one_thing_is_taxed_as_it_is_sold(balances: BalanceShop) -> None:
    shop = balances.shop
    await shop.done(PutItems((FOR_ONE_THING,)), caller="hub")
    sale_id = await shop.opened("massage")
    await shop.done(shop.cash(sale_id, 5950))

    sold = await shop.done(CompleteSale(sale_id))

    assert [(tax.treatment, tax.rate, tax.tax) for tax in sold.lines[0].taxes] == [("taxed", Decimal(19), 950)]
    assert await vouchers(balances) == 5950


async def test_points_buy_no_voucher(balances: BalanceShop) -> None:
    shop = balances.shop
    await shop.done(PutItems((FOR_ANYTHING,)), caller="hub")
    await balances.join(1000)
    sale_id = await balances.opened("tea", "voucher-50")

    refused = await shop.refused(balances.redeem(sale_id, 260))
    redeemed = await shop.done(balances.redeem(sale_id, 250))

    assert (refused.code, refused.details["most"]) == ("redemption-too-large", 250)
    assert [line.redeemed for line in redeemed.lines] == [250, 0]


async def vouchers(balances: BalanceShop) -> int:
    """What is on all vouchers together."""
    await balances.shop.store.followed("checkout", "customers")
    audited = await balances.manage(AuditLedgers())
    assert isinstance(audited, LedgersAudited)
    assert audited.differences == ()
    return audited.vouchers
