"""What a register is told of its print jobs: those that need somebody, until the same was done since.

And which came out elsewhere, and that there is nothing to print with.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from msgspec.structs import replace

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

    What the others were told is shown to them again with everything else that is retained, but for a register that has
    a printer now.
    """
    told_before = tx.scans.all("printing")
    for name in tx.scans.all("paperless"):
        if tx.settings.printer_of(name) is not None:
            tx.scans.forget("paperless", name)
            tell_register(tx, RegisterId(name))
    for register in sorted({*tx.jobs.registers_not_printed(), *map(RegisterId, told_before)}):
        printing = _printing(tx.jobs, tx.scans, register, tx.now)
        if tx.is_news(register, printing) and register not in told_before and printing.jobs:
            _tell(tx, register, printing)


def tell_again(tx: DevicesTx, registers: Iterable[RegisterId]) -> None:
    """Tell registers that were told of jobs if one of them has stopped being anybody's trouble, by time alone."""
    for register in registers:
        if tx.was_told(register):
            tell_register(tx, register)


def tell_without_printer(tx: DevicesTx, register: RegisterId) -> None:
    """Tell a register, the first time, that a sale of it wanted paper and that it has no printer."""
    if not tx.scans.has("paperless", register):
        tx.scans.next("paperless", register)
        tell_register(tx, register)


async def shown(view: DevicesView) -> list[Shown]:
    """What each register that was ever told of its print jobs is told of those that need somebody."""
    return await view.read(lambda connection: _all_told(PrintJobStore(connection), ScanStore(connection), view.now))


def tell_register(tx: DevicesTx, register: RegisterId | None) -> None:
    """Tell a register which of its jobs need somebody, if that is news."""
    if register is None:
        return
    printing = _printing(tx.jobs, tx.scans, register, tx.now)
    if tx.is_news(register, printing):
        _tell(tx, register, printing)


def _all_told(jobs: PrintJobStore, scans: ScanStore, now: datetime) -> list[Shown]:
    return [
        Shown(replace(_printing(jobs, scans, each, now), revision=revision), {"register": each})
        for each, revision in scans.all("printing").items()
    ]


def _tell(tx: DevicesTx, register: RegisterId, printing: RegisterPrinting) -> None:
    tx.show_private(replace(printing, revision=tx.scans.next("printing", register)), register)


def _printing(jobs: PrintJobStore, scans: ScanStore, register: str, now: datetime) -> RegisterPrinting:
    """What a register is to be told now, without a revision."""
    troubled = (job for job in jobs.not_printed(register) if job.needs_somebody(now) and not _put_right(jobs, job))
    return RegisterPrinting(
        revision=0,
        jobs=tuple(told(job) for job in islice(troubled, MOST_TOLD)),
        elsewhere=tuple(told(job) for job in jobs.elsewhere(register, MOST_TOLD) if job.is_to_fetch(now)),
        without_printer=scans.has("paperless", register),
    )


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
