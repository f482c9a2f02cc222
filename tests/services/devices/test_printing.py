"""Print jobs as others meet them: each printed once or known why not, with real printers' faults."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from contracts.base import Rejected
from contracts.devices import DeviceState
from contracts.devices.printing import (
    DecidePrintJob,
    GetPrintJob,
    ListUnknownPrintJobs,
    PrintJob,
    PrintJobChanged,
    PrintJobDecided,
    PrintJobs,
    PrintReceipt,
    PrintTest,
    ReceiptReprinted,
)
from contracts.ids import DeviceId, PrintJobId, SaleId, StaffId
from contracts.staff.signing_on import SessionEnded
from services.devices.model.print_jobs import Decision, Reprint
from services.devices.service import devices
from services.devices.store.conditions import DeviceStore
from services.devices.store.print_jobs import PrintJobStore
from services.hub.virtual_printer import VirtualPrinter
from services.runtime.clock import SetClock
from tests.services.devices.neighbours import Checkout, Neighbour
from tests.services.devices.shop import (
    AT,
    CASHIER,
    NOBODYS_PORT,
    TILL_1,
    TILL_2,
    an_id,
    jobs_of,
    printer_at,
    reprint,
    settings,
    states,
    troubles,
)
from tests.under_test import StoreUnderTest, store_under_test, until

MANAGER = StaffId("01912f4e-0000-7000-8000-000000000072")


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
    word = await street.read("devices", lambda connection: DeviceStore(connection).word("printer-1"))
    assert (job.state, states(street)[-1], word.owes) == ("unknown", ("unknown", "interrupted"), True)


async def test_a_job_for_a_printer_that_was_taken_away_fails(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings(printer_at(NOBODYS_PORT))))
    await checkout.complete(street)
    await until(lambda: ("accepted", "not_connected") in states(street))
    await street.stop("devices")

    await street.start(devices(settings(printer_at(NOBODYS_PORT, "printer-2", TILL_2))))
    await until(lambda: states(street)[-1:] == [("failed", "not_connected")])

    assert len(states(street)) == 3


async def test_a_printer_that_is_called_otherwise_prints_what_waited_for_it(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(NOBODYS_PORT))))
    await checkout.complete(street)
    await until(lambda: ("accepted", "not_connected") in states(street))
    await street.stop("devices")

    await street.start(devices(settings(printer_at(printer.port, "counter"))))
    await printer.next_paper()
    await until(lambda: states(street)[-1:] == [("printed", "none")])

    assert street.told(PrintJobChanged)[-1].printer == "counter"


async def test_the_answer_behind_a_job_that_a_stop_interrupted_is_not_taken_for_the_next_ones(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    """With paper again the printer answers for the first job, just when the second was sent."""
    shop = settings(printer_at(printer.port), finish_s=0.3)
    await street.start(devices(shop))
    await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("printed", "none")])
    printer.rows_left = 5
    await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("unknown", "paper_out")])
    await street.stop("devices")

    printer.fault = "mute_in_turn"
    await street.start(devices(shop))
    await checkout.complete(street)
    await until(lambda: ("accepted", "never_confirms") in states(street))

    assert printer.papers_out == 2
    assert states(street).count(("printed", "none")) == 1


@pytest.mark.parametrize(("came_out", "papers"), [(True, 3), (False, 2)])
async def test_a_printer_that_keeps_an_answer_back_gets_paper_again_when_somebody_saw_that_all_came_out(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, *, came_out: bool, papers: int
) -> None:
    await street.start(devices(settings(printer_at(printer.port), finish_s=0.1, answer_s=0.1)))
    await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("printed", "none")])
    printer.fault = "mute_in_turn"
    unknown = await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("unknown", "never_confirms")])
    waits = await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("accepted", "never_confirms")])
    shown = street.retained(DeviceState, device="printer-1")

    (job,) = await jobs_of(street, unknown.sale_id)
    await street.send(DecidePrintJob(job.job_id, came_out), token=street.token())
    looks = printer.looks
    await until(lambda: printer.papers_out == papers and printer.looks > looks + 2)

    (after,) = await jobs_of(street, waits.sale_id)
    assert (after.state == "accepted") is (papers == 2)
    assert (shown.state, shown.reason) == ("fault", "never_confirms")


async def test_a_printer_is_heard_out_until_somebody_decided_about_all_of_its_jobs_that_are_unknown(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    """Of the job that nobody decided about an answer may be left, which would be taken for the next one's."""
    await street.start(devices(settings(printer_at(printer.port), finish_s=0.1, answer_s=0.1)))
    await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("printed", "none")])
    printer.fault = "close_in_mid_job"
    unknown = [await checkout.complete(street)]
    await until(lambda: states(street)[-1:] == [("unknown", "closed_in_mid_job")])
    printer.fault, printer.rows_left = None, 5
    unknown.append(await checkout.complete(street))
    await until(lambda: states(street)[-1:] == [("unknown", "paper_out")])
    printer.fault = "mute_in_turn"
    waits = await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("accepted", "never_confirms")])
    jobs = [(await jobs_of(street, sale.sale_id))[0] for sale in unknown]
    papers, token = printer.papers_out, street.token()

    await street.send(DecidePrintJob(jobs[0].job_id, came_out=True), token=token)
    looks = printer.looks
    await until(lambda: printer.looks > looks + 4)
    (still,) = await jobs_of(street, waits.sale_id)
    after_one = printer.papers_out
    await street.send(DecidePrintJob(jobs[1].job_id, came_out=True), token=token)
    await until(lambda: printer.papers_out == papers + 1)

    assert (still.state, still.reason, after_one) == ("accepted", "never_confirms", papers)


