"""A printer that cannot, and the one that stands in for it; test pages."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from contracts.base import Rejected
from contracts.devices import DeviceState
from contracts.devices.printing import PrintJob, PrintJobChanged, PrintTest, RegisterPrinting
from contracts.ids import DeviceId, PrintJobId
from services.devices.service import devices
from services.devices.settings import DevicesSettings
from services.hub.virtual_printer import VirtualPrinter
from services.runtime.clock import SetClock
from tests.services.devices.neighbours import Checkout
from tests.services.devices.shop import NOBODYS_PORT, TILL_2, an_id, jobs_of, printer_at, settings, states
from tests.under_test import StoreUnderTest, until


@pytest.fixture
async def stand_in() -> AsyncIterator[VirtualPrinter]:
    async with VirtualPrinter() as printer:
        yield printer


def two_printers(port: int, stand_in: int, after_s: float = 10) -> DevicesSettings:
    return settings(
        printer_at(port, fallback="printer-2", fallback_after_s=after_s), printer_at(stand_in, "printer-2", TILL_2)
    )


def is_ready(store: StoreUnderTest, device: str) -> bool:
    state = store.retained(DeviceState, device=device)
    return state is not None and state.state == "ready"


async def test_what_waited_long_enough_comes_out_of_the_fallback_printer_once(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock, printer: VirtualPrinter, stand_in: VirtualPrinter
) -> None:
    printer.fault = "paper_out"
    await street.start(devices(two_printers(printer.port, stand_in.port)))
    await until(lambda: is_ready(street, "printer-2"))
    sales = [await checkout.complete(street) for _ in range(2)]
    await until(lambda: ("accepted", "paper_out") in states(street))

    clock.move(9)
    tried = printer.looks
    await until(lambda: printer.looks > tried + 4)
    before = {each.printer for each in street.told(PrintJobChanged)}
    clock.move(1)
    for _ in sales:
        await stand_in.next_paper()
    await until(lambda: states(street).count(("printed", "none")) == 2)
    printer.fault = None
    await until(lambda: is_ready(street, "printer-1"))

    jobs = [job for sale in sales for job in await jobs_of(street, sale.sale_id)]
    assert [(job.printer, job.state) for job in jobs] == [("printer-2", "printed")] * 2
    assert (before, printer.papers_out, stand_in.papers_out) == ({"printer-1"}, 0, 2)


def elsewhere(store: StoreUnderTest) -> list[tuple[str, str]]:
    """Printer and sale of the receipts of which till-1 is told that they came out elsewhere, newest first."""
    told: RegisterPrinting = store.retained(RegisterPrinting, register="till-1")
    assert {each.state for each in told.elsewhere} <= {"printed"}
    return [(each.printer, str(each.sale_id)) for each in told.elsewhere]


async def test_a_register_is_told_where_its_receipt_came_out_for_ten_minutes_over_a_restart(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock, printer: VirtualPrinter, stand_in: VirtualPrinter
) -> None:
    shop = two_printers(printer.port, stand_in.port, after_s=0)
    await street.start(devices(shop))
    await until(lambda: is_ready(street, "printer-1") and is_ready(street, "printer-2"))
    await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("printed", "none")])
    at_home = elsewhere(street)

    printer.fault = "paper_out"
    sale = await checkout.complete(street)
    await until(lambda: elsewhere(street) == [("printer-2", sale.sale_id)])
    await street.stop("devices")
    await street.start(devices(shop))
    again = elsewhere(street)
    clock.move(10 * 60)
    await until(lambda: elsewhere(street) == [])

    assert (at_home, again) == ([], [("printer-2", sale.sale_id)])
    assert street.retained(RegisterPrinting, register="till-1").jobs == ()


async def test_a_fallback_printer_that_cannot_either_is_given_nothing(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "paper_out"
    await street.start(devices(two_printers(printer.port, NOBODYS_PORT, after_s=0)))
    await checkout.complete(street)
    await until(lambda: ("accepted", "paper_out") in states(street))

    printer.fault = None
    await printer.next_paper()
    await until(lambda: states(street)[-1:] == [("printed", "none")])

    assert {each.printer for each in street.told(PrintJobChanged)} == {"printer-1"}


async def test_a_receipt_goes_home_when_the_printer_that_stands_in_cannot_either(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, stand_in: VirtualPrinter
) -> None:
    """The stand-in was ready when it was last looked at, and had no paper when the job came."""
    shop = two_printers(printer.port, stand_in.port, after_s=0)
    await street.start(devices(msgspec.structs.replace(shop, look_every_s=3600.0)))
    await until(lambda: is_ready(street, "printer-1") and is_ready(street, "printer-2"))
    printer.fault = stand_in.fault = "paper_out"

    sale = await checkout.complete(street)
    await until(lambda: _printers(street, "paper_out")[-1:] == ["printer-2"])
    printer.fault = None
    await checkout.complete(street)
    await until(lambda: states(street).count(("printed", "none")) == 2)

    (job,) = await jobs_of(street, sale.sale_id)
    assert (job.printer, job.state) == ("printer-1", "printed")
    assert (printer.papers_out, stand_in.papers_out) == (2, 0)
    assert elsewhere(street) == []


async def test_a_test_page_never_comes_out_of_another_printer(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock, stand_in: VirtualPrinter
) -> None:
    await street.start(devices(two_printers(NOBODYS_PORT, stand_in.port, after_s=0)))
    await until(lambda: is_ready(street, "printer-2"))

    await street.send(PrintTest(PrintJobId(an_id()), DeviceId("printer-1")), caller="hub")
    await until(lambda: ("accepted", "not_connected") in states(street))
    clock.move(600)
    await until(lambda: states(street)[-1:] == [("expired", "not_connected")])

    assert {each.printer for each in street.told(PrintJobChanged)} == {"printer-1"}
    assert (stand_in.papers_out, checkout.applied) == (0, [])


@pytest.mark.parametrize("language", ["xx", "sv"])
async def test_a_test_page_in_a_language_that_is_not_there_is_refused_by_name(
    street: StoreUnderTest, checkout: Checkout, language: str
) -> None:
    await street.start(devices(settings(printer_at(NOBODYS_PORT))))

    wanted = {"job_id": an_id(), "printer": "printer-1", "language": language}
    refused = await street.raw("devices", "print-test", msgspec.json.encode(wanted), caller="hub", message_id=an_id())

    assert (refused["code"], checkout.applied) == ("malformed", [])
    assert "language" in str(refused)


def _printers(store: StoreUnderTest, reason: str) -> list[str]:
    """The printers at which jobs were told to wait for a reason."""
    return [each.printer for each in store.told(PrintJobChanged) if each.reason == reason]


async def test_a_job_whose_paper_may_be_out_is_not_given_to_another_printer(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, stand_in: VirtualPrinter
) -> None:
    printer.fault = "close_in_mid_job"
    await street.start(devices(two_printers(printer.port, stand_in.port, after_s=0)))
    await until(lambda: is_ready(street, "printer-2"))

    sale = await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("unknown", "closed_in_mid_job")])

    (job,) = await jobs_of(street, sale.sale_id)
    assert (job.printer, stand_in.papers_out) == ("printer-1", 0)


async def test_a_printer_is_never_given_two_jobs_at_a_time(street: StoreUnderTest, checkout: Checkout) -> None:
    class Counting(VirtualPrinter):
        callers = most = 0

        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.callers += 1
            self.most = max(self.most, self.callers)
            try:
                await super().serve(reader, writer)
            finally:
                self.callers -= 1

    async with Counting(fault="slow") as printer:
        await street.start(devices(settings(printer_at(printer.port, width_mm=58), look_every_s=3600.0)))
        for _ in range(3):
            await checkout.complete(street)
        await until(lambda: states(street).count(("printed", "none")) == 3)

        assert (printer.most, printer.papers_out) == (1, 3)


async def test_all_that_waited_comes_out_when_there_is_paper_and_what_is_too_old_does_not(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock, printer: VirtualPrinter
) -> None:
    printer.fault = "paper_out"
    await street.start(devices(settings(printer_at(printer.port))))
    old = await checkout.complete(street)
    clock.move(300)
    waiting = [await checkout.complete(street) for _ in range(3)]
    await until(lambda: ("accepted", "paper_out") in states(street))

    clock.move(300)
    await until(lambda: ("expired", "paper_out") in states(street))
    printer.fault = None
    for _ in waiting:
        await printer.next_paper()
    await until(lambda: states(street).count(("printed", "none")) == 3)

    assert [job.state for job in await jobs_of(street, old.sale_id)] == ["expired"]
    assert printer.papers_out == 3


async def test_a_test_page_shows_what_a_printer_can(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port, width_mm=58))))

    job = await street.send(PrintTest(PrintJobId(an_id()), DeviceId("printer-1"), "de"), caller="hub")
    paper = await printer.next_paper()
    await until(lambda: states(street)[-1:] == [("printed", "none")])

    assert isinstance(job, PrintJob)
    assert (job.kind, job.sale_id) == ("test", None)
    assert [row.strip() for row in paper.text.splitlines() if row] == [
        "Testseite",
        "printer-1",
        "12345678901234567890123456789012",
        "32 Zeichen in der Zeile",
        "Zeichen: ä ö å Ä Ö Å ß é è ñ ç €",
        "[BARCODE printer-1]",
        "[QR printer-1]",
        "Ist alles lesbar?",
    ]
    assert checkout.applied == []


async def test_a_test_page_is_refused_for_a_printer_that_is_not_set_up(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    await street.start(devices(settings()))

    refused = await street.send(PrintTest(PrintJobId(an_id()), DeviceId("printer-9")), caller="hub")

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.details, checkout.applied) == ("printer-not-found", {"printer": "printer-9"}, [])
