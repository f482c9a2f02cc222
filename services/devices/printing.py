"""The worker of one printer: takes jobs in order, has each receipt told, prints it, and says what became of it.

Every printer has a worker of its own, so one that hangs delays no other. Nothing is tried again
once the first byte of a receipt went out. A drawer goes before paper, and a receipt that checkout has yet to tell holds
up nothing.
"""

import asyncio
from contextlib import suppress

import msgspec

from contracts.base import Unavailable
from contracts.checkout import SaleNotCompleted, SaleNotFound
from contracts.checkout.reading import GetReceipt, Receipt
from contracts.devices import FaultReason
from contracts.ids import PrintJobId, SaleId
from services.devices.handlers import conditions, job_moves, troubles
from services.devices.model.print_jobs import Job
from services.devices.model.word import NOTHING_KNOWN, Word
from services.devices.printers.attempts import Attempt, Begin, Patience
from services.devices.printers.job_bytes import job_bytes, keep_capabilities_in
from services.devices.printers.logo import NoLogo, logo_bands
from services.devices.printers.settings import PrinterSettings
from services.devices.printers.ways import way_of
from services.devices.receipt import lay_out
from services.devices.receipt_additions import with_additions
from services.devices.settings import DevicesSettings
from services.devices.transactions import DevicesTx, DevicesView, Waiting
from services.devices.trial_page import lay_out_test
from services.runtime.faults import fault_of
from services.runtime.log import Log
from services.runtime.requester import Refused
from services.runtime.texts import Texts
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault

DevicesContext = Context[DevicesTx, DevicesView]


async def prepare_printing(context: DevicesContext) -> None:
    """Have python-escpos keep its cache with the hub's own data."""
    keep_capabilities_in(context.data / "cache" / "escpos")


class _TooLate(Exception):
    """A job grew too old while its printer was asked how it is; nothing of it was sent."""


class _Waits(Exception):
    """A receipt cannot be printed yet, and checkout may tell more of it later."""


class _Fails(Exception):
    """A receipt cannot be printed at all; ``reason`` says why."""

    def __init__(self, reason: FaultReason) -> None:
        super().__init__(reason)
        self.reason: FaultReason = reason


