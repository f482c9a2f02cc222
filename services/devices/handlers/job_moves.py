"""How a print job gets on: from one state to the next, and from one printer to another that stands in.

Never here: who wants a job or decides about one (``print_jobs.py``), and what a printer says (``conditions.py``).
"""

from datetime import timedelta

from contracts.devices import FaultReason
from contracts.devices.printing import DrawerOpened, PrintJobChanged, PrintState, ReceiptReprinted
from contracts.ids import DeviceId, PrintJobId, RegisterId
from services.devices.handlers.troubles import tell_register
from services.devices.model.print_jobs import Job, Kick, in_turn
from services.devices.printers.settings import PrinterSettings
from services.devices.transactions import DevicesTx
from services.runtime.clock import stamp


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
            give(tx, job, printer.fallback, instead_of=job.instead_of or printer.device)


def give(tx: DevicesTx, job: Job, printer: DeviceId, *, instead_of: DeviceId | None = None) -> None:
    """Let a job come out of another printer, which has yet to try it; ``instead_of`` is whom that one stands in for."""
    keep(tx, job.given_to(printer, tx.now, instead_of=instead_of))
    tx.wake(printer)


def move(tx: DevicesTx, job: Job, state: PrintState, reason: FaultReason, *, certain: bool = True) -> None:
    """Keep and tell that a job came to another state.

    Of a drawer that was told to open, and of a copy that was sent to a printer, it is told who wanted it and why, and
    whether it is ``certain`` by the printer's word that it was carried out.
    """
    moved = job.moved(state, reason, tx.now)
    keep(tx, moved)
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


def keep(tx: DevicesTx, job: Job) -> None:
    """Keep how far a job came, and tell it to all and to its register."""
    tx.jobs.put(job)
    tx.record(changed(job))
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


def changed(job: Job) -> PrintJobChanged:
    """What everybody is told of a job as it is now."""
    return PrintJobChanged(
        job_id=job.job_id,
        sale_id=job.sale_id,
        printer=job.printer,
        state=job.state,
        reason=job.reason,
        copy=job.copy,
        kind=job.kind,
    )
