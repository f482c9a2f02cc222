"""A database that cannot be written: a clear word, nothing half done, and all goes on once there is room again.

A process may not write past the size that its limits allow (setrlimit(2), RLIMIT_FSIZE): to SQLite that is a
disk that takes no more, and it can be set for a service at work. The other case is another program's lock.
"""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from contracts.base import Command
from contracts.checkout import Sale
from contracts.checkout.paying import CompleteSale
from contracts.checkout.reading import GetSale
from services.hub.supervisor import Hub
from services.runtime.requester import NoAnswer
from tests.hub.shop import BUTTER, IDS, Register, Shop, cash, line

pytestmark = pytest.mark.asyncio(loop_scope="module")


@contextmanager
def no_room(pid: int) -> Iterator[None]:
    """Let a process write to no file any more."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


async def not_done(till: Register, command: Command[Sale], message_id: str) -> None:
    """Send what the database cannot keep."""
    with pytest.raises(NoAnswer) as silence:
        await till.client.ask(command, message_id=message_id, token=till.token, patience_s=20, attempts=1)
    assert silence.value.last is not None
    assert silence.value.last.code == "unavailable"
    assert silence.value.last.details == {"reason": "database"}


def pid_of_checkout(hub: Hub) -> int:
    pid = hub.pids["checkout"]
    assert pid is not None
    return pid


async def test_on_a_full_disk_nothing_is_done_and_afterwards_everything_once(hub: Hub, shop: Shop) -> None:
    till, other = await shop.register("till-1"), await shop.register("till-2")
    customer_id = await shop.customer(till)
    sold = [await till.sell(customer_id)]
    paid, sale = await till.opened(BUTTER), await other.opened(BUTTER)
    await till.ask(cash(paid.sale_id, paid.totals.due))
    complete, more = (CompleteSale(paid.sale_id), IDS.new()), (line(sale.sale_id, BUTTER), IDS.new())
    journal = await shop.journal("checkout")
    pid = pid_of_checkout(hub)

    with no_room(pid):
        for till_at, (command, message_id) in ((till, complete), (other, more), (till, complete)):
            await not_done(till_at, command, message_id)
        assert len((await other.ask(GetSale(sale.sale_id))).lines) == 1
        assert (await till.ask(GetSale(paid.sale_id))).status == "open"
        assert await shop.journal("checkout") == journal

    sold.append(await till.ask(complete[0], message_id=complete[1]))
    assert len((await other.ask(more[0], message_id=more[1])).lines) == 2
    assert await till.ask(complete[0], message_id=complete[1]) == sold[-1]
    sold.append(await till.sell(customer_id))
    await shop.is_told_once(till, sold)
    assert pid_of_checkout(hub) == pid
    assert [each.number for each in await shop.journal("checkout")] == list(
        range(1, len(await shop.journal("checkout")) + 1)
    )


async def test_a_follower_without_room_applies_nothing_and_catches_up(hub: Hub, shop: Shop) -> None:
    till = await shop.register("till-3")
    customer_id = await shop.customer(till)
    pids = [hub.pids["customers"], hub.pids["staff"]]
    assert pids[0] is not None
    assert pids[1] is not None

    with no_room(pids[0]), no_room(pids[1]):
        sold = [await till.sell(customer_id) for _ in range(3)]

    await shop.is_told_once(till, sold)
    assert [hub.pids["customers"], hub.pids["staff"]] == pids


async def test_while_another_program_holds_the_database_nothing_is_done(shop: Shop) -> None:
    till = await shop.register("till-4")
    sale = await till.opened()
    command, message_id = line(sale.sale_id, BUTTER), IDS.new()

    with closing(sqlite3.connect(shop.data / "checkout.sqlite3", isolation_level=None)) as other_program:
        other_program.execute("BEGIN IMMEDIATE")
        await not_done(till, command, message_id)
        assert (await till.ask(GetSale(sale.sale_id))).lines == ()

    assert len((await till.ask(command, message_id=message_id)).lines) == 1
