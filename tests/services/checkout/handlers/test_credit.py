"""The credit for a completed sale is changed: new records, told whole, and the earlier ones stay."""

import msgspec
from sqlalchemy import select

from contracts.base import Rejected
from contracts.checkout import Sale, Share
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.crediting import AttributeLines, AttributionChanged, ChangeAttribution, CreditedLine
from contracts.checkout.paying import CompleteSale
from contracts.checkout.reading import GetReceipt, GetSale
from contracts.checkout.selling import VoidSale
from contracts.every_service import ReadSnapshot, SnapshotPage
from contracts.ids import LineItemId, SaleId, StaffId
from services.checkout.store import tables
from tests.services.checkout.shop import ANNA, Shop

EDIT = "attribution.edit_completed"
BEN = StaffId("00000000-0000-7000-8000-00000000000b")
MANAGER = StaffId("00000000-0000-7000-8000-00000000000c")
TO_BEN = (Share(BEN, 10_000),)
HALVES = (Share(ANNA, 5000), Share(BEN, 5000))


def told(shop: Shop) -> list[AttributionChanged]:
    events: list[AttributionChanged] = shop.store.told(AttributionChanged)
    return events


async def changed(shop: Shop, command: ChangeAttribution) -> Sale:
    reply = await shop.send_as(command, EDIT)
    assert isinstance(reply, Sale), reply
    return reply


async def refused(shop: Shop, command: ChangeAttribution) -> Rejected:
    reply = await shop.send_as(command, EDIT)
    assert isinstance(reply, Rejected), reply
    return reply


async def snapshot(shop: Shop, number: int | None = None) -> tuple[int, list[SaleCompleted]]:
    page = await shop.store.send(ReadSnapshot(number, None), service="checkout", caller="hub")
    assert isinstance(page, SnapshotPage)
    return page.number, [msgspec.json.decode(entry.payload, type=SaleCompleted) for entry in page.entries]