async def test_a_clean_stop_waits_for_the_paper_that_is_coming_out(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "stall"
    shop = settings(printer_at(printer.port), answer_s=10.0)
    await street.start(devices(shop))
    sale = await checkout.complete(street)
    await until(lambda: ("printing", "none") in states(street))

    stopping = asyncio.create_task(street.stop("devices"))
    await asyncio.sleep(0)
    printer.fault = None
    await stopping
    await street.start(devices(shop))

    assert [job.state for job in await jobs_of(street, sale.sale_id)] == ["printed"]
    assert printer.papers_out == 1


async def test_a_receipt_goes_out_without_a_logo_that_is_gone_and_printer_and_test_page_tell_so(
    street: StoreUnderTest,
    checkout: Checkout,
    printer: VirtualPrinter,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def shown() -> DeviceState:
        state: DeviceState = street.retained(DeviceState, device="printer-1")
        return state

    logo = tmp_path / "logo.png"
    Image.new("1", (64, 16)).save(logo)
    await street.start(devices(settings(printer_at(printer.port, logo=str(logo)))))

    await checkout.complete(street)
    with_logo = await printer.next_paper()
    logo.unlink()
    await checkout.complete(street)
    without = await printer.next_paper()

    await until(lambda: shown().reason == "logo_not_printed")
    page = await street.send(PrintTest(PrintJobId(an_id()), DeviceId("printer-1")), caller="hub")
    await until(lambda: states(street)[-1:] == [("printed", "logo_not_printed")])
    looks = printer.looks
    await until(lambda: printer.looks > looks + 4)
    told = [record.message for record in caplog.records].count("logo-not-printed")
    Image.new("1", (64, 16)).save(logo)
    await until(lambda: shown().reason == "none")

    assert isinstance(page, PrintJob)
    assert (shown().state, told) == ("ready", 1)
    assert states(street).count(("printed", "none")) == 2
    assert with_logo.text.splitlines()[0].strip() == "[PICTURE]"
    assert with_logo.text.splitlines()[1:] == without.text.splitlines()


@pytest.mark.parametrize(("came_out", "becomes"), [(True, "printed"), (False, "failed")])
async def test_somebody_decides_what_became_of_a_job_that_nobody_knows_about(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, *, came_out: bool, becomes: str
) -> None:
    printer.fault = "close_in_mid_job"
    await street.start(devices(settings(printer_at(printer.port))))
    sale = await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("unknown", "closed_in_mid_job")])
    (job,) = await jobs_of(street, sale.sale_id)
    listed: list[PrintJobs | Rejected] = []
    for register in (None, TILL_1, TILL_2):
        told = await street.send(ListUnknownPrintJobs(register))
        listed.append(told)

    token = street.token(staff_id=CASHIER)

    nobody = await street.send(DecidePrintJob(job.job_id, came_out))
    decided = await street.send(DecidePrintJob(job.job_id, came_out), token=token)
    again = await street.send(DecidePrintJob(job.job_id, came_out), token=token)
    await until(lambda: street.told(PrintJobDecided))

    assert listed == [PrintJobs((job,)), PrintJobs((job,)), PrintJobs(())]
    assert isinstance(decided, PrintJob)
    assert (decided.state, decided.reason) == (becomes, "closed_in_mid_job")
    assert isinstance(nobody, Rejected)
    assert isinstance(again, Rejected)
    assert (nobody.code, again.code) == ("token-missing", "print-job-not-unknown")
    (told,) = street.told(PrintJobDecided)
    assert (told.job_id, told.came_out, told.staff_id, told.decided_from) == (job.job_id, came_out, CASHIER, "till-1")
    assert await street.send(ListUnknownPrintJobs()) == PrintJobs(())
    assert printer.papers_out == 0


async def test_nobody_decides_about_a_job_that_is_not_there(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings()))

    refused = await street.send(DecidePrintJob(PrintJobId(an_id()), came_out=True), caller="hub")

    assert isinstance(refused, Rejected)
    assert (refused.code, checkout.applied) == ("print-job-not-found", [])