class PrinterWorker:
    """Prints the jobs of one printer."""

    def __init__(self, printer: PrinterSettings, settings: DevicesSettings, waiting: Waiting, texts: Texts) -> None:
        self._printer = printer
        self._settings = settings
        self._waiting = waiting
        self._texts = texts
        self._unsettled: list[tuple[Job, Attempt]] = []
        """Jobs that were tried and what became of each, until that is written: else they would stay ``printing``."""
        self._word = NOTHING_KNOWN
        """What the printer's word has been worth so far, as it is kept."""
        self._not_before: dict[PrintJobId, float] = {}
        """When checkout is asked for a receipt again that it did not tell, by the loop's clock."""
        self._no_logo: str | None = None
        """Why the shop's logo cannot be printed, if so: receipts go out without it."""
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
                # A job that comes meanwhile is tried at once: it may be a drawer, which needs less than paper does.
                await self._waiting.job_for(self._printer.device, within_s=pause_s)

    async def _next(self, context: DevicesContext) -> float:
        """Deal with the next job, or wait for one; returns how long to leave the printer alone, in seconds."""
        if self._unsettled:
            return await self._settle(context, *self._unsettled[0])
        jobs = await context.write(self._jobs)
        if not jobs:
            await self._waiting.job_for(self._printer.device, within_s=self._settings.look_every_s)
            jobs = await context.write(self._jobs)
            if not jobs:
                return await self._look(context)
        now = asyncio.get_running_loop().time()
        self._not_before = {each.job_id: self._not_before.get(each.job_id, now) for each in jobs}
        job = next((each for each in jobs if self._not_before[each.job_id] <= now), None)
        if job is None:
            return self._settings.retry_s
        if job.kind == "drawer":
            return await self._print(context, job, None)
        data = await self._data(context, job)
        return 0 if data is None else await self._print(context, job, data)

    def _jobs(self, tx: DevicesTx) -> list[Job]:
        self._word = tx.devices.word(self._printer.device)
        troubles.tell_again(tx, self._printer.registers)
        return job_moves.next_jobs(tx, self._printer.device)

    async def _data(self, context: DevicesContext, job: Job) -> bytes | None:
        """The job's bytes, or None when it waits for checkout or has failed."""
        try:
            receipt = None if job.sale_id is None else await self._receipt(context, job.job_id, job.sale_id)
            return await asyncio.to_thread(self._set, context.log, job, receipt)
        except _Waits:
            self._not_before[job.job_id] = asyncio.get_running_loop().time() + self._settings.retry_s
            await context.write(lambda tx: job_moves.job_moved(tx, job.job_id, "accepted", "receipt_awaited"))
            return None
        except DatabaseFault:
            raise
        except _Fails as fails:
            reason, problem = fails.reason, None
        except Exception as error:  # noqa: BLE001 - one receipt that cannot be set must not end the printing of all
            reason, problem = "receipt_not_set", error
        if problem is not None:
            # Its words may quote what stands in a field.
            context.log.error("receipt-not-set", job_id=job.job_id, fault=fault_of(problem))
        await context.write(lambda tx: job_moves.job_moved(tx, job.job_id, "failed", reason))
        return None

    async def _receipt(self, context: DevicesContext, job_id: str, sale_id: SaleId) -> Receipt:
        """The receipt as checkout has it, with what staff and customers add to it.

        Raises:
            _Waits: checkout does not answer, or has a fault of its own; it may get over either.
            _Fails: it has no such receipt.
        """
        ask = context.ask(job_id)
        try:
            receipt = await ask(GetReceipt(sale_id), expects=(SaleNotFound, SaleNotCompleted))
        except (SaleNotFound, SaleNotCompleted) as missing:
            context.log.warning("receipt-not-found", job_id=job_id, code=missing.code)
            raise _Fails("receipt_not_found") from missing
        except (Unavailable, Refused) as fault:
            code = fault.rejected.code if isinstance(fault, Refused) else fault.code
            context.log.warning("receipt-not-told", job_id=job_id, code=code)
            raise _Waits from fault
        return await with_additions(ask, receipt)

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
        """The shop's logo; a receipt goes out without one that cannot be read, and the log is told so once."""
        if self._printer.logo is None:
            return ()
        try:
            bands = logo_bands(self._printer.logo, self._printer.dots_wide)
        except NoLogo as problem:
            if str(problem) != self._no_logo:
                log.warning("logo-not-printed", printer=self._printer.device, reason=str(problem))
            self._no_logo = str(problem)
            return ()
        self._no_logo = None
        return bands

    async def _print(self, context: DevicesContext, job: Job, data: bytes | None) -> float:
        """Try one job; without bytes it is a drawer."""
        word = self._word
        begin = self._begin(context, job)
        pin = self._printer.drawer_pin
        trying = self._way.kick(pin, begin, word=word) if data is None else self._way.print(data, begin, word=word)
        work = asyncio.create_task(trying, name=f"{self._printer.device} prints")
        try:
            if data is not None:
                await self._open_past(context, work)
            attempt = await asyncio.shield(work)
        except _TooLate:
            return 0
        except asyncio.CancelledError:
            await self._finish(context, job, work)
            raise
        self._unsettled.append((job, attempt))
        return await self._settle(context, job, attempt)

    def _begin(self, context: DevicesContext, job: Job) -> Begin:
        async def begin() -> None:
            if not await context.write(lambda tx: job_moves.begun(tx, job)):
                raise _TooLate

        return begin

    async def _open_past(self, context: DevicesContext, work: "asyncio.Task[Attempt]") -> None:
        """Until a receipt is done, open the drawer for whoever wants it: that cannot wait for paper."""
        while not work.done():
            wanted = asyncio.create_task(self._waiting.job_for(self._printer.device, within_s=self._settings.retry_s))
            try:
                await asyncio.wait({work, wanted}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                wanted.cancel()
            if not work.done():
                try:
                    await self._open_drawers_past(context)
                except DatabaseFault as fault:  # the drawer is tried again, or expires
                    context.log.warning("drawer-not-opened-yet", device=self._printer.device, reason=str(fault))

    async def _open_drawers_past(self, context: DevicesContext) -> None:
        for job in await context.write(lambda tx: job_moves.next_jobs(tx, self._printer.device)):
            if job.kind != "drawer":
                return
            with suppress(_TooLate):
                attempt = await self._way.kick_past(self._printer.drawer_pin, self._begin(context, job))
                if attempt is None:
                    return
                self._unsettled.append((job, attempt))
                await self._settle(context, job, attempt, past=True)

    async def _finish(self, context: DevicesContext, job: Job, work: "asyncio.Task[Attempt]") -> None:
        """Before a clean stop, wait a moment for the paper that is coming out: else nobody would know of it."""
        with suppress(TimeoutError, _TooLate, DatabaseFault):
            async with asyncio.timeout(self._settings.answer_s):
                await self._settle(context, job, await work)

    async def _settle(self, context: DevicesContext, job: Job, attempt: Attempt, *, past: bool = False) -> float:
        """Write what became of a job; returns how long to leave the printer alone, in seconds.

        Of a drawer that was opened ``past`` another job, how the printer is will be known when that one is done.

        Raises:
            DatabaseFault: nothing was kept, and it is to be tried again before the next job.
        """

        def settle(tx: DevicesTx) -> None:
            job_moves.job_moved(tx, job.job_id, attempt.state, reason, certain=attempt.certain)
            if not past:
                self._tell(tx, attempt.reason if attempt.printer is None else attempt.printer)
            self._keep_word(tx, attempt.word(self._word))
            if attempt.state == "accepted":
                job_moves.pass_on(tx, self._printer)

        reason = attempt.reason
        if job.kind == "test" and attempt.state == "printed" and self._no_logo is not None:
            reason = "logo_not_printed"
        await context.write(settle)
        self._unsettled = [each for each in self._unsettled if each[0].job_id != job.job_id]
        if (job.state, job.reason) != (attempt.state, reason):  # a printer that is away is tried every two seconds
            context.log.info("job-tried", job_id=job.job_id, state=attempt.state, reason=reason)
        return self._settings.retry_s if attempt.state == "accepted" else 0

    async def _look(self, context: DevicesContext) -> float:
        """Ask the printer how it is and show that; it need not be left alone after that."""
        word = self._word = await context.write(lambda tx: tx.devices.word(self._printer.device))
        reason = await self._way.look(word=word)
        if self._printer.logo is not None:
            await asyncio.to_thread(self._logo, context.log)

        def seen(tx: DevicesTx) -> None:
            self._tell(tx, reason)
            self._keep_word(tx, word.seen(reason))

        await context.write(seen)
        return 0

    def _keep_word(self, tx: DevicesTx, word: Word) -> None:
        """Keep what the printer's word is worth, where that is another than before and it is asked for it at all."""
        if self._printer.gives_its_word and word != self._word:
            tx.devices.put_word(self._printer.device, word)

    def _tell(self, tx: DevicesTx, reason: FaultReason) -> None:
        states: dict[str, conditions.Condition] = {"none": "ready", "not_connected": "absent"}
        state = states.get(reason, "fault")
        if state == "ready" and self._no_logo is not None:
            reason = "logo_not_printed"
        conditions.device_is(tx, self._printer.device, state, reason)
