"""kill -9 in mid-sale, at every named point and at random: the sale goes on, nothing is lost, nothing there twice."""

import asyncio
import os
import random
import signal
from functools import partial
from typing import TypeVar, get_args

import pytest
import pytest_asyncio

from contracts.base import Reply, Request
from contracts.checkout import Sale
from contracts.checkout.paying import CheckSale, CompleteSale
from contracts.checkout.selling import AttachCustomer, OpenSale, VoidSale
from contracts.customers import CreateCustomer
from contracts.devices.printing import FindPrintJobs
from contracts.ids import CustomerId, SaleId
from contracts.staff.signing_on import SessionStarted, SignOn
from contracts.topics import SERVICES
from services.hub.supervisor import Hub
from services.runtime.seams import CrashPoint
from tests.hub.parts import Parts
from tests.hub.shop import BUTTER, IDS, PIN, WATER, Register, Shop, cash, line, until

R = TypeVar("R", bound=Reply)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POINTS: tuple[CrashPoint, ...] = get_args(CrashPoint)
every_point = pytest.mark.parametrize("point", POINTS)
SEED = 20_261


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def till(parts: Parts) -> Register:
    """The register that all sales of the hub in parts are made on."""
    return await parts.shop.register("till-1")


@pytest.fixture(scope="module")
def sold() -> list[Sale]:
    """All that was sold on it so far."""
    return []


@every_point
async def test_checkout_dies_at_any_command_of_a_sale(
    parts: Parts, till: Register, sold: list[Sale], point: CrashPoint
) -> None:
    customer_id = await parts.shop.customer(till)
    for passing in range(1, 9):  # open, 2 lines, customer, credit, check, tender, complete
        died = await parts.rig("checkout", point, passing)

        sold.append(await till.sell(customer_id))

        await died
    await parts.shop.is_told_once(till, sold)


@every_point
async def test_customers_dies_as_a_customer_is_created_and_as_a_sale_is_booked(
    parts: Parts, till: Register, sold: list[Sale], point: CrashPoint
) -> None:
    died = await parts.rig("customers", point, 1)
    created = CreateCustomer(CustomerId(IDS.new()), first_name="Mia")

    made = await till.ask_until_answered(created)

    await died
    assert made.customer_id == created.customer_id
    died = await parts.rig("customers", point, 1)
    sold.append(await till.sell(created.customer_id))
    await died
    await parts.shop.is_told_once(till, sold)


@every_point
async def test_staff_dies_as_somebody_signs_on_in_mid_sale_and_as_a_sale_is_counted(
    parts: Parts, till: Register, sold: list[Sale], point: CrashPoint
) -> None:
    customer_id = await parts.shop.customer(till)
    before = [each.session for each in await parts.shop.told(SessionStarted) if each.register == till.name]
    died = await parts.rig("staff", point, 1)
    sale = await till.opened(WATER)

    session = await till.ask_until_answered(SignOn(PIN, staff_id=till.staff_id))

    await died
    assert [each.session for each in await parts.shop.told(SessionStarted) if each.register == till.name] == [
        *before,
        session.session,
    ]
    till.token = session.token
    await till.ask(VoidSale(sale.sale_id, "test"))
    died = await parts.rig("staff", point, 1)
    sold.append(await till.sell(customer_id))
    await died
    await parts.shop.is_told_once(till, sold)


@every_point
async def test_policy_dies_as_it_keeps_a_decision(
    parts: Parts, till: Register, sold: list[Sale], point: CrashPoint
) -> None:
    customer_id = await parts.shop.customer(till)
    died = await parts.rig("policy", point, 1)

    sold.append(await till.sell(customer_id))

    await died
    await parts.shop.decisions_are_kept()
    await parts.shop.is_told_once(till, sold)


@every_point
async def test_devices_dies_at_any_step_of_a_print_job(
    parts: Parts, till: Register, sold: list[Sale], papers: list[str], point: CrashPoint
) -> None:
    customer_id = await parts.shop.customer(till)
    for passing in (1, 2, 3):  # the job is accepted, begun and done
        died = await parts.rig("devices", point, passing)

        sale = await till.sell(customer_id, receipt="print")

        await died
        sold.append(sale)
        [job] = (
            await until(
                partial(till.ask, FindPrintJobs(sale.sale_id)),
                lambda found: [job.state for job in found.jobs] in (["printed"], ["unknown"]),
                "the one job to be printed, or left to a person",
            )
        ).jobs
        await parts.shop.is_told_once(till, sold)
        printed = [paper for paper in papers if str(sale.receipt_number) in paper]
        assert len(printed) == 1 if job.state == "printed" else len(printed) < 2


async def test_the_broker_dies_under_every_command_of_a_sale(parts: Parts, till: Register, sold: list[Sale]) -> None:
    async def ask(request: Request[R]) -> R:
        asking = asyncio.create_task(till.ask_despite_policy(request))
        await parts.kill_broker()
        await parts.broker.start()
        return await asking

    customer_id = await parts.shop.customer(till)
    sale = await ask(OpenSale(SaleId(IDS.new())))
    for barcode in (WATER, BUTTER):
        sale = await ask(line(sale.sale_id, barcode))
    assert len(sale.lines) == 3  # the bottle's deposit is one
    await ask(AttachCustomer(sale.sale_id, customer_id))
    await ask(CheckSale(sale.sale_id, "cash"))
    await ask(cash(sale.sale_id, sale.totals.due))
    sold.append(await ask(CompleteSale(sale.sale_id)))

    await parts.shop.is_told_once(till, sold)


async def test_twenty_kills_under_load_lose_no_sale_and_make_none_twice(hub: Hub, shop: Shop) -> None:
    registers = [await shop.register(f"till-{number}") for number in range(1, 5)]
    customers = {till.name: await shop.customer(till) for till in registers}
    sold: list[Sale] = []
    enough = asyncio.Event()
    chance = random.Random(SEED)  # noqa: S311 - nothing to guess: the same kills every time
    to_kill = [*SERVICES, "broker"] * 3 + ["checkout", "broker"]
    chance.shuffle(to_kill)

    async def sell(till: Register) -> None:
        while not enough.is_set():
            sold.append(await till.sell(customers[till.name]))

    selling = [asyncio.create_task(sell(till)) for till in registers]
    killed: set[int | None] = {None}
    for name in to_kill:
        least = len(sold) + chance.randrange(6)
        while len(sold) < least or hub.pids[name] in killed:
            for task in selling:
                if task.done():
                    await task  # it raises what ended it
            await asyncio.sleep(0.02)
        pid = hub.pids[name]
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)

    enough.set()
    await asyncio.gather(*selling)
    await shop.is_told_once(registers[0], sold)
    await shop.decisions_are_kept()
    assert await hub.until_online() == ()