async def test_who_decided_on_the_hub_itself_is_the_hub(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "close_in_mid_job"
    await street.start(devices(settings(printer_at(printer.port))))
    sale = await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("unknown", "closed_in_mid_job")])
    (job,) = await jobs_of(street, sale.sale_id)

    await street.send(DecidePrintJob(job.job_id, came_out=True), caller="hub")
    await until(lambda: street.told(PrintJobDecided))

    kept = await street.read("devices", lambda connection: PrintJobStore(connection).get(job.job_id))
    assert [(each.decided_from, each.staff_id) for each in street.told(PrintJobDecided)] == [("hub", None)]
    assert kept is not None
    assert kept.decision == Decision("hub", None, AT)


async def test_a_receipt_that_checkout_does_not_have_fails_and_says_so(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "paper_out"
    await street.start(devices(settings(printer_at(printer.port))))
    sale = await checkout.complete(street)
    await until(lambda: ("accepted", "paper_out") in states(street))

    checkout.lose(sale.sale_id)
    printer.fault = None
    await until(lambda: states(street)[-1:] == [("failed", "receipt_not_found")])
    await checkout.complete(street)

    assert "Summe" in (await printer.next_paper()).text
    await until(lambda: troubles(street) == [("receipt", "failed", "receipt_not_found")])


async def test_no_copy_is_made_of_a_sale_that_does_not_exist(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings(printer_at(NOBODYS_PORT))))

    refused = await reprint(street, SaleId(an_id()))

    assert isinstance(refused, Rejected)
    assert (refused.code, states(street), checkout.applied) == ("sale-not-found", [], [])


async def test_a_copy_waits_for_checkout_like_any_receipt(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port))))
    sale = await checkout.complete(street)
    await printer.next_paper()
    await until(lambda: states(street)[-1:] == [("printed", "none")])
    await street.stop("checkout")
    await street.unwell("checkout")

    asked = await reprint(street, sale.sale_id)
    await until(lambda: states(street)[-1:] == [("accepted", "receipt_awaited")])
    await checkout.start(street)

    assert isinstance(asked, PrintJob)
    assert "KOPIE" in (await printer.next_paper()).text


async def test_a_fault_of_checkouts_own_delays_a_receipt_and_no_other(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    checkout.faults = 1
    await street.start(devices(settings(printer_at(printer.port), retry_s=0.3)))

    sales = [await checkout.complete(street) for _ in range(2)]
    for _ in sales:
        await printer.next_paper()
    await until(lambda: states(street).count(("printed", "none")) == 2)

    printed = [each.sale_id for each in street.told(PrintJobChanged) if each.state == "printed"]
    assert ("accepted", "receipt_awaited") in states(street)
    assert printed == [sale.sale_id for sale in reversed(sales)]


async def test_a_copy_that_was_printed_is_told_with_who_wanted_it_where_and_why(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port))))
    sale = await checkout.complete(street)
    await printer.next_paper()

    copy = await reprint(street, sale.sale_id, token=street.token("receipt.reprint", staff_id=CASHIER), reason="lost")
    await printer.next_paper()
    await until(lambda: street.told(ReceiptReprinted))

    assert isinstance(copy, PrintJob)
    (told,) = street.told(ReceiptReprinted)
    assert (told.sale_id, told.job_id, told.reason, told.certain) == (sale.sale_id, copy.job_id, "lost", True)
    assert (told.staff_id, told.approved_by, told.asked_from, told.register) == (CASHIER, None, "till-1", "till-1")


async def test_who_let_a_copy_pass_is_told_beside_who_wanted_it(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port))))
    sale = await checkout.complete(street)
    await printer.next_paper()
    token, message_id = street.token(needs_approval=("receipt.reprint",), staff_id=CASHIER), an_id()
    copy = PrintReceipt(PrintJobId(an_id()), sale.sale_id, TILL_1, "lost")
    approval = street.approval("receipt.reprint", message_id, sale_id=sale.sale_id, approved_by=MANAGER)

    await street.send(copy, token=token, message_id=message_id, approval=approval)
    await until(lambda: street.told(ReceiptReprinted))

    (told,) = street.told(ReceiptReprinted)
    kept = await street.read("devices", lambda connection: PrintJobStore(connection).get(copy.job_id))
    assert (told.staff_id, told.approved_by) == (CASHIER, MANAGER)
    assert kept is not None
    assert kept.reprint == Reprint("lost", CASHIER, "till-1", MANAGER)


async def test_a_try_is_logged_when_something_else_came_of_it(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, caplog: pytest.LogCaptureFixture
) -> None:
    """A printer without paper is tried every two seconds for ten minutes."""
    caplog.set_level("INFO")
    printer.fault = "paper_out"
    await street.start(devices(settings(printer_at(printer.port))))
    await checkout.complete(street)
    await until(lambda: ("accepted", "paper_out") in states(street))

    looks = printer.looks
    await until(lambda: printer.looks > looks + 4)
    printer.fault = None
    await until(lambda: states(street)[-1:] == [("printed", "none")])
    await street.stop("devices")

    assert [record.message for record in caplog.records].count("job-tried") == 2


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
        await reprint(street, sale.sale_id, job_id=job.job_id),
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
