"""Everything that can go wrong with a printer on the network: what is known of the job, and how much paper came out.

Each row of the table in the README of devices is what its case here comes to, word for word.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.devices import DeviceState
from contracts.devices.printing import PrintJobChanged
from services.devices.service import devices
from services.hub.virtual_printer import Fault, VirtualPrinter
from tests.services.devices.neighbours import Checkout
from tests.services.devices.printers.power_cut import NotPossible, OtherComputer, other_computer
from tests.services.devices.shop import jobs_of, printer_at, settings
from tests.under_test import StoreUnderTest, until

README = Path(__file__).parents[3] / "services" / "devices" / "README.md"
PATIENT: dict[str, Any] = {"finish_s": 20.0, "send_s": 10.0, "look_every_s": 3600.0}
HASTY: dict[str, Any] = {"finish_s": 0.5, "send_s": 1.0, "look_every_s": 3600.0}
"""For printers that never do what is waited for."""


@dataclass(frozen=True)
class Case:
    """What goes wrong, as the table says it, and what a printer is told to do for it."""

    says: str
    fault: Fault | None = None
    rows_left: int | None = None
    says_so_in_turn: bool = False
    patience: dict[str, Any] | None = None


CASES = (
    Case("nothing"),
    Case("takes its bytes at 9600 baud", "slow"),
    Case("says how it is again and again, unasked", "noisy"),
    Case("connected, but never answers", "silent", patience={"answer_s": 0.2}),
    Case("no paper when the job comes", "paper_out"),
    Case("its cover is open when the job comes", "cover_open"),
    Case("its paper ends in mid job", rows_left=5, patience=HASTY),
    Case("its paper ends in mid job, and it answers `GS r` that it did", rows_left=5, says_so_in_turn=True),
    Case("takes the job and stands still", "stall", patience=HASTY),
    Case("hangs up in mid job", "close_in_mid_job"),
    Case("prints, but never answers `GS r`", "mute_in_turn", patience=HASTY),
)
CLOSED_PORT = "nobody listens at its address"
POWER_CUT = "its power is cut in mid job (half-open connection)"


class CutOff(VirtualPrinter):
    """A printer on another computer, whose power is cut when a job has begun."""

    def __init__(self, computer: OtherComputer) -> None:
        super().__init__(fault="stall", listening=computer.listening)
        self._computer = computer
        self._cut = False

    async def _stand_still(self) -> None:
        if not self._cut:
            self._cut = True
            self._computer.cut_power()
        await super()._stand_still()


def table() -> list[str]:
    """The rows of the README's table of faults."""
    section = README.read_text(encoding="utf-8").partition("### What is known after a fault")[2].partition("\n#")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


async def observed(
    store: StoreUnderTest, checkout: Checkout, says: str, mend: Callable[[], object], papers: Callable[[], int]
) -> str:
    """The row that a fault comes to: a sale is completed under it, then the printer is mended and prints another."""
    first = await checkout.complete(store)
    await until(lambda: any(each.state != "printing" for each in store.told(PrintJobChanged)[1:]))
    await until(lambda: all(each.state != "printing" for each in store.told(PrintJobChanged)[-1:]))
    before = store.told(PrintJobChanged)[-1]
    await until(lambda: _reason(store) == before.reason)
    device = store.retained(DeviceState, device="printer-1").state

    mend()
    second = await checkout.complete(store)
    await until(lambda: any((each.sale_id, each.state) == (second.sale_id, "printed") for each in _told(store)))
    (after,) = await jobs_of(store, first.sale_id)
    left = f"{before.state}, `{before.reason}`"
    return f"| {says} | {left} | {device} | {after.state} | {papers() - 1} |"


def _told(store: StoreUnderTest) -> list[PrintJobChanged]:
    return store.told(PrintJobChanged)


def _reason(store: StoreUnderTest) -> str | None:
    state = store.retained(DeviceState, device="printer-1")
    return None if state is None else str(state.reason)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
async def test_after_a_fault_it_is_as_the_table_says(street: StoreUnderTest, checkout: Checkout, case: Case) -> None:
    async with VirtualPrinter(fault=case.fault) as printer:
        printer.rows_left, printer.says_paper_is_out_in_turn = case.rows_left, case.says_so_in_turn
        await street.start(devices(settings(printer_at(printer.port), **(PATIENT | (case.patience or {})))))

        def mend() -> None:
            printer.fault = None

        row = await observed(street, checkout, case.says, mend, lambda: printer.papers_out)

    assert row in table()


async def test_after_a_closed_port_it_is_as_the_table_says(street: StoreUnderTest, checkout: Checkout) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    await street.start(devices(settings(printer_at(port), **PATIENT)))

    async with switched_on_later(port) as (switch_on, papers):
        row = await observed(street, checkout, CLOSED_PORT, switch_on, papers)

    assert row in table()


@asynccontextmanager
async def switched_on_later(port: int) -> AsyncIterator[tuple[Callable[[], object], Callable[[], int]]]:
    printer = VirtualPrinter(port)
    tasks: list[asyncio.Task[VirtualPrinter]] = []
    try:
        yield lambda: tasks.append(asyncio.create_task(printer.__aenter__())), lambda: printer.papers_out
    finally:
        if tasks:
            await printer.__aexit__(None, None, None)


@pytest.fixture
def computer() -> Iterator[OtherComputer]:
    with ExitStack() as stack:
        try:
            made = stack.enter_context(other_computer())
        except NotPossible as reason:
            pytest.skip(f"A POWER CUT WAS NOT TRIED: {reason}")
        yield made


@pytest.mark.lab
async def test_after_a_power_cut_it_is_as_the_table_says(
    street: StoreUnderTest, checkout: Checkout, computer: OtherComputer
) -> None:
    async with CutOff(computer) as printer:
        where = printer_at(computer.port, host=computer.address)
        await street.start(devices(settings(where, **HASTY, answer_s=1.0, connect_s=1.0)))

        def power_on() -> None:
            computer.power_on()
            printer.fault = None

        row = await observed(street, checkout, POWER_CUT, power_on, lambda: printer.papers_out)

    assert row in table()


def test_the_table_has_no_row_that_nothing_proves() -> None:
    proved = [*(case.says for case in CASES), CLOSED_PORT, POWER_CUT]

    assert sorted(row.split(" | ")[0].removeprefix("| ") for row in table()) == sorted(proved)
