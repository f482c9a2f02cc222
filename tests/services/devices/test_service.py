"""Devices as others meet it: receipts printed once, scans told, devices shown; real printers' faults included."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from contracts.base import Rejected
from contracts.devices import (
    DeviceState,
    FindPrintJobs,
    GetPrintJob,
    InjectScan,
    PrintJob,
    PrintJobChanged,
    PrintJobs,
    PrintReceipt,
    RegisterScan,
    Scanned,
    ScanTaken,
)
from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId, ScanId, StaffId
from contracts.staff import SessionEnded
from services.devices.service import devices
from services.devices.settings import DevicesSettings, PrinterSettings, ScannerSettings, ScanRule
from services.devices.store import METADATA
from services.hub.virtual_printer import VirtualPrinter
from services.runtime.clock import SetClock
from services.runtime.ids import RandomIds
from services.runtime.requester import NoAnswer
from tests.services.devices.neighbours import Checkout, Neighbour
from tests.under_test import StoreUnderTest, store_under_test, until

AT = datetime(2026, 11, 22, 13, tzinfo=UTC)
NOBODYS_PORT = 1
"""tcpmux of RFC 1078: nothing listens there."""
TILL_1, TILL_2 = RegisterId("till-1"), RegisterId("till-2")


def an_id() -> str:
    return RandomIds().new()


def printer_at(port: int, device: str = "printer-1", register: RegisterId = TILL_1, **how: Any) -> PrinterSettings:
    return PrinterSettings(device=DeviceId(device), host="127.0.0.1", port=port, registers=(register,), **how)


def settings(*printers: PrinterSettings, **others: Any) -> DevicesSettings:
    """Settings with little patience for what stays silent, and much for what is to come."""
    quick = {"retry_s": 0.02, "look_every_s": 0.05, "answer_s": 0.5, "send_s": 2.0, "finish_s": 30.0}
    return DevicesSettings(printers=printers, **(quick | others))


@pytest.fixture
def clock() -> SetClock:
    return SetClock(AT)


@pytest.fixture
async def street(tmp_path: Path, clock: SetClock) -> AsyncIterator[StoreUnderTest]:
    """A store in which checkout and staff run and time stands still."""
    async with store_under_test(tmp_path, clock) as store:
        await Neighbour("staff").start(store)
        yield store


@pytest.fixture
async def checkout(street: StoreUnderTest) -> Checkout:
    checkout = Checkout()
    await checkout.start(street)
    return checkout


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    async with VirtualPrinter() as printer:
        yield printer


def states(store: StoreUnderTest) -> list[tuple[str, str]]:
    """The states and reasons that were told of print jobs, in order."""
    return [(each.state, each.reason) for each in store.told(PrintJobChanged)]


async def jobs_of(store: StoreUnderTest, sale_id: SaleId) -> tuple[PrintJob, ...]:
    found = await store.send(FindPrintJobs(sale_id))
    assert isinstance(found, PrintJobs)
    return found.jobs


async def reprint(store: StoreUnderTest, sale_id: SaleId, **how: Any) -> PrintJob | Rejected:
    command = PrintReceipt(PrintJobId(how.pop("job_id", an_id())), sale_id, how.pop("register", TILL_1))
    token = how.pop("token", None) or store.token("receipt.reprint")
    return await store.send(msgspec.structs.replace(command, **how), token=token)


async def test_a_completed_sale_is_printed(street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter) -> None:
    await street.start(devices(settings(printer_at(printer.port, width_mm=58, qr=True))))

    sale = await checkout.complete(street)
    paper = await printer.next_paper()
    await until(lambda: len(states(street)) == 3)

    assert "Summe                    16,75 €\n" in paper.text
    assert "[QR till-1-000123]" in paper.text
    assert "KOPIE" not in paper.text
    assert states(street) == [("accepted", "none"), ("printing", "none"), ("printed", "none")]
    (job,) = await jobs_of(street, sale.sale_id)
    assert (job.state, job.printer, job.copy) == ("printed", "printer-1", False)
    assert await street.send(GetPrintJob(job.job_id)) == job


async def test_sales_are_printed_once_and_in_order_over_a_restart(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    shop = settings(printer_at(printer.port))
    await street.start(devices(shop))
    await checkout.complete(street)
    await printer.next_paper()
    await until(lambda: len(states(street)) == 3)
    await street.stop("devices")

    for number in range(3):
        await checkout.complete(street, receipt_number=f"till-1-{number}")
    await street.start(devices(shop))
    await until(lambda: len(states(street)) == 12)
    last = await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("printed", "none")] and len(states(street)) == 15)

    told = street.told(PrintJobChanged)
    printed = [each.job_id for each in told if each.state == "printed"]
    assert len(printed) == len(set(printed)) == 5
    assert printed == [each.job_id for each in told if each.state == "accepted"]
    assert told[-1].sale_id == last.sale_id


@pytest.mark.parametrize("how", [{"receipt": "none"}, {"register": "till-9"}])
async def test_a_sale_without_paper_or_without_a_printer_makes_no_job(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, how: dict[str, str]
) -> None:
    await street.start(devices(settings(printer_at(printer.port))))

    sale = await checkout.complete(street, **how)
    await street.followed("checkout", "devices")

    assert await jobs_of(street, sale.sale_id) == ()


async def test_a_sale_that_is_heard_of_too_late_is_not_printed(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port))))

    sale = await checkout.complete(street, completed_at="2026-11-22T12:49:59Z")
    await street.followed("checkout", "devices")

    (job,) = await jobs_of(street, sale.sale_id)
    assert job.state == "expired"
    assert states(street) == [("expired", "none")]


async def test_a_printer_without_paper_prints_when_it_has_some(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "paper_out"
    await street.start(devices(settings(printer_at(printer.port))))

    await checkout.complete(street)
    await until(lambda: ("accepted", "paper_out") in states(street))
    shown_before = street.retained(DeviceState, device="printer-1")
    printer.fault = None
    await printer.next_paper()
    await until(lambda: states(street)[-1:] == [("printed", "none")])

    shown_after = street.retained(DeviceState, device="printer-1")
    assert states(street) == [
        ("accepted", "none"),
        ("accepted", "paper_out"),
        ("printing", "none"),
        ("printed", "none"),
    ]
    assert (shown_before.state, shown_before.reason) == ("fault", "paper_out")
    assert (shown_after.state, shown_after.reason, shown_after.register) == ("ready", "none", "till-1")
    assert shown_after.revision > shown_before.revision


async def test_a_job_that_nobody_could_print_expires(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock
) -> None:
    await street.start(devices(settings(printer_at(NOBODYS_PORT))))

    await checkout.complete(street)
    await until(lambda: ("accepted", "not_connected") in states(street))
    clock.move(600)
    await until(lambda: states(street)[-1:] == [("expired", "not_connected")])

    assert street.retained(DeviceState, device="printer-1").state == "absent"
    assert len(states(street)) == 3


async def test_a_printer_that_hangs_up_in_mid_job_leaves_it_unknown_and_never_tried_again(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "close_in_mid_job"
    await street.start(devices(settings(printer_at(printer.port))))

    await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("unknown", "closed_in_mid_job")])
    printer.fault = None
    await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("printed", "none")])

    printed = [each.job_id for each in street.told(PrintJobChanged) if each.state == "printing"]
    assert len(printed) == len(set(printed)) == 2


async def test_a_job_whose_paper_came_out_while_the_database_was_busy_is_settled_before_the_next(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, caplog: pytest.LogCaptureFixture
) -> None:
    printer.fault = "stall"
    running = await street.start(devices(settings(printer_at(printer.port))))
    await running.writer.run(lambda scope: scope.connection.exec_driver_sql("PRAGMA busy_timeout=0"))
    await checkout.complete(street)
    await until(lambda: ("printing", "none") in states(street))

    def waited() -> bool:
        return [record.message for record in caplog.records].count("printing-waits") > 1

    with closing(sqlite3.connect(street.folder / "devices.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        printer.fault = None
        await printer.next_paper()
        await until(waited)
        other.execute("ROLLBACK")
    await checkout.complete(street)
    await printer.next_paper()
    await until(lambda: len(states(street)) == 6)

    told = [(each.job_id, each.state) for each in street.told(PrintJobChanged) if each.state in ("printing", "printed")]
    assert [state for _, state in told] == ["printing", "printed"] * 2
    assert [told[0][0], told[2][0]] == [told[1][0], told[3][0]]


async def test_a_printer_that_hangs_delays_no_other(street: StoreUnderTest, checkout: Checkout) -> None:
    async with VirtualPrinter(fault="stall") as hung, VirtualPrinter() as well:
        await street.start(devices(settings(printer_at(hung.port), printer_at(well.port, "printer-2", TILL_2))))
        await checkout.complete(street)
        await until(lambda: ("printing", "none") in states(street))

        await checkout.complete(street, register="till-2")
        await well.next_paper()
        await until(lambda: ("printed", "none") in states(street))

        assert [each.printer for each in street.told(PrintJobChanged) if each.state == "printed"] == ["printer-2"]


async def test_a_stop_in_mid_job_leaves_it_unknown(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "stall"
    shop = settings(printer_at(printer.port))
    await street.start(devices(shop))
    sale = await checkout.complete(street)
    await until(lambda: ("printing", "none") in states(street))

    await street.stop("devices")
    printer.fault = None
    await street.start(devices(shop))
    await until(lambda: len(states(street)) == 3)

    (job,) = await jobs_of(street, sale.sale_id)
    assert (job.state, states(street)[-1]) == ("unknown", ("unknown", "interrupted"))


async def test_a_job_for_a_printer_that_was_taken_away_fails(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings(printer_at(NOBODYS_PORT))))
    await checkout.complete(street)
    await until(lambda: ("accepted", "not_connected") in states(street))
    await street.stop("devices")

    await street.start(devices(settings(printer_at(NOBODYS_PORT, "printer-2"))))
    await until(lambda: states(street)[-1:] == [("failed", "not_connected")])

    assert len(states(street)) == 3


async def test_a_receipt_that_checkout_does_not_have_fails(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port))))
    sale_id = SaleId(an_id())

    await reprint(street, sale_id)
    await until(lambda: states(street)[-1:] == [("failed", "none")])
    await checkout.complete(street)

    assert "KOPIE" not in (await printer.next_paper()).text


async def test_a_job_waits_for_checkout(street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter) -> None:
    await street.start(devices(settings(printer_at(NOBODYS_PORT))))
    sale = await checkout.complete(street)
    await street.followed("checkout", "devices")
    await street.stop("devices")
    await street.stop("checkout")

    await street.start(devices(settings(printer_at(printer.port))))
    await checkout.start(street)

    assert "Summe" in (await printer.next_paper()).text
    assert (await jobs_of(street, sale.sale_id))[0].printer == "printer-1"


async def test_a_reprint_says_copy_in_the_language_asked_for_and_is_printed_once(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port))))
    sale = await checkout.complete(street)
    await printer.next_paper()
    job_id = an_id()

    first = await reprint(street, sale.sale_id, job_id=job_id, language="fi")
    paper = await printer.next_paper()
    await until(lambda: states(street)[-1:] == [("printed", "none")] and len(states(street)) == 6)
    again = await reprint(street, sale.sale_id, job_id=job_id, language="fi")

    assert "*** KOPIO ***" in paper.text
    assert isinstance(first, PrintJob)
    assert isinstance(again, PrintJob)
    assert (first.state, first.copy, again.state) == ("accepted", True, "printed")
    assert [job.copy for job in await jobs_of(street, sale.sale_id)] == [False, True]


async def test_a_reprint_is_refused_without_permission_printer_or_own_id(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    await street.start(devices(settings(printer_at(NOBODYS_PORT))))
    sale = await checkout.complete(street)
    await street.followed("checkout", "devices")
    (job,) = await jobs_of(street, sale.sale_id)

    refused = [
        await reprint(street, sale.sale_id, token=street.token("sale.sell")),
        await reprint(street, sale.sale_id, register=TILL_2),
        await reprint(street, SaleId(an_id()), job_id=job.job_id),
    ]

    assert [each.code for each in refused if isinstance(each, Rejected)] == [
        "permission-denied",
        "printer-not-found",
        "id-reused",
    ]


async def test_a_session_that_ended_reprints_nothing(tmp_path: Path) -> None:
    async with store_under_test(tmp_path) as store:
        staff, checkout = Neighbour("staff"), Checkout()
        await staff.start(store)
        await checkout.start(store)
        await store.start(devices(settings(printer_at(NOBODYS_PORT))))
        token = store.token("receipt.reprint", session=3)

        await staff.tell(SessionEnded(TILL_1, 3, StaffId(an_id()), "signed_off"))
        await store.followed("staff", "devices")
        refused = await reprint(store, SaleId(an_id()), token=token)

        assert isinstance(refused, Rejected)
        assert refused.code == "token-invalid"


async def test_a_job_that_is_not_there_is_not_found(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings()))
    assert checkout.applied == []

    refused = await street.send(GetPrintJob(PrintJobId(an_id())))

    assert isinstance(refused, Rejected)
    assert refused.code == "print-job-not-found"


async def inject(store: StoreUnderTest, text: str) -> ScanTaken | Rejected:
    return await store.send(InjectScan(ScanId(an_id()), TILL_1, text), caller="hub")


async def test_an_items_code_goes_to_checkout_and_to_its_register_alone(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    await street.start(devices(settings()))

    taken = await inject(street, "]E04006381333931")
    await inject(street, "4006381333931")
    await until(lambda: getattr(street.retained(RegisterScan, register="till-1"), "revision", 0) == 2)

    assert isinstance(taken, ScanTaken)
    assert taken.outcome == "line_added"
    assert [(each.register, each.text) for each in checkout.applied] == [("till-1", "4006381333931")] * 2
    first, second = street.told(Scanned)
    assert (first.kind, first.symbology, first.length, first.sequence) == ("item", "ean", 16, 1)
    assert (second.symbology, second.sequence) == (None, 2)
    last = street.retained(RegisterScan, register="till-1")
    assert (last.text, last.outcome) == ("4006381333931", "line_added")


async def test_what_a_scan_says_is_told_to_no_one_but_its_register(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings(scan_rules=(ScanRule("C-", "customer_code"),))))

    await inject(street, "C-77-SECRET")
    await until(lambda: street.retained(RegisterScan, register="till-1") is not None)

    assert checkout.applied == []
    topics = {each.topic for each in street.broker.published if b"SECRET" in each.payload}
    assert {topic.split("/")[3] for topic in topics} == {"private", "request"}
    assert street.retained(RegisterScan, register="till-1").outcome == "told"


@pytest.mark.parametrize("text", ["01040123\x1d10ABC", "two words", "tee-grün", "x" * 129])
async def test_a_code_that_no_item_can_have_is_not_asked_for(
    street: StoreUnderTest, checkout: Checkout, text: str
) -> None:
    await street.start(devices(settings()))

    taken = await inject(street, text)

    assert isinstance(taken, ScanTaken)
    assert taken.outcome == "unknown_item"
    assert checkout.applied == []


async def test_a_scan_while_checkout_is_away_may_be_repeated(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings()))
    await street.stop("checkout")
    scan = InjectScan(ScanId(an_id()), TILL_1, "4006381333931")
    message_id = an_id()

    with pytest.raises(NoAnswer, match="unavailable"):
        await street.send(scan, caller="hub", message_id=message_id)
    await checkout.start(street)
    taken = await street.send(scan, caller="hub", message_id=message_id)

    assert isinstance(taken, ScanTaken)
    assert taken.outcome == "line_added"


async def test_every_device_of_the_settings_is_shown_and_no_other(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    nobodys = ScannerSettings(device=DeviceId("scanner-1"), register=TILL_1, serial="no such serial number")
    shop = settings(printer_at(printer.port), scanners=(nobodys,))
    await street.start(devices(shop))
    await until(lambda: getattr(street.retained(DeviceState, device="printer-1"), "state", "") == "ready")
    scanner = street.retained(DeviceState, device="scanner-1")
    before = street.retained(DeviceState, device="printer-1")
    await street.stop("devices")

    await street.start(devices(settings(printer_at(printer.port))))
    await until(lambda: street.retained(DeviceState, device="scanner-1") is None)

    assert (scanner.kind, scanner.state, scanner.reason) == ("scanner", "absent", "not_connected")
    assert street.retained(DeviceState, device="printer-1") == before
    assert checkout.applied == []


async def test_migrations_make_the_tables_of_the_store(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings()))
    assert checkout.applied == []

    def of_the_store(_thing: object, name: str, kind: str, *_: object) -> bool:
        return kind != "table" or name in METADATA.tables

    def differences(connection: Connection) -> list[Any]:
        ours = MigrationContext.configure(connection, opts={"include_object": of_the_store})
        return list(compare_metadata(ours, METADATA))

    assert await street.read("devices", differences) == []