async def test_all_lines_that_can_be_sold_go_to_somebody_else(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale = await shop.completed("tea", "cola")

    after = await changed(shop, ChangeAttribution(sale.sale_id, 1, TO_BEN))

    assert [line.attribution for line in after.lines] == [TO_BEN, TO_BEN, ()]
    assert after.attribution_version == 2
    assert await shop.done(GetSale(sale.sale_id)) == after
    assert (await shop.done(GetReceipt(sale.sale_id))).sale == after
    assert msgspec.structs.replace(after, lines=sale.lines, attribution_version=1) == sale
    (event,) = told(shop)
    assert event == AttributionChanged(
        sale_id=sale.sale_id,
        register=sale.register,
        transaction_kind="sale",
        business_day=sale.business_day,
        version=2,
        staff_id=ANNA,
        approved_by=None,
        changed_at=event.changed_at,
        lines=(
            CreditedLine(sale.lines[0].line_item_id, 250, TO_BEN),
            CreditedLine(sale.lines[1].line_item_id, 99, TO_BEN),
            CreditedLine(sale.lines[2].line_item_id, 25, ()),
        ),
    )


async def test_named_lines_change_and_the_others_keep_their_credit(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea", "cola")
    await shop.done(AttributeLines(sale_id, (Share(ANNA, 10_000),)))
    await shop.done(shop.cash(sale_id, 1000))
    sale = await shop.done(CompleteSale(sale_id))

    first = await changed(shop, ChangeAttribution(sale_id, 1, TO_BEN, (sale.lines[1].line_item_id,)))
    second = await changed(shop, ChangeAttribution(sale_id, 2, HALVES, (sale.lines[0].line_item_id,)))

    assert [line.attribution for line in first.lines] == [(Share(ANNA, 10_000),), TO_BEN, ()]
    assert [line.attribution for line in second.lines] == [HALVES, TO_BEN, ()]
    assert [event.version for event in told(shop)] == [2, 3]
    assert [line.attribution for line in told(shop)[1].lines] == [HALVES, TO_BEN, ()]


async def test_every_version_stays_and_its_amounts_add_up_to_the_line(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale = await shop.completed("cola")  # 99 cents: a half is none
    await changed(shop, ChangeAttribution(sale.sale_id, 1, TO_BEN))
    await changed(shop, ChangeAttribution(sale.sale_id, 2, HALVES))

    shares, changes = await shop.store.read(
        "checkout",
        lambda connection: (
            connection.execute(select(tables.attribution_share).order_by("version", "part")).all(),
            connection.execute(select(tables.attribution_change).order_by("version")).all(),
        ),
    )

    assert [(row.version, row.staff_id, row.amount) for row in shares] == [(2, BEN, 99), (3, ANNA, 50), (3, BEN, 49)]
    assert [(row.version, row.staff_id, row.approved_by) for row in changes] == [(2, ANNA, None), (3, ANNA, None)]
    assert [row.changed_at for row in changes] == [event.changed_at for event in told(shop)]


async def test_whoever_read_an_older_version_changes_nothing(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale = await shop.completed("tea")
    await changed(shop, ChangeAttribution(sale.sale_id, 1, TO_BEN))

    conflict = await refused(shop, ChangeAttribution(sale.sale_id, 1, HALVES))

    assert (conflict.code, conflict.details) == ("revision-conflict", {"field": "expected_version", "version": 2})
    assert (await shop.done(GetSale(sale.sale_id))).lines[0].attribution == TO_BEN
    assert len(told(shop)) == 1


async def test_what_cannot_be_changed_is_refused_by_name(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale = await shop.completed("cola")
    foreign = await shop.completed("tea", caller="till-2")
    voided = await shop.opened("tea")
    await shop.done(VoidSale(voided, "test"))
    open_sale = await shop.opened("tea")
    sale_id, deposit = sale.sale_id, sale.lines[1].line_item_id

    for command, code in (
        (ChangeAttribution(SaleId(shop.ids.new()), 1, TO_BEN), "sale-not-found"),
        (ChangeAttribution(foreign.sale_id, 1, TO_BEN), "sale-not-found"),
        (ChangeAttribution(voided, 1, TO_BEN), "sale-not-completed"),
        (ChangeAttribution(open_sale, 1, TO_BEN), "sale-not-completed"),
        (ChangeAttribution(sale_id, 1, TO_BEN, (LineItemId(shop.ids.new()),)), "line-item-not-found"),
        (ChangeAttribution(sale_id, 1, TO_BEN, (deposit,)), "shares-invalid"),
        (ChangeAttribution(sale_id, 1, (Share(BEN, 9999),)), "shares-invalid"),
        (ChangeAttribution(sale_id, 1, (Share(BEN, 5000), Share(BEN, 5000))), "shares-invalid"),
    ):
        assert (await refused(shop, command)).code == code
    assert told(shop) == []


async def test_a_change_by_approval_names_who_approved_it(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale = await shop.completed("tea")
    command, message_id = ChangeAttribution(sale.sale_id, 1, TO_BEN), shop.ids.new()
    approval = shop.store.approval(EDIT, message_id, sale_id=sale.sale_id, approved_by=MANAGER)

    async def send(approval: str | None, message_id: str) -> Sale | Rejected:
        return await shop.send_as(command, needs_approval=(EDIT,), approval=approval, message_id=message_id)

    without = await send(None, shop.ids.new())
    replayed = await send(approval, shop.ids.new())
    after = await send(approval, message_id)
    again = await send(approval, message_id)

    assert [each.code for each in (without, replayed) if isinstance(each, Rejected)] == [
        "approval-needed",
        "approval-invalid",
    ]
    assert isinstance(after, Sale)
    assert again == after
    assert [(event.staff_id, event.approved_by) for event in told(shop)] == [(ANNA, MANAGER)]


async def test_a_snapshot_and_the_journal_after_it_come_to_the_same_credit(shop_with_policy: Shop) -> None:
    """Whoever starts from any snapshot and applies what is told after it has what replaying everything gives."""
    shop = shop_with_policy
    sale = await shop.completed("tea")
    at_first, _ = await snapshot(shop)
    await changed(shop, ChangeAttribution(sale.sale_id, 1, TO_BEN))
    after_one, _ = await snapshot(shop)
    await changed(shop, ChangeAttribution(sale.sale_id, 2, HALVES))
    after_two, _ = await snapshot(shop)

    found = []
    for number in (at_first, after_one, after_two):
        _, (completed,) = await snapshot(shop, number)
        found.append(completed.lines[0].attribution)

    assert at_first < after_one < after_two
    assert found == [(), *(event.lines[0].attribution for event in told(shop))]
