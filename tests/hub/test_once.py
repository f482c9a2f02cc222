"""The same id, the same sale: what is sent again or at the same time happens once and is answered alike."""

import asyncio

import pytest

from contracts.checkout import Sale
from contracts.checkout.catalogue import Item, ItemPrice, PutItems
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.paying import CheckSale, CompleteSale
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import OpenSale
from contracts.ids import ItemCode, SaleId, TaxClassCode
from services.hub.supervisor import Hub
from services.runtime.requester import NoAnswer, Refused
from tests.hub.shop import BUTTER, IDS, WATER, Register, Shop, cash, line, standing_still

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKNOWN = "2000000009995"


async def payable(till: Register) -> Sale:
    """A sale with a line, paid."""
    sale = await till.opened(BUTTER)
    return await till.ask(cash(sale.sale_id, sale.totals.due))


async def test_the_same_id_and_content_changes_once_and_is_answered_alike(shop: Shop) -> None:
    till = await shop.register("till-11")
    sale = await till.opened()
    command, message_id = line(sale.sale_id, WATER), IDS.new()

    first = await till.ask(command, message_id=message_id)
    await till.ask(line(sale.sale_id, BUTTER))
    again = await till.ask(command, message_id=message_id)

    assert again == first
    assert [each.item for each in (await till.ask(GetSale(sale.sale_id))).lines] == [
        *(each.item for each in first.lines),
        "1029",
    ]


async def test_the_same_id_with_other_content_is_refused_and_the_first_stays(shop: Shop) -> None:
    till = await shop.register("till-12")
    sale = await till.opened()
    message_id = IDS.new()
    first = await till.ask(line(sale.sale_id, BUTTER), message_id=message_id)

    refused = await till.refused(line(sale.sale_id, BUTTER), message_id=message_id)
    other_name = await till.refused(CompleteSale(sale.sale_id), message_id=message_id)

    assert [refused.code, other_name.code] == ["id-reused"] * 2
    assert (await till.ask(GetSale(sale.sale_id))) == first


async def test_the_same_id_of_another_caller_is_another_command(shop: Shop) -> None:
    till, other = await shop.register("till-13"), await shop.register("till-14")
    message_id = IDS.new()

    mine = await till.ask(OpenSale(SaleId(IDS.new())), message_id=message_id)
    theirs = await other.ask(OpenSale(SaleId(IDS.new())), message_id=message_id)

    assert [mine.register, theirs.register] == ["till-13", "till-14"]


async def test_a_rejection_stays_a_rejection_even_when_its_reason_is_gone(shop: Shop) -> None:
    till = await shop.register("till-15")
    sale = await till.opened()
    command, message_id = line(sale.sale_id, UNKNOWN), IDS.new()
    first = await till.refused(command, message_id=message_id)
    late = Item(
        code=ItemCode("late"),
        name="Late",
        kind="goods",
        tax_class=TaxClassCode("standard"),
        barcodes=(UNKNOWN,),
        prices=(ItemPrice(100, "2021-01-01"),),
    )
    await shop.hub.ask(PutItems((late,)))

    again = await till.refused(command, message_id=message_id)

    assert first.code == "item-not-found"
    assert again == first
    assert len((await till.ask(line(sale.sale_id, UNKNOWN))).lines) == 1


async def test_what_was_told_busy_is_done_once_when_it_is_repeated(hub: Hub, shop: Shop) -> None:
    till = await shop.register("till-16")
    sale = await till.opened(BUTTER)
    lines = {IDS.new(): line(sale.sale_id, BUTTER) for _ in range(12)}
    policy = hub.pids["policy"]
    assert policy is not None

    with standing_still(policy):  # so the check holds the sale's lane, and all lines wait behind it
        check = asyncio.create_task(till.refused(CheckSale(sale.sale_id)))
        answers = await asyncio.gather(
            *(
                till.client.ask(each, message_id=message_id, token=till.token, patience_s=30, attempts=1)
                for message_id, each in lines.items()
            ),
            return_exceptions=True,
        )
        await check

    told = [answer.last.code for answer in answers if isinstance(answer, NoAnswer) and answer.last is not None]
    assert told
    assert set(told) == {"busy"}
    for message_id, each in lines.items():
        await till.ask(each, message_id=message_id)
    assert len((await till.ask(GetSale(sale.sale_id))).lines) == 13


async def test_two_connections_race_on_one_sale_and_each_line_is_there_once(shop: Shop) -> None:
    till = await shop.register("till-17")
    second = await shop.second_connection(till)
    sale = await till.opened()

    await asyncio.gather(*(each.ask(line(sale.sale_id, BUTTER)) for each in (till, second) for _ in range(7)))

    found = await till.ask(GetSale(sale.sale_id))
    assert len(found.lines) == 14
    assert found.revision == sale.revision + 14
    assert found.totals.total == sum(each.amount for each in found.lines)


async def test_two_completions_that_race_make_one_receipt(shop: Shop) -> None:
    till = await shop.register("till-18")
    second = await shop.second_connection(till)

    for number in range(1, 9):
        sale = await payable(till)
        told = await asyncio.gather(
            *(each.ask(CompleteSale(sale.sale_id)) for each in (till, second)), return_exceptions=True
        )
        [completed] = [each for each in told if isinstance(each, Sale)]
        [refused] = [each for each in told if isinstance(each, Refused)]
        assert completed.receipt_number == f"till-18-{number:06d}"
        assert refused.rejected.code == "sale-not-open"


async def test_completing_twice_is_refused_and_repeating_is_answered_alike(shop: Shop) -> None:
    till = await shop.register("till-19")
    sale = await payable(till)
    message_id = IDS.new()

    completed = await till.ask(CompleteSale(sale.sale_id), message_id=message_id)
    twice = await till.refused(CompleteSale(sale.sale_id))
    again = await till.ask(CompleteSale(sale.sale_id), message_id=message_id)

    assert twice.code == "sale-not-open"
    assert again == completed
    assert len([each for each in await shop.told(SaleCompleted) if each.sale_id == sale.sale_id]) == 1
