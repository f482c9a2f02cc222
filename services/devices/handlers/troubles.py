"""What a register is told of its print jobs: those that need somebody, until the same was done since."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from contracts.devices.printing import PrintJob, RegisterPrinting
from contracts.ids import RegisterId
from services.devices.model.print_jobs import Job
from services.devices.store.print_jobs import PrintJobStore
from services.devices.store.scans import ScanStore
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.clock import stamp
from services.runtime.states import Shown

MOST_TOLD = 20


def tell_registers(tx: DevicesTx) -> None:
    """At the start, tell each register that has jobs which need somebody and was never told of any.

    What the others were told is shown to them again with everything else that is retained.
    """
    told_before = tx.scans.all("printing")
    for register in tx.jobs.registers_not_printed():
        troubles = _troubles(tx.jobs, register, tx.now)
        if troubles and tx.is_news(register, troubles) and register not in told_before:
            tx.show_private(RegisterPrinting(tx.scans.next("printing", register), troubles), register)


def tell_again(tx: DevicesTx, registers: Iterable[RegisterId]) -> None:
    """Tell registers that were told of jobs if one of them has stopped being anybody's trouble, by time alone."""
    for register in registers:
        if tx.was_told(register):
            tell_register(tx, register)


async def shown(view: DevicesView) -> list[Shown]:
    """What each register that ever had a print job is told of those that need somebody."""
    told = await view.read(lambda connection: ScanStore(connection).all("printing"))
    jobs = await view.read(
        lambda connection: {each: _troubles(PrintJobStore(connection), each, view.now) for each in told}
    )
    return [Shown(RegisterPrinting(told[each], jobs[each]), {"register": each}) for each in told]


def tell_register(tx: DevicesTx, register: RegisterId | None) -> None:
    """Tell a register which of its jobs need somebody, if that is news."""
    if register is None:
        return
    troubles = _troubles(tx.jobs, register, tx.now)
    if tx.is_news(register, troubles):
        tx.show_private(RegisterPrinting(tx.scans.next("printing", register), troubles), register)


def _troubles(jobs: PrintJobStore, register: str, now: datetime) -> tuple[PrintJob, ...]:
    troubled = (job for job in jobs.not_printed(register) if job.needs_somebody(now) and not _put_right(jobs, job))
    return tuple(told(job) for job in islice(troubled, MOST_TOLD))


def _put_right(jobs: PrintJobStore, job: Job) -> bool:
    """Whether what a job did not do was done since; what still waits is looked up no further."""
    later = None if job.state == "accepted" else jobs.printed_after(job)
    return later is not None and job.put_right_by(later)


def told(job: Job) -> PrintJob:
    """A job as it is told to whoever asks for it."""
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
