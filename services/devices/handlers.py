"""What devices does with each message: print jobs first, then scans, then how the devices are.

The runtime opens the transaction, commits and then replies. Nothing here commits, retries,
catches or reads a clock. What touches a device is in the workers, ``printing`` and ``scanning``.
"""

from datetime import timedelta
from typing import Literal

from contracts.base import IdReused
from contracts.checkout import ApplyScan, SaleCompleted
from contracts.devices import (
    DeviceState,
    FaultReason,
    FindPrintJobs,
    GetPrintJob,
    InjectScan,
    PrinterNotFound,
    PrintJob,
    PrintJobChanged,
    PrintJobNotFound,
    PrintJobs,
    PrintReceipt,
    PrintState,
    RegisterScan,
    Scanned,
    ScanTaken,
)
from contracts.ids import DeviceId, PrintJobId, RegisterId
from contracts.staff import SessionEnded, SessionStarted
from services.devices.model import Job, Reading, new_job, read_code
from services.devices.settings import DevicesSettings
from services.devices.store import DeviceStore, PrintJobStore
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.clock import read_stamp, stamp
from services.runtime.requester import Ask
from services.runtime.states import Shown

Condition = Literal["ready", "fault", "absent"]
INJECTED = DeviceId("injected")
"""The device that a scan without a scanner is said to come from."""


def start(tx: DevicesTx) -> None:
    """What a stop interrupted is settled, and every device of the settings is known, before anything is answered."""
    printers = {printer.device for printer in tx.settings.printers}
    for job in tx.jobs.unfinished():
        if job.state == "printing":
            _move(tx, job, "unknown", "interrupted")
        elif job.expired(tx.now):
            _move(tx, job, "expired", job.reason)
        elif job.printer not in printers:
            _move(tx, job, "failed", "not_connected")
    tx.devices.keep_only(_registers(tx.settings))
    for name in _registers(tx.settings):
        known = tx.devices.get(name)
        device_is(tx, name, *(("absent", "not_connected") if known is None else (known.state, known.reason)))


def on_sale_completed(event: SaleCompleted, tx: DevicesTx) -> None:
    """A sale that asks for paper gets one job, if its register has a printer.

    The job's life began when the sale was completed: what is heard of too late is not printed by itself.
    """
    printer = tx.settings.printer_of(event.register)
    if event.receipt != "print" or printer is None:
        return
    job = new_job(
        PrintJobId(tx.ids.derived(tx.source.event_id, "print-receipt")),
        event.sale_id,
        event.register,
        printer.device,
        lives=timedelta(seconds=tx.settings.job_lives_s),
        since=read_stamp(event.completed_at),
        now=tx.now,
    )
    _accept(tx, job)


def print_receipt(command: PrintReceipt, tx: DevicesTx) -> PrintJob:
    """Print a receipt again, marked as a copy, as a job of its own.

    Rejections:
        PrinterNotFound: no printer prints for that register.
        IdReused: a job with that id prints another sale.
    """
    before = tx.jobs.get(command.job_id)
    if before is not None:
        if before.sale_id != command.sale_id:
            raise IdReused(id=command.job_id)
        return _told(before)
    printer = tx.settings.printer_of(command.register)
    if printer is None:
        raise PrinterNotFound(register=command.register)
    job = new_job(
        command.job_id,
        command.sale_id,
        command.register,
        printer.device,
        lives=timedelta(seconds=tx.settings.job_lives_s),
        since=tx.now,
        now=tx.now,
        copy=True,
        language=command.language,
    )
    _accept(tx, job)
    return _told(job)


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


def job_moved(tx: DevicesTx, job_id: PrintJobId, state: PrintState, reason: FaultReason) -> None:
    """Keep and tell that a job came to another state, or waits for another reason."""
    job = tx.jobs.get(job_id)
    if job is not None and (job.state, job.reason) != (state, reason):
        _move(tx, job, state, reason)


async def prepare_inject_scan(command: InjectScan, view: DevicesView, ask: Ask) -> str:
    """Do with the code what is done with a scanned one; tells what came of it."""
    return await apply(_injected(command), view.settings, ask)


