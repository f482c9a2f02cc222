"""The whole devices service on a real kernel, its hub on another machine: real scanners, a real USB printer.

The hub's broker and its other services run on the host; devices runs in the lab's machine and reaches
them over its network.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
import pytest_asyncio

from contracts.checkout import RegisterSale, Sale
from contracts.checkout.paying import CheckSale, CompleteSale
from contracts.devices import Device, Devices, ListDevices
from contracts.devices.printing import FindPrintJobs, PrintJob, PrintReceipt
from contracts.devices.scanning import RegisterScan
from contracts.ids import PrintJobId, RegisterId
from services.hub.client import connected
from services.runtime.requester import NoAnswer
from tests.hub.parts import Parts, parts_at_work
from tests.hub.shop import BUTTER, IDS, Register, cash
from tests.lab.desk import Desk
from tests.lab.guest import PRINTER, SCANNER
from tests.lab.hid import keys_of
from tests.lab.machine import HOST, Machine, Prepared

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
WITHIN_S = 30.0
KEY_PAUSE_S = 0.02
PART_OF_A_JOB = 200
SETTINGS = {
    "scanners": [
        {"device": "scanner-1", "usb": SCANNER, "serial": "S1", "register": "till-1"},
        {"device": "scanner-2", "usb": SCANNER, "serial": "S2", "register": "till-2"},
    ],
    "printers": [{"device": "printer-1", "usb": PRINTER, "registers": ["till-3"]}],
    "retry_s": 0.5,
    "look_every_s": 1,
}

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


class Counter:
    """A shop's counter: the hub on the host, and the devices that a person plugs in and uses."""

    def __init__(self, parts: Parts, desk: Desk, tills: list[Register]) -> None:
        self.shop = parts.shop
        self.tills = tills
        """Two with a scanner each, and one with the printer."""
        self._desk = desk

    async def do(self, what: str, **how: Any) -> dict[str, Any]:
        """Have something done in the machine."""
        return await asyncio.to_thread(self._desk.do, what, **how)

    async def scan(self, name: str, text: str) -> None:
        """Have a scanner read a code; it is set to a pause between keys, for a whole service is slow in the machine."""
        await self.do("press", name=name, keys=keys_of(text + "\n"), pause_s=KEY_PAUSE_S)

    async def until_told(self, what: str) -> dict[str, Any]:
        """The next thing of a kind that the machine tells by itself."""
        while what not in (told := await asyncio.to_thread(self._desk.heard)):
            pass
        return told

    async def until_device(self, name: str, *, state: str) -> Device:
        """How a device is, once it is in that state."""

        async def found() -> Device | None:
            listed = await self._ask()
            return next((each for each in listed.devices if (each.device, each.state) == (name, state)), None)

        return await until(found)

    async def _ask(self) -> Devices:
        try:
            return await self.shop.hub.ask(ListDevices())
        except NoAnswer:  # it is not up yet
            return Devices(())

    async def jobs(self, till: Register, sale: Sale, *, state: str) -> list[PrintJob]:
        """The print jobs of a sale, once the newest is in that state."""

        async def found() -> list[PrintJob]:
            jobs = list((await till.ask(FindPrintJobs(sale.sale_id))).jobs)
            return jobs if jobs and jobs[-1].state == state else []

        return await until(found)


async def until(ask: Callable[[], Awaitable[T | None]]) -> T:
    """Ask until there is an answer."""
    async with asyncio.timeout(WITHIN_S):
        while not (answer := await ask()):
            await asyncio.sleep(0.1)
    return answer


