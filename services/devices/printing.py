"""The worker of one printer: takes jobs in order, has each receipt told, prints it, and says what became of it.

Every printer has a worker of its own, so one that hangs delays no other. Nothing is tried again
once the first byte of a receipt went out.
"""

import asyncio

import msgspec

from contracts.base import Unavailable
from contracts.checkout.reading import GetReceipt, Receipt
from contracts.devices import FaultReason
from contracts.ids import SaleId
from contracts.staff.signing_on import GetStaffLabel
from services.devices.handlers import conditions, print_jobs
from services.devices.model.print_jobs import Job
from services.devices.printers.dialogue import Attempt, Patience
from services.devices.printers.job_bytes import drawer_bytes, job_bytes, keep_capabilities_in, page_number
from services.devices.printers.logo import NoLogo, logo_bands
from services.devices.printers.settings import PrinterSettings
from services.devices.printers.ways import way_of
from services.devices.receipt import lay_out
from services.devices.settings import DevicesSettings
from services.devices.transactions import DevicesTx, DevicesView, Waiting
from services.devices.trial_page import lay_out_test
from services.runtime.log import Log
from services.runtime.running import Context
from services.runtime.texts import Texts
from services.runtime.writer import DatabaseFault

DevicesContext = Context[DevicesTx, DevicesView]


async def prepare_printing(settings: DevicesSettings, context: DevicesContext) -> None:
    """Have python-escpos keep its cache with the hub's own data, and say at once what no job could be made with."""
    keep_capabilities_in(context.data / "cache" / "escpos")
    for printer in settings.printers:
        # Looking up a profile loads the library, which a shop that names none need not wait for now.
        if printer.profile == "default":
            continue
        try:
            await asyncio.to_thread(page_number, printer)
        except ValueError as problem:
            context.log.warning("printer-cannot-print", printer=printer.device, reason=str(problem))


class PrinterWorker:
    """Prints the jobs of one printer."""

    def __init__(self, printer: PrinterSettings, settings: DevicesSettings, waiting: Waiting, texts: Texts) -> None:
        self._printer = printer
        self._settings = settings
        self._waiting = waiting
        self._texts = texts
        self._unsettled: tuple[Job, Attempt] | None = None
        """A job that was tried and what became of it, until that is written: else it would stay ``printing``."""
        patience = Patience(settings.connect_s, settings.answer_s, settings.send_s, settings.finish_s)
        self._way = way_of(printer, patience)

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
        job = await context.write(lambda tx: print_jobs.next_job(tx, name))
        if job is None:
            await self._waiting.job_for(name, within_s=self._settings.look_every_s)
            job = await context.write(lambda tx: print_jobs.next_job(tx, name))
            if job is None:
                return await self._look(context)
        data = await self._data(context, job)
        return 0 if data is None else await self._print(context, job, data)

    async def _data(self, context: DevicesContext, job: Job) -> bytes | None:
        """The job's bytes, or None when there is no such receipt or it cannot be set, and the job has failed."""
        try:
            if job.kind == "drawer":
                return drawer_bytes(self._printer.drawer_pin)
            receipt = None if job.sale_id is None else await self._receipt(context, job.job_id, job.sale_id)
            return await asyncio.to_thread(self._set, context.log, job, receipt)
        except (Unavailable, DatabaseFault):
            raise
        except Exception as error:  # noqa: BLE001 - one receipt that cannot be set must not end the printing of all
            problem = error
        context.log.error("receipt-not-set", job_id=job.job_id, exc_info=problem)
        await context.write(lambda tx: print_jobs.job_moved(tx, job.job_id, "failed", "none"))
        return None

    async def _receipt(self, context: DevicesContext, job_id: str, sale_id: SaleId) -> Receipt:
        ask = context.ask(job_id)
        receipt = await ask(GetReceipt(sale_id))
        # Law asks for no cashier's name: without staff the receipt is printed all the same.
        cashier = await ask.if_there(GetStaffLabel(receipt.sale.cashier), attempts=1)
        label = receipt.cashier_label if cashier is None else cashier.label
        return msgspec.structs.replace(receipt, cashier_label=label)

    def _set(self, log: Log, job: Job, receipt: Receipt | None) -> bytes:
        printer = self._printer
        logo = self._logo(log)
        if receipt is None:
            return job_bytes(lay_out_test(printer, self._texts, job.language or "en"), printer, logo=logo)
        language = job.language or self._settings.language or receipt.language
        rows = lay_out(
            msgspec.structs.replace(receipt, language=language),
            self._texts,
            columns=printer.columns,
            page=printer.code_page,
            copy=job.copy,
            qr=printer.qr,
            barcode=printer.barcode,
        )
        return job_bytes(rows, printer, logo=logo)

    def _logo(self, log: Log) -> tuple[bytes, ...]:
        """The shop's logo; a receipt goes out without one that cannot be read."""
        if self._printer.logo is None:
            return ()
        try:
            return logo_bands(self._printer.logo, self._printer.dots_wide)
        except NoLogo as problem:
            log.warning("logo-not-printed", printer=self._printer.device, reason=str(problem))
            return ()

    async def _print(self, context: DevicesContext, job: Job, data: bytes) -> float:
        async def begin() -> None:
            await context.write(lambda tx: print_jobs.job_moved(tx, job.job_id, "printing", "none"))

        attempt = await self._way.print(data, begin)
        self._unsettled = job, attempt
        return await self._settle(context, job, attempt)

    async def _settle(self, context: DevicesContext, job: Job, attempt: Attempt) -> float:
        """Write what became of a job; returns how long to leave the printer alone, in seconds.

        Raises:
            DatabaseFault: nothing was kept, and it is to be tried again before the next job.
        """

        def settle(tx: DevicesTx) -> None:
            print_jobs.job_moved(tx, job.job_id, attempt.state, attempt.reason)
            self._tell(tx, attempt.reason)
            if attempt.state == "accepted":
                print_jobs.give_to_fallback(tx, self._printer)

        await context.write(settle)
        self._unsettled = None
        context.log.info("job-tried", job_id=job.job_id, state=attempt.state, reason=attempt.reason)
        return self._settings.retry_s if attempt.state == "accepted" else 0

    async def _look(self, context: DevicesContext) -> float:
        """Ask the printer how it is and show that; it need not be left alone after that."""
        reason = await self._way.look()
        await context.write(lambda tx: self._tell(tx, reason))
        return 0

    def _tell(self, tx: DevicesTx, reason: FaultReason) -> None:
        states: dict[str, conditions.Condition] = {"none": "ready", "not_connected": "absent"}
        state = states.get(reason, "fault")
        conditions.device_is(tx, self._printer.device, state, reason)