def inject_scan(command: InjectScan, outcome: str, tx: DevicesTx) -> ScanTaken:
    """Tell of the code as of a scanned one."""
    scanned(tx, _injected(command), outcome)
    return ScanTaken(command.scan_id, outcome)


async def apply(reading: Reading, settings: DevicesSettings, ask: Ask) -> str:
    """Have checkout put an item on the register's open sale; another kind of code is only told to the register."""
    code = read_code(reading.text, settings.scan_rules)
    if code.kind != "item":
        return "told"
    if not code.may_be_item:
        return "unknown_item"
    return (await ask(ApplyScan(reading.scan_id, reading.register, reading.device, code.text))).outcome


def scanned(tx: DevicesTx, reading: Reading, outcome: str) -> None:
    """Tell everyone that something was scanned, and its register alone what it was."""
    code = read_code(reading.text, tx.settings.scan_rules)
    tx.record(
        Scanned(
            scan_id=reading.scan_id,
            device=reading.device,
            register=reading.register,
            kind=code.kind,
            sequence=tx.scans.next("device", reading.device),
            length=len(reading.text),
            symbology=code.symbology,
        )
    )
    revision = tx.scans.next("register", reading.register)
    now = RegisterScan(revision, reading.scan_id, reading.device, code.kind, reading.text, outcome)
    tx.show_private(now, reading.register)


def device_is(tx: DevicesTx, name: DeviceId, state: Condition, reason: FaultReason) -> None:
    """Keep and show how a device is, if that is news."""
    register = _registers(tx.settings)[name]
    known = tx.devices.get(name)
    if known is not None and (known.state, known.reason, known.register) == (state, reason, register):
        return
    revision = 1 if known is None else known.revision + 1
    kind: Literal["scanner", "printer"] = (
        "scanner" if any(scanner.device == name for scanner in tx.settings.scanners) else "printer"
    )
    now = DeviceState(revision, kind, state, reason, stamp(tx.now), register)
    tx.devices.put(name, now)
    tx.show(now, device=name)


async def shown(view: DevicesView) -> list[Shown]:
    """Everything that devices retains: how each device is."""
    known = await view.read(lambda connection: DeviceStore(connection).all())
    return [Shown(each.state, {"device": each.device}) for each in known]


def on_session_started(event: SessionStarted, tx: DevicesTx) -> None:
    """Earlier sessions at that register are void."""
    tx.end_session(event.register, below=event.session)


def on_session_ended(event: SessionEnded, tx: DevicesTx) -> None:
    """That session and those before it are void."""
    tx.end_session(event.register, below=event.session + 1)


def _injected(command: InjectScan) -> Reading:
    return Reading(command.scan_id, INJECTED, command.register, command.text)


def _accept(tx: DevicesTx, job: Job) -> None:
    if tx.jobs.add(job):
        tx.record(_changed(job))
        tx.wake(job.printer)


def _move(tx: DevicesTx, job: Job, state: PrintState, reason: FaultReason) -> None:
    moved = job.moved(state, reason, tx.now)
    tx.jobs.put(moved)
    tx.record(_changed(moved))


def _registers(settings: DevicesSettings) -> dict[DeviceId, RegisterId | None]:
    """Every device of the settings and its register; a printer of several registers belongs to none."""
    registers: dict[DeviceId, RegisterId | None] = {scanner.device: scanner.register for scanner in settings.scanners}
    for printer in settings.printers:
        registers[printer.device] = printer.registers[0] if len(printer.registers) == 1 else None
    return registers


def _told(job: Job) -> PrintJob:
    return PrintJob(
        job_id=job.job_id,
        sale_id=job.sale_id,
        printer=job.printer,
        state=job.state,
        reason=job.reason,
        copy=job.copy,
        changed_at=stamp(job.changed_at),
    )


def _changed(job: Job) -> PrintJobChanged:
    return PrintJobChanged(
        job_id=job.job_id,
        sale_id=job.sale_id,
        printer=job.printer,
        state=job.state,
        reason=job.reason,
        copy=job.copy,
    )