async def sold(till: Register) -> Sale:
    """A sale that was paid and asks for paper."""
    sale = await till.opened(BUTTER)
    await till.ask(CheckSale(sale.sale_id, "cash"))
    await till.ask(cash(sale.sale_id, sale.totals.due))
    return await till.ask(CompleteSale(sale.sale_id, "print"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counter(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Counter]:
    """A hub whose devices service runs in the machine, with two scanners plugged in."""
    async with parts_at_work(tmp_path_factory.mktemp("hub"), {}) as parts:
        await parts.stop("devices")
        login = parts.shop.own_login()
        found = {
            "TILLWIRE_DATA": str(parts.data),
            "TILLWIRE_STORE": parts.shop.topics.root.rpartition("/")[2],
            "TILLWIRE_HOST": HOST,
            "TILLWIRE_PORT": str(login.port),
            **{f"TILLWIRE_DEVICES_{name.upper()}": json.dumps(value) for name, value in SETTINGS.items()},
        }
        machine = Machine(prepared, [sys.executable, "-m", "tests.lab.guest"], ROOT)
        await asyncio.to_thread(machine.__enter__)
        try:
            tills = [await parts.shop.register(f"till-{number}") for number in (1, 2, 3)]
            counter = Counter(parts, Desk(machine), tills)
            for number in (1, 2):
                await counter.do("make", name=f"scanner-{number}", kind="keys", usb=SCANNER, serial=f"S{number}")
            await counter.do("serve", environment=found)
            try:
                await counter.until_device("scanner-2", state="ready")
            except TimeoutError as silence:
                raise AssertionError(f"devices did not come up in the machine; it said: {machine.said}") from silence
            yield counter
        finally:
            sys.stderr.write(machine.said)  # which pytest shows with a test that failed
            machine.__exit__(None, None, None)


async def test_a_code_that_a_real_scanner_reads_is_a_line_on_its_registers_screen(counter: Counter) -> None:
    shop = counter.shop
    sales = [await till.opened() for till in counter.tills[:2]]

    lines = {}
    async with connected(shop.own_login(), shop.topics, watching=(f"{shop.topics.root}/private/#",)) as screen:
        await counter.scan("scanner-1", BUTTER)
        await counter.scan("scanner-2", f"]E0{BUTTER}")
        async with asyncio.timeout(WITHIN_S):
            async for message in screen.watch():
                if not message.topic.endswith("/sale") or not message.payload:
                    continue
                sale = msgspec.json.decode(message.payload, type=RegisterSale).sale
                if sale is not None and sale.lines:
                    lines[sale.sale_id] = [each.name for each in sale.lines]
                if len(lines) == 2:
                    break

    assert lines == {sale.sale_id: ["Butter 250 g"] for sale in sales}


async def test_a_gs1_symbol_is_told_to_its_register_in_parts(counter: Counter) -> None:
    shop = counter.shop

    async with connected(shop.own_login(), shop.topics, watching=(shop.topics.privates_for("till-2"),)) as screen:
        await counter.scan("scanner-2", f"]d201{BUTTER:0>14}1727013110AB\x1d21S9")
        async with asyncio.timeout(WITHIN_S):
            async for message in screen.watch():
                if message.topic == shop.topics.private(RegisterScan, "till-2") and message.payload:
                    told = msgspec.json.decode(message.payload, type=RegisterScan)
                    if told.elements:
                        break

    assert [each.ai for each in told.elements] == ["01", "17", "10", "21"]
    assert (told.device, told.symbology, told.outcome) == ("scanner-2", "datamatrix", "line_added")


async def test_a_usb_printer_is_ready_when_it_is_plugged_in_and_prints(counter: Counter) -> None:
    await counter.do("make", name="printer", kind="printer", usb=PRINTER, serial="TM88")
    await counter.do("answer", name="printer")
    till = counter.tills[2]

    sale = await sold(till)
    [job] = await counter.jobs(till, sale, state="printed")
    paper = await counter.until_told("printed")

    assert (job.state, job.copy) == ("printed", False)
    assert str(sale.receipt_number).encode() in bytes.fromhex(paper["printed"])
    assert (await counter.until_device("printer-1", state="ready")).reason == "none"


async def test_a_printer_that_is_unplugged_in_mid_job_leaves_it_to_a_person(counter: Counter) -> None:
    till = counter.tills[2]
    controller = (await counter.do("look"))["controllers"]["printer"]
    await counter.do("unplug-after", count=PART_OF_A_JOB)

    sale = await sold(till)
    await counter.until_told("unplugged")
    [job] = await counter.jobs(till, sale, state="unknown")
    absent = await counter.until_device("printer-1", state="absent")
    asked = await till.ask(PrintReceipt(PrintJobId(IDS.new()), sale.sale_id, RegisterId(till.name), "not_printed"))
    await counter.do("plug", name="printer", controller=controller)
    await counter.do("answer", name="printer")
    first, copy = await counter.jobs(till, sale, state="printed")
    owed, paper = [bytes.fromhex((await counter.until_told("printed"))["printed"]) for _ in range(2)]

    assert (job.state, absent.reason) == ("unknown", "not_connected")
    assert (asked.copy, asked.state) == (True, "accepted")
    assert (first.state, copy.copy) == ("unknown", True)
    assert owed == b"\x10\x04\x04\x10\x04\x01\x1dr\x01"  # it is heard out before it is sent more
    assert b"COPY" in paper
