"""Print jobs: from the sale or the wish to paper."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from contracts.base import IdReused, TokenMissing
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.reading import GetReceipt
from contracts.devices import FaultReason
from contracts.devices.printing import (
    DecidePrintJob,
    DrawerNotFound,
    DrawerOpened,
    FindPrintJobs,
    GetPrintJob,
    ListUnknownPrintJobs,
    OpenDrawer,
    PrinterNotFound,
    PrintJob,
    PrintJobChanged,
    PrintJobDecided,
    PrintJobNotFound,
    PrintJobNotUnknown,
    PrintJobs,
    PrintReceipt,
    PrintState,
    PrintTest,
    ReceiptReprinted,
)
from contracts.ids import DeviceId, PrintJobId, RegisterId, StaffId
from services.devices.handlers.line_displays import show_total
from services.devices.handlers.troubles import tell_register, told
from services.devices.model.print_jobs import Decision, Job, Kick, Reprint, in_turn, new_job
from services.devices.printers.settings import PrinterSettings
from services.devices.store.print_jobs import PrintJobStore
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.asking import Ask
from services.runtime.clock import read_stamp, stamp

HUB = "hub"
"""The login of the hub's own command line, where nobody is signed on."""


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
    _keep(tx, decided)
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


def job_moved(
    tx: DevicesTx, job_id: PrintJobId, state: PrintState, reason: FaultReason, *, certain: bool = True
) -> None:
    """Keep and tell that a job came to another state, or waits for another reason."""
    job = tx.jobs.get(job_id)
    if job is not None and (job.state, job.reason) != (state, reason):
        move(tx, job, state, reason, certain=certain)


def begun(tx: DevicesTx, job: Job) -> bool:
    """Keep and tell that a job's first byte is about to be sent; False when it is too late for that."""
    if job.expired(tx.now):
        return False
    job_moved(tx, job.job_id, "printing", "none")
    return True


def next_jobs(tx: DevicesTx, printer: DeviceId) -> list[Job]:
    """The jobs that a printer may still begin, in the order in which it should; what waited too long expires."""
    waiting = tx.jobs.waiting_for(printer)
    for job in waiting:
        if job.expired(tx.now):
            move(tx, job, "expired", job.reason)
    return in_turn([job for job in waiting if not job.expired(tx.now)])


def pass_on(tx: DevicesTx, printer: PrinterSettings) -> None:
    """Let what waits for a printer that cannot come out of another that is ready.

    What waited long enough goes to the printer that stands in for it; what is here only because this one stands in
    goes home as soon as its own printer can again.
    """
    after = timedelta(seconds=printer.fallback_after_s)
    for job in tx.jobs.waiting_for(printer.device):
        own = None if job.register is None else tx.settings.printer_of(job.register)
        if own is not None and own.device != printer.device and _is_ready(tx, own.device):
            if job.may_go_elsewhere(timedelta(), tx.now):
                give(tx, job, own.device)
        elif printer.fallback is not None and _is_ready(tx, printer.fallback) and job.may_go_elsewhere(after, tx.now):
            give(tx, job, printer.fallback)


def give(tx: DevicesTx, job: Job, printer: DeviceId) -> None:
    """Let a job come out of another printer, which has yet to try it."""
    _keep(tx, job.given_to(printer, tx.now))
    tx.wake(printer)


def move(tx: DevicesTx, job: Job, state: PrintState, reason: FaultReason, *, certain: bool = True) -> None:
    """Keep and tell that a job came to another state.

    Of a drawer that was told to open, and of a copy that was sent to a printer, it is told who wanted it and why, and
    whether it is ``certain`` by the printer's word that it was carried out.
    """
    moved = job.moved(state, reason, tx.now)
    _keep(tx, moved)
    if job.state != "printing" or moved.register is None:
        return
    if moved.kick is not None:
        _record_drawer(tx, moved, moved.register, moved.kick, certain=certain and state == "printed")
    if moved.reprint is not None and moved.sale_id is not None:
        tx.record(
            ReceiptReprinted(
                job_id=moved.job_id,
                sale_id=moved.sale_id,
                register=moved.register,
                printer=moved.printer,
                reason=moved.reprint.reason,
                certain=certain and state == "printed",
                reprinted_at=stamp(tx.now),
                asked_from=moved.reprint.asked_from,
                staff_id=moved.reprint.staff_id,
                approved_by=moved.reprint.approved_by,
            )
        )


def _is_ready(tx: DevicesTx, printer: DeviceId) -> bool:
    known = tx.devices.get(printer)
    return known is not None and known.state == "ready"


def _keep(tx: DevicesTx, job: Job) -> None:
    """Keep how far a job came, and tell it to all and to its register."""
    tx.jobs.put(job)
    tx.record(_changed(job))
    tell_register(tx, job.register)


def _record_drawer(tx: DevicesTx, moved: Job, register: RegisterId, kick: Kick, *, certain: bool) -> None:
    tx.record(
        DrawerOpened(
            job_id=moved.job_id,
            register=register,
            printer=moved.printer,
            reason=kick.reason,
            certain=certain,
            opened_at=stamp(tx.now),
            staff_id=kick.staff_id,
            approved_by=kick.approved_by,
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
        return told(job)
    if not before.is_like(job):
        raise IdReused(id=job.job_id)
    return told(before)


def _accept(tx: DevicesTx, job: Job) -> None:
    if tx.jobs.add(job):
        tx.record(_changed(job))
        tell_register(tx, job.register)
        tx.wake(job.printer)


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
