"""Whoever gets the credit for a line works here, as far as anything was heard of staff."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, select

from contracts.base import Rejected
from contracts.checkout import Sale, Share
from contracts.checkout.crediting import AttributeLines, ChangeAttribution
from contracts.checkout.reading import GetSale
from contracts.ids import StaffId
from contracts.staff import RoleId, StaffChanged
from services.checkout.store import known_tables
from services.runtime import tables as runtime_tables
from services.runtime.service import SnapshotPiece
from services.runtime.transactions import View
from tests.services.checkout.shop import ANNA, Shop
from tests.services.checkout.stand_ins import StandIn

BEN = StaffId("00000000-0000-7000-8000-00000000000b")
MADE_UP = StaffId("00000000-0000-7000-8000-0000000000ff")
EDIT = "attribution.edit_completed"


def member(staff_id: StaffId, revision: int = 1, *, active: bool = True) -> StaffChanged:
    return StaffChanged(staff_id, revision, RoleId("cashier"), active)


@pytest.fixture
async def staff(shop_with_policy: Shop) -> StandIn:
    """A staff list with Anna, and Ben who has left."""
    staff = StandIn("staff")
    await shop_with_policy.store.start(staff.service())
    for event in (member(ANNA), member(BEN), member(BEN, 2, active=False)):
        await staff.tell(event)
    await shop_with_policy.store.followed("staff", "checkout")
    return staff


def shared(*staff_ids: StaffId) -> tuple[Share, ...]:
    return tuple(Share(staff_id, 10_000 // len(staff_ids)) for staff_id in staff_ids)


@pytest.mark.usefixtures("staff")
async def test_credit_for_somebody_who_is_made_up_or_has_left_is_refused_by_id(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")

    made_up = await shop.refused(AttributeLines(sale_id, shared(ANNA, MADE_UP)))
    left = await shop.refused(AttributeLines(sale_id, shared(BEN)))
    given = await shop.done(AttributeLines(sale_id, shared(ANNA)))

    assert (made_up.code, made_up.details) == ("staff-unknown", {"field": "shares", "staff_id": MADE_UP})
    assert (left.code, left.details["staff_id"]) == ("staff-unknown", BEN)
    assert given.lines[0].attribution == shared(ANNA)


@pytest.mark.usefixtures("staff")
async def test_credit_for_a_completed_sale_goes_to_nobody_who_is_made_up_or_has_left(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale = await shop.completed("tea")

    left = await shop.send_as(ChangeAttribution(sale.sale_id, 1, shared(BEN)), EDIT)
    made_up = await shop.send_as(ChangeAttribution(sale.sale_id, 1, shared(MADE_UP)), EDIT)
    given = await shop.send_as(ChangeAttribution(sale.sale_id, 1, shared(ANNA)), EDIT)

    assert isinstance(left, Rejected)
    assert isinstance(made_up, Rejected)
    assert [left.code, made_up.code] == ["staff-unknown"] * 2
    assert isinstance(given, Sale)
    assert (await shop.done(GetSale(sale.sale_id))).lines[0].attribution == shared(ANNA)


async def test_whoever_comes_back_may_get_credit_again(shop_with_policy: Shop, staff: StandIn) -> None:
    await staff.tell(member(BEN, 3))
    await shop_with_policy.store.followed("staff", "checkout")
    sale_id = await shop_with_policy.opened("tea")

    given = await shop_with_policy.done(AttributeLines(sale_id, shared(BEN)))

    assert given.lines[0].attribution == shared(BEN)


async def test_as_long_as_nothing_was_heard_of_staff_nobody_is_refused(shop: Shop) -> None:
    sale_id = await shop.opened("tea")

    given = await shop.done(AttributeLines(sale_id, shared(MADE_UP)))

    assert given.lines[0].attribution == shared(MADE_UP)


@pytest.mark.usefixtures("staff")
async def test_whoever_is_signed_on_gets_credit_though_their_joining_is_not_heard_of_yet(
    shop_with_policy: Shop,
) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")
    token = shop.store.token("sale.sell", staff_id=MADE_UP)

    given = await shop.store.send(AttributeLines(sale_id, shared(MADE_UP)), token=token)

    assert isinstance(given, Sale)
    assert given.lines[0].attribution == shared(MADE_UP)


@pytest.mark.usefixtures("staff")
async def test_hearing_all_of_staff_again_comes_to_the_same_list(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    before = await known(shop)
    await rebuilt(shop)

    assert before == [(ANNA, True), (BEN, False)]
    assert await known(shop) == before


async def test_a_staff_list_whose_beginning_is_no_longer_told_is_known_from_a_snapshot(shop: Shop) -> None:
    staff = StandIn("staff")
    service = replace(staff.service(), snapshot=_anna_and_ben)
    running = await shop.store.start(service)
    for number in range(3):
        await staff.tell(member(MADE_UP, number + 1))
    await shop.store.followed("staff", "checkout")
    journal = runtime_tables.journal
    await running.writer.run(lambda scope: scope.connection.execute(delete(journal).where(journal.c.number <= 2)))

    await rebuilt(shop)

    assert await known(shop) == [(ANNA, True), (BEN, False)]


async def known(shop: Shop) -> list[tuple[str, bool]]:
    """Who is known, and whether they work here."""
    people = select(known_tables.known_staff.c.staff_id, known_tables.known_staff.c.active).order_by("staff_id")
    found = await shop.store.read("checkout", lambda connection: connection.execute(people).all())
    return [(row.staff_id, row.active) for row in found]


async def rebuilt(shop: Shop) -> None:
    """Let checkout forget who works here and hear all of it again."""
    [people] = [each for each in shop.store.services["checkout"].followers if each.follow.name == "people"]
    await people.rebuild()
    await shop.store.followed("staff", "checkout")


async def _anna_and_ben(view: View, number: int, following: str | None) -> SnapshotPiece:  # noqa: ARG001
    events = (member(ANNA), member(BEN, 2, active=False))
    return [(event, view.ids.new(), "2026-03-02T09:00:00.000000Z") for event in events], None
