"""What a register is told of its print jobs: those that need somebody, and no others."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event

from contracts.devices.printing import DecidePrintJob, OpenDrawer, PrintJobKind, RegisterPrinting
from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId
from services.devices.model.print_jobs import Job, new_job
from services.devices.service import devices
from services.devices.store.print_jobs import PrintJobStore
from services.devices.store.tables import METADATA
from services.hub.virtual_printer import VirtualPrinter
from services.runtime.clock import SetClock
from tests.services.devices.neighbours import Checkout
from tests.services.devices.shop import (
    AT,
    NOBODYS_PORT,
    TILL_2,
    an_id,
    jobs_of,
    printer_at,
    reprint,
    settings,
    states,
    troubles,
)
from tests.under_test import StoreUnderTest, until


def a_job(kind: PrintJobKind) -> Job:
    where = (RegisterId("till-1"), DeviceId("printer-1"))
    lives = timedelta(minutes=10)
    return new_job(PrintJobId("job"), kind, *where, lives=lives, since=AT, now=AT, sale_id=SaleId("sale"))


async def test_a_receipt_that_waits_is_told_to_its_register_alone_until_it_is_out(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "paper_out"
    await street.start(devices(settings(printer_at(printer.port))))

    await checkout.complete(street)
    await until(lambda: troubles(street) == [("receipt", "accepted", "paper_out")])
    elsewhere = street.retained(RegisterPrinting, register="till-2")
    printer.fault = None
    await until(lambda: states(street)[-1:] == [("printed", "none")])
    await until(lambda: troubles(street) == [])

    assert elsewhere is None
    assert printer.papers_out == 1


async def test_a_register_that_wanted_paper_and_has_no_printer_is_told_once_until_it_has_one(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port))))
    await checkout.complete(street, register="till-2", receipt="none")
    await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("printed", "none")])
    wanted_none = street.retained(RegisterPrinting, register="till-2")

    for _ in range(2):
        await checkout.complete(street, register="till-2")
    await street.followed("checkout", "devices")
    await until(lambda: street.retained(RegisterPrinting, register="till-2"))
    told = street.retained(RegisterPrinting, register="till-2")
    await street.stop("devices")
    await street.start(devices(settings(printer_at(printer.port))))
    again = street.retained(RegisterPrinting, register="till-2")
    await street.stop("devices")
    await street.start(devices(settings(printer_at(NOBODYS_PORT, register=TILL_2))))
    await until(lambda: not street.retained(RegisterPrinting, register="till-2").without_printer)

    assert wanted_none is None
    assert (told, again) == (RegisterPrinting(1, without_printer=True),) * 2
    assert street.retained(RegisterPrinting, register="till-2") == RegisterPrinting(2)


async def test_a_job_that_nobody_knows_about_is_told_with_its_id_until_somebody_decides(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "close_in_mid_job"
    await street.start(devices(settings(printer_at(printer.port))))
    sale = await checkout.complete(street)
    await until(lambda: troubles(street) == [("receipt", "unknown", "closed_in_mid_job")])

    (told,) = street.retained(RegisterPrinting, register="till-1").jobs
    await street.send(DecidePrintJob(told.job_id, came_out=False), token=street.token())
    await until(lambda: troubles(street) == [])

    assert (told.sale_id, told.printer) == (sale.sale_id, "printer-1")
    assert printer.papers_out == 0


async def test_a_receipt_that_expired_is_told_until_a_copy_of_it_is_out(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock, printer: VirtualPrinter
) -> None:
    printer.fault = "cover_open"
    await street.start(devices(settings(printer_at(printer.port))))
    sale = await checkout.complete(street)
    await until(lambda: ("accepted", "cover_open") in states(street))
    clock.move(600)
    await until(lambda: troubles(street) == [("receipt", "expired", "cover_open")])

    printer.fault = None
    await reprint(street, sale.sale_id)
    await printer.next_paper()
    await until(lambda: troubles(street) == [])

    assert [job.state for job in await jobs_of(street, sale.sale_id)] == ["expired", "printed"]


async def test_a_drawer_that_stayed_shut_is_told_until_one_opens(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock, printer: VirtualPrinter
) -> None:
    printer.fault = "cover_open"
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))
    token = street.token("drawer.open")
    await street.send(OpenDrawer(PrintJobId(an_id()), "change_money"), token=token)
    await until(lambda: ("accepted", "cover_open") in states(street))
    clock.move(10)
    await until(lambda: troubles(street) == [("drawer", "expired", "cover_open")])

    printer.fault = None
    await street.send(OpenDrawer(PrintJobId(an_id()), "change_money"), token=token)
    await until(lambda: troubles(street) == [])

    assert (printer.drawer_pulses, checkout.applied) == (1, [])


async def test_what_needs_somebody_is_told_again_after_a_restart_and_the_revision_goes_on(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock
) -> None:
    shop = settings(printer_at(NOBODYS_PORT), printer_at(NOBODYS_PORT + 1, "printer-2", TILL_2))
    await street.start(devices(shop))
    await checkout.complete(street)
    await checkout.complete(street, register="till-2")
    await until(lambda: troubles(street) and troubles(street, TILL_2))
    before = street.retained(RegisterPrinting, register="till-1").revision
    await street.stop("devices")

    topic = street.topics.private(RegisterPrinting, "till-1")
    published = len([each for each in street.broker.published if each.topic == topic])
    await street.start(devices(shop))
    await until(lambda: len([each for each in street.broker.published if each.topic == topic]) > published)
    again = troubles(street)
    clock.move(600)
    await until(lambda: troubles(street) == [("receipt", "expired", "not_connected")])

    assert again == [("receipt", "accepted", "not_connected")]
    assert street.retained(RegisterPrinting, register="till-1").revision > before
    await until(lambda: troubles(street, TILL_2) == [("receipt", "expired", "not_connected")])


async def test_a_job_that_will_not_come_out_is_nobodys_trouble_the_next_day(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock, printer: VirtualPrinter
) -> None:
    printer.fault = "cover_open"
    await street.start(devices(settings(printer_at(printer.port))))
    await checkout.complete(street)
    await until(lambda: ("accepted", "cover_open") in states(street))
    clock.move(600)
    await until(lambda: troubles(street) == [("receipt", "expired", "cover_open")])

    clock.move(12 * 3600)
    await until(lambda: troubles(street) == [])

    assert states(street)[-1] == ("expired", "cover_open")
    assert printer.papers_out == 0


async def test_a_register_that_was_never_told_of_its_jobs_is_told_at_the_start(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    """As after an upgrade from a version that told no register."""
    printer.fault = "close_in_mid_job"
    shop = settings(printer_at(printer.port))
    await street.start(devices(shop))
    await checkout.complete(street)
    await until(lambda: troubles(street) == [("receipt", "unknown", "closed_in_mid_job")])
    await street.stop("devices")
    topic = street.topics.private(RegisterPrinting, "till-1")
    published = len([each for each in street.broker.published if each.topic == topic])
    with closing(sqlite3.connect(street.folder / "devices.sqlite3")) as other, other:
        other.execute("DELETE FROM scan_count")

    await street.start(devices(shop))
    await until(lambda: len([each for each in street.broker.published if each.topic == topic]) > published)

    assert troubles(street) == [("receipt", "unknown", "closed_in_mid_job")]


async def test_what_is_unknown_is_told_until_the_same_was_done_since(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "close_in_mid_job"
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))
    token = street.token("drawer.open", "receipt.reprint")
    sale = await checkout.complete(street)
    await until(lambda: troubles(street) == [("receipt", "unknown", "closed_in_mid_job")])
    printer.fault = None
    await reprint(street, sale.sale_id, token=token)
    await until(lambda: troubles(street) == [])

    printer.fault = "close_in_mid_job"
    await street.send(OpenDrawer(PrintJobId(an_id()), "change_money"), token=token)
    await until(lambda: troubles(street) == [("drawer", "unknown", "closed_in_mid_job")])
    printer.fault = None
    await street.send(OpenDrawer(PrintJobId(an_id()), "change_money"), token=token)
    await until(lambda: troubles(street) == [])

    assert states(street).count(("unknown", "closed_in_mid_job")) == 2


@pytest.mark.parametrize(
    ("look", "index"),
    [
        (lambda jobs: jobs.not_printed("till-1"), "INDEX print_job_trouble (register=?)"),
        (lambda jobs: jobs.waiting_for("printer-1"), "INDEX print_job_open (printer=?)"),
        (lambda jobs: jobs.printed_after(a_job("drawer")), "INDEX print_job_opened (register=? AND number>?)"),
        (lambda jobs: jobs.printed_after(a_job("receipt")), "INDEX ix_print_job_sale_id (sale_id=? AND rowid>?)"),
        (lambda jobs: jobs.unknown(None), "INDEX print_job_unknown"),
        (lambda jobs: jobs.elsewhere("till-1", 20), "INDEX print_job_elsewhere (register=?)"),
        (lambda jobs: jobs.any_unknown("printer-1"), "INDEX print_job_unknown"),
        (lambda jobs: jobs.registers_not_printed(), "INDEX print_job_trouble"),
    ],
)
def test_looking_for_jobs_that_are_not_out_reads_no_others(tmp_path: Path, look: Any, index: str) -> None:
    """Jobs are kept for ever, and this is done with each of them several times."""
    engine = create_engine(f"sqlite:///{tmp_path / 'devices.sqlite3'}")
    METADATA.create_all(engine)
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(engine, "before_cursor_execute", lambda *each: asked.append((each[2], each[3])))

    with engine.connect() as connection:
        look(PrintJobStore(connection))
        statement, values = asked[0]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    engine.dispose()

    assert index in plan[0].detail.replace("COVERING ", "")
    assert not [each.detail for each in plan if "TEMP B-TREE" in each.detail]
