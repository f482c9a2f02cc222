"""A sale is opened and filled."""

from decimal import Decimal

import msgspec

from contracts.base import Rejected
from contracts.checkout import RegisterSale, Sale, Share
from contracts.checkout.catalogue import PutItems
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.paying import CompleteSale
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import (
    AddLineItem,
    OpenSale,
    RemoveLineItem,
    SetQuantity,
    VoidSale,
)
from contracts.ids import ItemCode, LineItemId, SaleId
from services.checkout.model.sale import MOST_LINES
from tests.services.checkout.shop import ANNA, DEPOSIT, Shop, thing
from tests.under_test import until


def state_of(shop: Shop, register: str = "till-1") -> RegisterSale | None:
    retained: RegisterSale | None = shop.store.retained(RegisterSale, register=register)
    return retained


async def is_shown(shop: Shop, sale: Sale) -> None:
    def shown() -> bool:
        state = state_of(shop)
        return state is not None and state.sale == sale

    await until(shown)


async def test_an_opened_sale_is_empty_and_shown_on_its_register(shop: Shop) -> None:
    sale = await shop.done(OpenSale(SaleId(shop.ids.new())))

    assert (sale.status, sale.lines, sale.totals.due, sale.revision) == ("open", (), 0, 1)
    assert (sale.cashier, sale.register, sale.currency) == (ANNA, "till-1", "EUR")
    await is_shown(shop, sale)


async def test_nobody_opens_a_sale_without_being_signed_on(shop: Shop) -> None:
    reply = await shop.store.send(OpenSale(SaleId(shop.ids.new())))

    assert isinstance(reply, Rejected)
    assert reply.code == "token-missing"


async def test_a_register_has_one_open_sale(shop: Shop) -> None:
    first = await shop.opened()

    refused = await shop.refused(OpenSale(SaleId(shop.ids.new())))

    assert (refused.code, refused.details) == ("register-has-open-sale", {"sale_id": first})
    await shop.opened(caller="till-2")


async def test_a_sale_is_opened_once_whether_open_or_ended(shop: Shop) -> None:
    sale_id = await shop.opened()
    assert (await shop.refused(OpenSale(sale_id))).code == "sale-exists"
    assert (await shop.refused(OpenSale(sale_id), caller="till-2")).code == "sale-exists"

    await shop.done(VoidSale(sale_id, "mistake"))
    assert (await shop.refused(OpenSale(sale_id))).code == "sale-exists"


async def test_a_registers_transactions_are_counted_without_gaps(shop: Shop) -> None:
    numbers = []
    for _ in range(3):
        sale_id = await shop.opened()
        await shop.refused(OpenSale(SaleId(shop.ids.new())))
        numbers.append((await shop.done(VoidSale(sale_id, "mistake"))).transaction_number)

    assert numbers == [1, 2, 3]
    other = await shop.done(OpenSale(SaleId(shop.ids.new())), caller="till-2")
    assert other.transaction_number == 1


async def test_a_line_item_has_price_and_tax_of_today(shop: Shop) -> None:
    sale_id = await shop.opened()

    sale = await shop.done(shop.add(sale_id, "tea", "3"))

    (line,) = sale.lines
    assert (line.item, line.unit_price, line.amount) == ("tea", 250, 750)
    assert (line.taxes[0].rate, line.taxes[0].net, line.taxes[0].tax) == (Decimal(19), 630, 120)
    assert (sale.totals.total, sale.totals.due) == (750, 750)
    await is_shown(shop, sale)


async def test_an_item_is_found_by_its_barcode_in_every_length(shop: Shop) -> None:
    sale_id = await shop.opened()

    for text in ("2000000000015", "02000000000015", "20000004", "0000020000004"):
        sale = await shop.done(shop.add(sale_id, text))

    assert [line.item for line in sale.lines] == ["tea", "tea", "cola", "deposit", "cola", "deposit"]


