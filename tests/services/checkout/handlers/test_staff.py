"""Whoever gets the credit for a line works here, as far as anything was heard of staff."""

import pytest
from sqlalchemy import select

from contracts.base import Rejected
from contracts.checkout import AttributeLines, ChangeAttribution, GetSale, Sale, Share
from contracts.ids import StaffId
from contracts.staff import RoleId, StaffChanged
from services.checkout.store import tables
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
async def test_hearing_all_of_staff_again_comes_to_the_same_list(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    known = select(tables.known_staff.c.staff_id, tables.known_staff.c.active).order_by("staff_id")

    async def rows() -> list[tuple[str, bool]]:
        return [
            (row.staff_id, row.active)
            for row in await shop.store.read("checkout", lambda connection: connection.execute(known).all())
        ]

    before = await rows()
    [people] = [each for each in shop.store.services["checkout"].followers if each.follow.name == "people"]
    await people.rebuild()
    await shop.store.followed("staff", "checkout")

    assert before == [(ANNA, True), (BEN, False)]
    assert await rows() == before
