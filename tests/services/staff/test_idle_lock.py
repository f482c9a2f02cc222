"""Registers that lock themselves because nobody is there."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from contracts.ids import RegisterId
from contracts.staff import ListStaff, StaffList
from contracts.staff.credit import GetStaffSales
from contracts.staff.signing_on import RegisterSession, SessionEnded, SignOn
from services.runtime.clock import SetClock
from services.runtime.ids import RandomIds
from services.staff.handlers.signing_on import lock_idle
from services.staff.service import staff
from services.staff.settings import StaffSettings
from services.staff.store.tables import session
from tests.services.staff.examples import JONAS, JONAS_PIN, NORA, NORAS_PIN, code, create, signed_on, with_owner
from tests.under_test import StoreUnderTest, store_under_test, until

IDLE_S = 1
DAY = "2026-03-14"


@pytest.fixture
async def idle_shop(tmp_path: Path, clock: SetClock) -> AsyncIterator[StoreUnderTest]:
    """A shop with an owner and a cashier whose registers lock after a second, and the time that hints take."""
    async with store_under_test(tmp_path, clock) as store:
        await store.start(staff(StaffSettings(idle_lock_s=IDLE_S)))
        await with_owner(store)
        await create(store)
        yield store


def locked(shop: StoreUnderTest, register: str) -> str | None:
    state: RegisterSession = shop.retained(RegisterSession, register=register)
    return state.locked


async def test_a_register_that_nobody_uses_is_locked_by_the_hub(idle_shop: StoreUnderTest, clock: SetClock) -> None:
    on = await signed_on(idle_shop, SignOn(JONAS_PIN, staff_id=JONAS))
    assert on.idle_lock_s == IDLE_S

    def locked_by_and_by() -> bool:
        clock.move(1)
        return locked(idle_shop, "till-1") is not None

    await until(locked_by_and_by)

    assert locked(idle_shop, "till-1") == JONAS
    assert idle_shop.told(SessionEnded) == [SessionEnded(RegisterId("till-1"), 1, JONAS, "idle")]
    assert code(await idle_shop.send(GetStaffSales(DAY, DAY), token=on.token)) == "token-invalid"


async def test_a_register_in_use_stays_open_while_another_is_locked(idle_shop: StoreUnderTest, clock: SetClock) -> None:
    """Any service that is asked with a session's token says that it is used; here it is staff itself."""
    used = await signed_on(idle_shop, SignOn(JONAS_PIN, staff_id=JONAS))
    await signed_on(idle_shop, SignOn(NORAS_PIN, staff_id=NORA), caller="till-2")

    async with asyncio.timeout(60):
        while locked(idle_shop, "till-2") is None:
            clock.move(1)
            assert isinstance(await idle_shop.send(ListStaff(), token=used.token), StaffList)

    assert locked(idle_shop, "till-1") is None
    assert [each.staff_id for each in idle_shop.told(SessionEnded)] == [NORA]


async def test_whoever_signed_on_meanwhile_is_not_locked_out(staffed: StoreUnderTest) -> None:
    """A look found the session before; the one that lasts now is another."""
    await signed_on(staffed, SignOn(JONAS_PIN, staff_id=JONAS))
    running = staffed.services["staff"]
    found = await running.writer.run(
        lambda scope: running._transaction(scope, RandomIds().new()).sessions.alive()  # noqa: SLF001
    )
    await signed_on(staffed, SignOn(NORAS_PIN, staff_id=NORA))

    await running.writer.run(
        lambda scope: lock_idle(found, running._transaction(scope, RandomIds().new()))  # noqa: SLF001
    )

    assert staffed.retained(RegisterSession, register="till-1") == RegisterSession(3, 2, NORA)
    ended = select(session.c.number, session.c.end_reason).order_by(session.c.number)
    assert await staffed.read("staff", lambda connection: [tuple(row) for row in connection.execute(ended)]) == [
        (1, "replaced"),
        (2, None),
    ]
