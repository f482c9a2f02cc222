"""Print jobs wanted, asked after and decided about by people; a sale wants some by itself.

Never here: how a job gets on once it is wanted (``job_moves.py``).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from contracts.base import IdReused, TokenMissing
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.reading import GetReceipt
from contracts.devices.printing import (
    DecidePrintJob,
    DrawerNotFound,
    FindPrintJobs,
    GetPrintJob,
    ListUnknownPrintJobs,
    OpenDrawer,
    PrinterNotFound,
    PrintJob,
    PrintJobDecided,
    PrintJobNotFound,
    PrintJobNotUnknown,
    PrintJobs,
    PrintReceipt,
    PrintTest,
)
from contracts.ids import PrintJobId, RegisterId, StaffId
from services.devices.handlers.job_moves import changed, keep
from services.devices.handlers.line_displays import show_total
from services.devices.handlers.troubles import tell_register, tell_without_printer, told
from services.devices.model.print_jobs import Decision, Job, Kick, Reprint, new_job
from services.devices.printers.settings import PrinterSettings
from services.devices.store.print_jobs import PrintJobStore
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.asking import Ask
from services.runtime.clock import read_stamp, stamp

HUB = "hub"
"""The login of the hub's own command line, where nobody is signed on."""


def on_sale_completed(event: SaleCompleted, tx: DevicesTx) -> None:
    """A sale opens the drawer if it was paid in cash, and gets one receipt if it asks for paper.

    Both need a printer at its register; one that wants paper and has none is told so. A job's life began when the
    sale was completed: what is heard of too late is not printed by itself, and a drawer does not open behind somebody's
    back.
    """
    show_total(event, tx)
    printer = tx.settings.printer_of(event.register)
    if printer is None:
        if event.receipt == "print":
            tell_without_printer(tx, event.register)
        return
    if printer.drawer and any(tender.kind == "cash" for tender in event.tenders):
        _accept(tx, _of_sale(event, tx, "drawer", printer, Kick("sale", event.cashier)))
    if event.receipt == "print":
        _accept(tx, _of_sale(event, tx, "receipt", printer))


async def prepare_print_receipt(command: PrintReceipt, _view: DevicesView, ask: Ask) -> None:
    """Ask checkout whether there is such a receipt; while it is away the copy waits like any other.

    Rejections:
        SaleNotFound, SaleNotCompleted: there is none.
    """
    await ask.if_there(GetReceipt(command.sale_id), attempts=1)


def print_receipt(command: PrintReceipt, _facts: None, tx: DevicesTx) -> PrintJob:
    """Print a receipt again, marked as a copy, as a job of its own; who wanted it, from where and why is kept and told.

    Rejections:
        PrinterNotFound: no printer prints for that register.
        IdReused: that id names another job.
    """
    staff_id, passed_by = tx.signed_on(), StaffId(tx.prove_may(PrintReceipt.permission))
    approved_by = None if passed_by == staff_id else passed_by
    printer = tx.settings.printer_of(command.register)
    if printer is None:
        raise PrinterNotFound(register=command.register)
    return _wanted(
        tx,
        new_job(
            command.job_id,
            "receipt",
            command.register,
            printer.device,
            lives=timedelta(seconds=tx.settings.job_lives_s),
            since=tx.now,
            now=tx.now,
            sale_id=command.sale_id,
            copy=True,
            language=command.language,
            reprint=Reprint(command.reason, staff_id, tx.caller, approved_by),
        ),
    )


def open_drawer(command: OpenDrawer, tx: DevicesTx) -> PrintJob:
    """Open the drawer of the register that asks; who wanted it, who let it pass and why is kept and told.

    Rejections:
        DrawerNotFound: its printer has no drawer.
        IdReused: that id names another job.
    """
    register = RegisterId(tx.caller)
    printer = tx.settings.printer_of(register)
    if printer is None or not printer.drawer:
        raise DrawerNotFound(register=register)
    staff_id, passed_by = tx.signed_on(), StaffId(tx.prove_may(OpenDrawer.permission))
    return _wanted(
        tx,
        new_job(
            command.job_id,
            "drawer",
            register,
            printer.device,
            lives=timedelta(seconds=tx.settings.drawer_lives_s),
            since=tx.now,
            now=tx.now,
            kick=Kick(command.reason, staff_id, None if passed_by == staff_id else passed_by),
        ),
    )


