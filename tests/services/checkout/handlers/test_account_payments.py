"""A register takes what a customer owes: booked by the real customers service, asked for nothing, never on account."""

from decimal import Decimal

from contracts.checkout.account_payments import AddAccountPayment
from contracts.checkout.decided import CheckoutDecided
from contracts.checkout.paying import CheckSale, CompleteSale
from contracts.checkout.reading import GetReceipt, GetSale
from contracts.checkout.selling import AttachCustomer, RemoveLineItem, SetQuantity
from contracts.ids import LineItemId, SaleId
from contracts.policy import ContactRule, PolicySettings
from tests.services.checkout.balance_shop import BalanceShop
from tests.services.checkout.handlers.test_scans import outcome

EMAIL_REQUIRED = PolicySettings(contact=ContactRule(level="required", mode="email"))


def pay(balances: BalanceShop, sale_id: SaleId, amount: int) -> AddAccountPayment:
    """A new payment on the account of the sale's customer."""
    return AddAccountPayment(sale_id, LineItemId(balances.shop.ids.new()), amount)


async def test_a_part_of_what_is_owed_is_paid_in_cash_and_settles_the_oldest_first(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(0)
    first, second = await balances.buys_on_account("tea"), await balances.buys_on_account("tea", "cola")
    sale_id = await balances.opened()

    taken = await shop.done(pay(balances, sale_id, 300))
    await shop.done(shop.cash(sale_id, 300))
    sold = await shop.done(CompleteSale(sale_id))

    statement = await balances.statement()
    assert [(each.kind, each.amount, each.balance) for each in statement.entries] == [
        ("charged", 250, 250),
        ("charged", 374, 624),
        ("paid", -300, 324),
    ]
    assert [(each.sale_id, each.left) for each in statement.open_items] == [(second.sale_id, 324)]
    assert first.sale_id not in {each.sale_id for each in statement.open_items}
    (line,) = taken.lines
    assert (line.kind, line.item, line.name, line.amount, line.attribution) == ("account_payment", None, "", 300, ())
    assert [(tax.treatment, tax.tax) for tax in line.taxes] == [("outside_scope", 0)]
    assert (sold.transaction_kind, sold.totals.tax) == ("account_payment", 0)
    assert shop.told_completed()[-1].transaction_kind == "account_payment"
    assert (await shop.done(GetReceipt(sale_id))).sale == await shop.done(GetSale(sale_id)) == sold
    assert await balances.points() == (5, 5)  # of the two sales; a payment earns none
    assert (await balances.audited()).differences == ()


async def test_a_payment_alone_is_asked_for_nothing_and_with_goods_it_is_a_sale(balances: BalanceShop) -> None:
    shop = balances.shop
    await shop.policy(EMAIL_REQUIRED)
    alone = await balances.opened()
    await shop.done(pay(balances, alone, 300))

    checked = await shop.done(CheckSale(alone))
    with_tea = await shop.done(shop.add(alone))
    blocked = await shop.done(CheckSale(alone))

    assert checked.decision is not None
    assert blocked.decision is not None
    assert (checked.transaction_kind, checked.decision.outcome) == ("account_payment", "proceed")
    assert (with_tea.transaction_kind, blocked.decision.outcome) == ("sale", "block")
    assert [each.transaction_kind for each in shop.store.told(CheckoutDecided)] == ["account_payment", "sale"]


async def test_a_debt_is_not_paid_on_account_but_goods_beside_it_are(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.buys_on_account("tea")
    sale_id = await balances.opened("tea")
    await shop.done(pay(balances, sale_id, 300))

    too_much = await shop.refused(shop.tender(sale_id, "account", 251))
    await shop.done(shop.tender(sale_id, "account", 200))
    the_rest = await shop.refused(shop.tender(sale_id, "account", 51))
    await shop.done(shop.tender(sale_id, "account", 50))
    nothing = await shop.refused(shop.tender(sale_id, "account", 1))
    await shop.done(shop.cash(sale_id, 300))
    await shop.done(CompleteSale(sale_id))

    assert [each.code for each in (too_much, the_rest, nothing)] == ["account-not-for-this"] * 3
    assert [each.details["most"] for each in (too_much, the_rest, nothing)] == [250, 50, 0]
    assert (await balances.statement()).owed_after == 250 + 250 - 300


async def test_points_as_a_discount_never_come_off_a_payment(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.join(50)
    sale_id = await balances.opened()
    await shop.done(pay(balances, sale_id, 300))

    assert (await shop.refused(balances.redeem(sale_id, 100))).code == "redemption-too-large"


async def test_nobody_and_a_placeholder_owe_nothing(balances: BalanceShop) -> None:
    shop = balances.shop
    sale_id = await shop.opened()

    nobody = await shop.refused(pay(balances, sale_id, 300))
    await shop.attached(sale_id, await shop.customer(placeholder=True))
    placeholder = await shop.refused(pay(balances, sale_id, 300))

    assert (nobody.code, placeholder.code) == ("customer-missing", "customer-missing")


async def test_a_payment_stays_with_its_customer_until_it_is_removed(balances: BalanceShop) -> None:
    shop = balances.shop
    other = await shop.customer(codes=("C-other",))
    sale_id = await balances.opened()
    paying = await shop.done(pay(balances, sale_id, 300))

    for customer_id in (None, other):
        refused = await shop.refused(AttachCustomer(sale_id, customer_id))
        assert refused.code == "account-payment-stands"
    assert await outcome(shop, "C-other", "customer_code") == "pays_account"
    assert (await shop.done(AttachCustomer(sale_id, balances.customer_id))).lines == paying.lines
    await shop.done(RemoveLineItem(sale_id, paying.lines[0].line_item_id))
    assert (await shop.attached(sale_id, other)).customer_id == other


async def test_a_payment_is_made_once(balances: BalanceShop) -> None:
    shop = balances.shop
    sale_id = await balances.opened()
    (line,) = (await shop.done(pay(balances, sale_id, 300))).lines

    assert (await shop.refused(SetQuantity(sale_id, line.line_item_id, Decimal(2)))).code == "quantity-invalid"
    assert (await shop.refused(AddAccountPayment(sale_id, line.line_item_id, 100))).code == "line-item-exists"


async def test_what_a_merged_customer_pays_is_the_survivors(balances: BalanceShop) -> None:
    shop = balances.shop
    await balances.buys_on_account("tea")
    survivor = await shop.customer()
    sale_id = await balances.opened()
    await shop.done(pay(balances, sale_id, 100))
    await shop.store.followed("checkout", "customers")

    await shop.merged(balances.customer_id, survivor)
    await shop.done(shop.cash(sale_id, 100))
    sold = await shop.done(CompleteSale(sale_id))

    assert sold.customer_id == survivor
    assert (await balances.statement(survivor)).owed_after == 150


async def test_a_payment_of_an_erased_customer_is_off_the_sale_unless_it_is_being_paid(balances: BalanceShop) -> None:
    shop = balances.shop
    other = await shop.customer()
    unpaid, paying = await balances.opened("tea"), await shop.opened(caller="till-2")
    await shop.done(pay(balances, unpaid, 100))
    await shop.done(AttachCustomer(paying, other), caller="till-2")
    await shop.done(pay(balances, paying, 100), caller="till-2")
    await shop.done(shop.cash(paying, 50), caller="till-2")

    await shop.erased(balances.customer_id)
    await shop.erased(other)

    left = await shop.done(GetSale(unpaid))
    assert ([line.item for line in left.lines], left.customer_id, left.transaction_kind) == (["tea"], None, "sale")
    await shop.done(shop.cash(paying, 50), caller="till-2")
    sold = await shop.done(CompleteSale(paying), caller="till-2")
    assert (sold.totals.total, sold.customer_id, sold.flags) == (100, None, ())
