"""The worker of one printer: takes jobs in order, has each receipt told, prints it, and says what became of it.

Every printer has a worker of its own, so one that hangs delays no other. Nothing is tried again
once the first byte of a receipt went out.
"""

import asyncio

import msgspec

from contracts.base import Unavailable
from contracts.checkout import GetReceipt, Receipt
from contracts.devices import FaultReason
from services.devices import handlers
from services.devices.model import Job
from services.devices.printer import Attempt, Patience, look, print_job
from services.devices.printer_bytes import job_bytes
from services.devices.receipt import lay_out
from services.devices.settings import DevicesSettings, PrinterSettings
from services.devices.transactions import DevicesTx, DevicesView, Waiting
from services.runtime.requester import Refused
from services.runtime.running import Context
from services.runtime.texts import Texts
from services.runtime.writer import DatabaseFault

DevicesContext = Context[DevicesTx, DevicesView]


class PrinterWorker:
    """Prints the jobs of one printer."""

    def __init__(self, printer: PrinterSettings, settings: DevicesSettings, waiting: Waiting, texts: Texts) -> None:
        self._printer = printer
        self._settings = settings
        self._waiting = waiting
        self._texts = texts
        self._unsettled: tuple[Job, Attempt] | None = None
        """A job that was tried and what became of it, until that is written: else it would stay ``printing``."""
        self._patience = Patience(settings.connect_s, settings.answer_s, settings.send_s, settings.finish_s)

    async def run(self, context: DevicesContext) -> None:
        """Print for ever."""
        step = self._look
        while True:
            try:
                pause_s = await step(context)
            except (Unavailable, DatabaseFault) as fault:
                context.log.warning("printing-waits", printer=self._printer.device, reason=type(fault).__name__)
                pause_s = self._settings.retry_s
            else:
                step = self._next
            if pause_s:
                await asyncio.sleep(pause_s)

    async def _next(self, context: DevicesContext) -> float:
        """Deal with the oldest job, or wait for one; returns how long to leave the printer alone, in seconds."""
        if self._unsettled is not None:
            return await self._settle(context, *self._unsettled)
        name = self._printer.device
        job = await context.write(lambda tx: tx.jobs.next_for(name))
        if job is None:
            await self._waiting.job_for(name, within_s=self._settings.look_every_s)
            job = await context.write(lambda tx: tx.jobs.next_for(name))
            if job is None:
                return await self._look(context)
        if job.expired(context.clock.now()):
            await context.write(lambda tx: handlers.job_moved(tx, job.job_id, "expired", job.reason))
            return 0
        data = await self._data(context, job)
        return 0 if data is None else await self._print(context, job, data)

    async def _data(self, context: DevicesContext, job: Job) -> bytes | None:
        """The job's bytes, or None when there is no such receipt or it cannot be set, and the job has failed."""
        try:
            receipt = await context.ask(job.job_id)(GetReceipt(job.sale_id))
            return await asyncio.to_thread(self._set, receipt, job)
        except Refused as refused:
            problem: Exception = refused
        except (ValueError, LookupError, ArithmeticError) as error:
            problem = error
        context.log.error("receipt-not-set", job_id=job.job_id, exc_info=problem)
        await context.write(lambda tx: handlers.job_moved(tx, job.job_id, "failed", "none"))
        return None

    def _set(self, receipt: Receipt, job: Job) -> bytes:
        language = job.language or self._settings.language or receipt.language
        told = msgspec.structs.replace(receipt, language=language)
        printer = self._printer
        return job_bytes(lay_out(told, self._texts, columns=printer.columns, copy=job.copy, qr=printer.qr))

    async def _print(self, context: DevicesContext, job: Job, data: bytes) -> float:
        async def begin() -> None:
            await context.write(lambda tx: handlers.job_moved(tx, job.job_id, "printing", "none"))

        attempt = await print_job(self._printer.host, self._printer.port, data, self._patience, begin)
        self._unsettled = job, attempt
        return await self._settle(context, job, attempt)

    async def _settle(self, context: DevicesContext, job: Job, attempt: Attempt) -> float:
        """Write what became of a job; returns how long to leave the printer alone, in seconds.

        Raises:
            DatabaseFault: nothing was kept, and it is to be tried again before the next job.
        """

        def settle(tx: DevicesTx) -> None:
            handlers.job_moved(tx, job.job_id, attempt.state, attempt.reason)
            self._tell(tx, attempt.reason)

        await context.write(settle)
        self._unsettled = None
        context.log.info("job-tried", job_id=job.job_id, state=attempt.state, reason=attempt.reason)
        return self._settings.retry_s if attempt.state == "accepted" else 0

    async def _look(self, context: DevicesContext) -> float:
        """Ask the printer how it is and show that; it need not be left alone after that."""
        reason = await look(self._printer.host, self._printer.port, self._patience)
        await context.write(lambda tx: self._tell(tx, reason))
        return 0

    def _tell(self, tx: DevicesTx, reason: FaultReason) -> None:
        states: dict[str, handlers.Condition] = {"none": "ready", "not_connected": "absent"}
        state = states.get(reason, "fault")
        handlers.device_is(tx, self._printer.device, state, reason)