def print_test(command: PrintTest, tx: DevicesTx) -> PrintJob:
    """Print a page that shows what a printer can.

    Rejections:
        PrinterNotFound: no printer of that name is set up.
        IdReused: that id names another job.
    """
    if tx.settings.printer(command.printer) is None:
        raise PrinterNotFound(printer=command.printer)
    return _wanted(
        tx,
        new_job(
            command.job_id,
            "test",
            None,
            command.printer,
            lives=timedelta(seconds=tx.settings.job_lives_s),
            since=tx.now,
            now=tx.now,
            language=command.language,
        ),
    )


async def get_print_job(query: GetPrintJob, view: DevicesView) -> PrintJob:
    """How far a job came.

    Rejections:
        PrintJobNotFound: no job has that id.
    """
    job = await view.read(lambda connection: PrintJobStore(connection).get(query.job_id))
    if job is None:
        raise PrintJobNotFound(job_id=query.job_id)
    return told(job)


async def find_print_jobs(query: FindPrintJobs, view: DevicesView) -> PrintJobs:
    """All jobs of a sale, oldest first."""
    jobs = await view.read(lambda connection: PrintJobStore(connection).of_sale(query.sale_id))
    return PrintJobs(tuple(told(job) for job in jobs))


def decide_print_job(command: DecidePrintJob, tx: DevicesTx) -> PrintJob:
    """Take somebody's word for what became of a job; whose it was and from where is kept and told.

    Rejections:
        TokenMissing: nobody is signed on where it comes from, and that is not the hub itself.
        PrintJobNotFound: no job has that id.
        PrintJobNotUnknown: it is known already.
    """
    if tx.claims is None and tx.caller != HUB:
        raise TokenMissing
    staff_id = None if tx.claims is None else StaffId(tx.claims.subject)
    job = tx.jobs.get(command.job_id)
    if job is None:
        raise PrintJobNotFound(job_id=command.job_id)
    if job.state != "unknown":
        raise PrintJobNotUnknown(job_id=job.job_id, state=job.state)
    decided = job.decided(command.came_out, Decision(tx.caller, staff_id, tx.now))
    keep(tx, decided)
    if command.came_out and not tx.jobs.any_unknown(job.printer):
        # All that the printer was asked behind is out, so that no answer is left; what came late is thrown away.
        tx.devices.put_word(job.printer, replace(tx.devices.word(job.printer), owes=False))
        tx.wake(job.printer)
    tx.record(
        PrintJobDecided(
            job_id=job.job_id,
            sale_id=job.sale_id,
            kind=job.kind,
            came_out=command.came_out,
            decided_at=stamp(tx.now),
            decided_from=tx.caller,
            staff_id=staff_id,
        )
    )
    return told(decided)


async def list_unknown_print_jobs(query: ListUnknownPrintJobs, view: DevicesView) -> PrintJobs:
    """The jobs that wait for somebody's word, oldest first."""
    jobs = await view.read(lambda connection: PrintJobStore(connection).unknown(query.register))
    return PrintJobs(tuple(told(job) for job in jobs))


def _of_sale(
    event: SaleCompleted,
    tx: DevicesTx,
    kind: Literal["receipt", "drawer"],
    printer: PrinterSettings,
    kick: Kick | None = None,
) -> Job:
    lives_s = tx.settings.job_lives_s if kick is None else tx.settings.drawer_lives_s
    return new_job(
        PrintJobId(tx.ids.derived(tx.source.event_id, "print-receipt" if kick is None else "open-drawer")),
        kind,
        event.register,
        printer.device,
        lives=timedelta(seconds=lives_s),
        since=read_stamp(event.completed_at),
        now=tx.now,
        sale_id=event.sale_id,
        kick=kick,
    )


def _wanted(tx: DevicesTx, job: Job) -> PrintJob:
    """Accept a job that somebody asked for; the same job asked for again is told as it is now."""
    before = tx.jobs.get(job.job_id)
    if before is None:
        _accept(tx, job)
        return told(job)
    if not before.is_like(job):
        raise IdReused(id=job.job_id)
    return told(before)


def _accept(tx: DevicesTx, job: Job) -> None:
    if tx.jobs.add(job):
        tx.record(changed(job))
        tell_register(tx, job.register)
        tx.wake(job.printer)
