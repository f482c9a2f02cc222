"""Approvals that lose, once they are old, who asked for them."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection, select

from contracts.ids import SaleId
from contracts.staff.approving import Approve, Approved
from contracts.staff.privacy import ExportStaff, StaffExport
from contracts.staff.signing_on import SignOn
from services.runtime.clock import SetClock
from services.staff.service import staff
from services.staff.store.tables import approval
from tests.services.staff.conftest import STANDS_STILL
from tests.services.staff.examples import JONAS, JONAS_PIN, NORA, NORAS_PIN, signed_on
from tests.under_test import StoreUnderTest

OLD, YOUNG = (f"0198c0de-0000-7000-8000-00000000000{last}" for last in "ab")
SALE = SaleId("0198c0de-0000-7000-8000-00000000000d")
A_DAY_S = 86_400


@pytest.fixture
async def approving(staffed: StoreUnderTest, clock: SetClock) -> StoreUnderTest:
    """A shop with an approval that is older than 90 days, and one that is not by a second."""
    for command, age_s in ((OLD, 1), (YOUNG, 90 * A_DAY_S)):
        token = (await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))).token
        approve = Approve("sale.void", command, NORAS_PIN, SALE, NORA)
        assert isinstance(await staffed.send(approve, token=token), Approved)
        clock.move(age_s)
    return staffed


async def rows(shop: StoreUnderTest) -> dict[str, tuple[Any, ...]]:
    columns = approval.c.command, approval.c.asked_by, approval.c.sale_id, approval.c.approved_by

    def read(connection: Connection) -> dict[str, tuple[Any, ...]]:
        return {command: tuple(rest) for command, *rest in connection.execute(select(*columns))}

    return await shop.read("staff", read)


async def look(shop: StoreUnderTest) -> None:
    """Start staff anew, so that it looks for what is old, and wait until one approval has faded."""
    await shop.stop("staff")
    await shop.start(staff(STANDS_STILL))
    async with asyncio.timeout(20):
        while all(asked_by is not None for asked_by, *_ in (await rows(shop)).values()):
            await asyncio.sleep(0)


async def test_after_90_days_an_approval_names_neither_who_asked_nor_the_sale(approving: StoreUnderTest) -> None:
    before = await rows(approving)
    await look(approving)

    assert before == {OLD: (JONAS, SALE, NORA), YOUNG: (JONAS, SALE, NORA)}
    assert await rows(approving) == {OLD: (None, None, NORA), YOUNG: (JONAS, SALE, NORA)}


async def test_an_export_has_old_approvals_without_who_asked(approving: StoreUnderTest) -> None:
    await look(approving)

    reply = await approving.send(ExportStaff(NORA), token=approving.token("staff.edit", staff_id=NORA, session=9))

    assert isinstance(reply, StaffExport)
    assert [(each.command, each.asked_by, each.sale_id) for each in reply.approvals] == [
        (OLD, None, None),
        (YOUNG, JONAS, SALE),
    ]