async def test_a_deposit_follows_its_bottle(shop: Shop) -> None:
    sale_id = await shop.opened()
    sale = await shop.done(shop.add(sale_id, "cola", "2"))
    bottle, deposit = sale.lines
    assert (deposit.follows, deposit.quantity, deposit.amount) == (bottle.line_item_id, Decimal(2), 50)

    sale = await shop.done(SetQuantity(sale_id, bottle.line_item_id, Decimal(5)))
    assert [line.amount for line in sale.lines] == [495, 125]
    refused = await shop.refused(SetQuantity(sale_id, deposit.line_item_id, Decimal(1)))
    assert refused.code == "line-item-follows"
    assert (await shop.refused(RemoveLineItem(sale_id, deposit.line_item_id))).code == "line-item-follows"

    sale = await shop.done(RemoveLineItem(sale_id, bottle.line_item_id))
    assert sale.lines == ()


async def test_a_warm_line_item_needs_at_most_six_statements(shop: Shop) -> None:
    sale_id = await shop.opened("cola", "tea")

    for code in ("cola", "tea"):
        with shop.store.statements("checkout") as statements:
            await shop.done(shop.add(sale_id, code))
        assert 0 < len(statements) <= 6, statements


async def test_less_of_a_line_is_for_whoever_may_remove_lines_and_more_for_everybody(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    line = (await shop.done(GetSale(sale_id))).lines[0].line_item_id

    more = await shop.send_as(SetQuantity(sale_id, line, Decimal(3)))
    as_much = await shop.send_as(SetQuantity(sale_id, line, Decimal("3.0")))
    denied = await shop.send_as(SetQuantity(sale_id, line, Decimal(2)))
    needed = await shop.send_as(SetQuantity(sale_id, line, Decimal(2)), needs_approval=("sale.remove_line",))

    assert isinstance(more, Sale)
    assert isinstance(as_much, Sale)
    assert [each.code for each in (denied, needed) if isinstance(each, Rejected)] == [
        "permission-denied",
        "approval-needed",
    ]
    assert (await shop.done(GetSale(sale_id))).lines[0].quantity == 3
    message_id = shop.ids.new()
    approval = shop.store.approval("sale.remove_line", message_id, sale_id=sale_id)
    less = await shop.send_as(
        SetQuantity(sale_id, line, Decimal(2)),
        needs_approval=("sale.remove_line",),
        approval=approval,
        message_id=message_id,
    )
    assert isinstance(less, Sale)
    assert less.lines[0].quantity == 2


async def test_a_line_is_removed_by_whoever_may_remove_lines(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    command = RemoveLineItem(sale_id, (await shop.done(GetSale(sale_id))).lines[0].line_item_id)

    denied = await shop.send_as(command)
    removed = await shop.send_as(command, "sale.remove_line")

    assert isinstance(denied, Rejected)
    assert denied.code == "permission-denied"
    assert isinstance(removed, Sale)
    assert removed.lines == ()


async def test_a_line_item_that_does_not_fit_is_refused_and_nothing_changes(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    before = await shop.done(GetSale(sale_id))
    line = before.lines[0].line_item_id

    for command, code in (
        (shop.add(SaleId(shop.ids.new())), "sale-not-found"),
        (shop.add(sale_id, "coffee"), "item-not-found"),
        (shop.add(sale_id, "2000000000039"), "item-not-found"),
        (shop.add(sale_id, "unpriced"), "item-has-no-price"),
        (AddLineItem(sale_id, line, "tea"), "line-item-exists"),
        (shop.add(sale_id, "tea", "0"), "quantity-invalid"),
        (shop.add(sale_id, "tea", "NaN"), "quantity-invalid"),
        (shop.add(sale_id, "gold", "2"), "amount-too-large"),
        (SetQuantity(sale_id, LineItemId(shop.ids.new()), Decimal(1)), "line-item-not-found"),
        (SetQuantity(sale_id, line, Decimal(10_000)), "quantity-invalid"),
        (SetQuantity(SaleId(shop.ids.new()), line, Decimal(1)), "sale-not-found"),
        (RemoveLineItem(sale_id, LineItemId(shop.ids.new())), "line-item-not-found"),
        (RemoveLineItem(SaleId(shop.ids.new()), line), "sale-not-found"),
        (AttributeLines(sale_id, (Share(ANNA, 9_999),)), "shares-invalid"),
        (AttributeLines(sale_id, (Share(ANNA, 10_000),), (LineItemId(shop.ids.new()),)), "line-item-not-found"),
        (AttributeLines(SaleId(shop.ids.new()), (Share(ANNA, 10_000),)), "sale-not-found"),
    ):
        assert (await shop.refused(command)).code == code

    assert await shop.done(GetSale(sale_id)) == before


async def test_a_sale_that_is_full_takes_no_more_lines(shop: Shop) -> None:
    charges = [msgspec.structs.replace(DEPOSIT, code=ItemCode(f"deposit-{number}")) for number in range(5)]
    crate = thing("crate", 990, linked=tuple(charge.code for charge in charges))
    await shop.done(PutItems((*charges, crate)), caller="hub")
    sale_id = await shop.opened(*["crate"] * 83)

    assert (await shop.refused(shop.add(sale_id, "crate"))).code == "too-many-line-items"
    assert len((await shop.done(shop.add(sale_id, "cola"))).lines) == MOST_LINES


async def test_a_sale_that_ended_or_is_being_paid_takes_no_change(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")
    line = (await shop.done(GetSale(sale_id))).lines[0].line_item_id
    commands = (
        shop.add(sale_id),
        SetQuantity(sale_id, line, Decimal(2)),
        RemoveLineItem(sale_id, line),
        AttributeLines(sale_id, (Share(ANNA, 10_000),)),
    )

    await shop.done(shop.cash(sale_id, 100))
    for command in commands:
        assert (await shop.refused(command)).code == "sale-being-paid"
    await shop.done(shop.cash(sale_id, 150))
    await shop.done(CompleteSale(sale_id))
    for command in commands:
        refused = await shop.refused(command)
        assert (refused.code, refused.details["status"]) == ("sale-not-open", "completed")


async def test_another_registers_sale_is_not_found(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    await shop.opened(caller="till-2")

    assert (await shop.refused(shop.add(sale_id), caller="till-2")).code == "sale-not-found"
    assert (await shop.refused(GetSale(sale_id), caller="till-2")).code == "sale-not-found"


async def test_a_repeated_command_adds_its_line_once(shop: Shop) -> None:
    sale_id = await shop.opened()
    command, message_id = shop.add(sale_id), shop.ids.new()

    first = await shop.send(command, message_id=message_id)
    again = await shop.send(command, message_id=message_id)

    assert first == again
    assert len((await shop.done(GetSale(sale_id))).lines) == 1


async def test_credit_is_given_to_lines(shop: Shop) -> None:
    sale_id = await shop.opened("tea", "cola")

    sale = await shop.done(AttributeLines(sale_id, (Share(ANNA, 10_000),)))

    assert [line.attribution for line in sale.lines] == [(Share(ANNA, 10_000),), (Share(ANNA, 10_000),), ()]


async def test_a_changed_price_counts_for_the_next_line_and_leaves_the_others(shop: Shop) -> None:
    sale_id = await shop.opened("tea")

    await shop.done(PutItems((thing("tea", 300, barcode="2000000000015"),)), caller="hub")
    sale = await shop.done(shop.add(sale_id, "tea"))

    assert [line.unit_price for line in sale.lines] == [250, 300]


async def test_items_that_are_refused_change_nothing_for_the_next_line(shop: Shop) -> None:
    sale_id = await shop.opened("tea")

    refused = await shop.refused(PutItems((thing("tea", 300), thing("tea", 400))), caller="hub")
    sale = await shop.done(shop.add(sale_id, "tea"))

    assert refused.code == "item-invalid"
    assert [line.unit_price for line in sale.lines] == [250, 250]
