"""Print jobs: from the sale or the wish to paper."""

from datetime import timedelta
from typing import Literal

from contracts.base import IdReused
from contracts.checkout.completed import SaleCompleted
from contracts.devices import (
    DecidePrintJob,
    DrawerNotFound,
    DrawerOpened,
    FaultReason,
    FindPrintJobs,
    GetPrintJob,
    ListUnknownPrintJobs,
    OpenDrawer,
    PrinterNotFound,
    PrintJob,
    PrintJobChanged,
    PrintJobNotFound,
    PrintJobNotUnknown,
    PrintJobs,
    PrintReceipt,
    PrintState,
    PrintTest,
)
from contracts.ids import DeviceId, PrintJobId, RegisterId, StaffId
from services.devices.handlers.line_displays import show_total
from services.devices.model.print_jobs import Job, Kick, new_job
from services.devices.printers.settings import PrinterSettings
from services.devices.store.print_jobs import PrintJobStore
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.clock import read_stamp, stamp


def on_sale_completed(event: SaleCompleted, tx: DevicesTx) -> None:
    """A sale opens the drawer if it was paid in cash, and gets one receipt if it asks for paper.

    Both need a printer at its register. A job's life began when the sale was completed: what is heard of too
    late is not printed by itself, and a drawer does not open behind somebody's back.
    """
    show_total(event, tx)
    printer = tx.settings.printer_of(event.register)
    if printer is None:
        return
    if printer.drawer and any(tender.kind == "cash" for tender in event.tenders):
        _accept(tx, _of_sale(event, tx, "drawer", printer, Kick("sale", event.cashier)))
    if event.receipt == "print":
        _accept(tx, _of_sale(event, tx, "receipt", printer))


def print_receipt(command: PrintReceipt, tx: DevicesTx) -> PrintJob:
    """Print a receipt again, marked as a copy, as a job of its own.

    Rejections:
        PrinterNotFound: no printer prints for that register.
        IdReused: that id names another job.
    """
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
    return _told(job)


async def find_print_jobs(query: FindPrintJobs, view: DevicesView) -> PrintJobs:
    """All jobs of a sale, oldest first."""
    jobs = await view.read(lambda connection: PrintJobStore(connection).of_sale(query.sale_id))
    return PrintJobs(tuple(_told(job) for job in jobs))


def decide_print_job(command: DecidePrintJob, tx: DevicesTx) -> PrintJob:
    """Take somebody's word for what became of a job; why nobody knew stays with it.

    Rejections:
        PrintJobNotFound: no job has that id.
        PrintJobNotUnknown: it is known already.
    """
    job = tx.jobs.get(command.job_id)
    if job is None:
        raise PrintJobNotFound(job_id=command.job_id)
    if job.state != "unknown":
        raise PrintJobNotUnknown(job_id=job.job_id, state=job.state)
    move(tx, job, "printed" if command.came_out else "failed", job.reason)
    return _told(job.moved("printed" if command.came_out else "failed", job.reason, tx.now))


async def list_unknown_print_jobs(query: ListUnknownPrintJobs, view: DevicesView) -> PrintJobs:
    """The jobs that wait for somebody's word, oldest first."""
    jobs = await view.read(lambda connection: PrintJobStore(connection).unknown(query.register))
    return PrintJobs(tuple(_told(job) for job in jobs))


def job_moved(tx: DevicesTx, job_id: PrintJobId, state: PrintState, reason: FaultReason) -> None:
    """Keep and tell that a job came to another state, or waits for another reason."""
    job = tx.jobs.get(job_id)
    if job is not None and (job.state, job.reason) != (state, reason):
        move(tx, job, state, reason)


def next_job(tx: DevicesTx, printer: DeviceId) -> Job | None:
    """The oldest job that a printer may still begin; what waited too long expires."""
    waiting = tx.jobs.waiting_for(printer)
    for job in waiting:
        if job.expired(tx.now):
            move(tx, job, "expired", job.reason)
    return next((job for job in waiting if not job.expired(tx.now)), None)


def give_to_fallback(tx: DevicesTx, printer: PrinterSettings) -> None:
    """Give what waited long enough for a printer that cannot to the one that stands in for it, if that is ready."""
    if printer.fallback is None:
        return
    stand_in = tx.devices.get(printer.fallback)
    if stand_in is None or stand_in.state != "ready":
        return
    after = timedelta(seconds=printer.fallback_after_s)
    for job in tx.jobs.waiting_for(printer.device):
        if job.may_go_elsewhere(after, tx.now):
            given = job.given_to(printer.fallback, tx.now)
            tx.jobs.put(given)
            tx.record(_changed(given))
            tx.wake(printer.fallback)


def move(tx: DevicesTx, job: Job, state: PrintState, reason: FaultReason) -> None:
    """Keep and tell that a job came to another state; of a drawer that was told to open, who opened it and why."""
    moved = job.moved(state, reason, tx.now)
    tx.jobs.put(moved)
    tx.record(_changed(moved))
    if moved.kick is None or moved.register is None or job.state != "printing":
        return
    tx.record(
        DrawerOpened(
            job_id=moved.job_id,
            register=moved.register,
            printer=moved.printer,
            reason=moved.kick.reason,
            certain=state == "printed",
            opened_at=stamp(tx.now),
            staff_id=moved.kick.staff_id,
            approved_by=moved.kick.approved_by,
            sale_id=moved.sale_id,
        )
    )


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
        return _told(job)
    if not before.is_like(job):
        raise IdReused(id=job.job_id)
    return _told(before)


def _accept(tx: DevicesTx, job: Job) -> None:
    if tx.jobs.add(job):
        tx.record(_changed(job))
        tx.wake(job.printer)


def _told(job: Job) -> PrintJob:
    return PrintJob(
        job_id=job.job_id,
        sale_id=job.sale_id,
        printer=job.printer,
        state=job.state,
        reason=job.reason,
        copy=job.copy,
        changed_at=stamp(job.changed_at),
        kind=job.kind,
    )


def _changed(job: Job) -> PrintJobChanged:
    return PrintJobChanged(
        job_id=job.job_id,
        sale_id=job.sale_id,
        printer=job.printer,
        state=job.state,
        reason=job.reason,
        copy=job.copy,
        kind=job.kind,
    )
