"""The worker of the scanners: what each reads is done with its register's sale and told, in order."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from contracts.base import Unavailable
from contracts.devices import VoidReason
from contracts.devices.scanning import ScanResult
from contracts.ids import ScanId
from services.devices.assigned import Assigned
from services.devices.handlers import conditions, scans
from services.devices.model import gs1
from services.devices.model.codes import Code, Reading, read_code
from services.devices.scanners.watching import Heard, LineRead, LineVoided, ScannerChanged, Scanners
from services.devices.settings import DevicesSettings, ScannerSettings
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.faults import fault_of
from services.runtime.log import Log
from services.runtime.requester import Refused
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault

DevicesContext = Context[DevicesTx, DevicesView]

MOST_WAITING = 32
"""Scans of one scanner that may wait for checkout; nobody stands before a queue longer than that."""
LATE_S = scans.PATIENCE_S
"""A scan that waited longer is thrown away: the sale it was meant for may be over and the next one begun."""


class Reader(Protocol):
    """What reads the scanners: ``Scanners``, unless a test types itself."""

    def start(self) -> None:
        """Begin to look for scanners."""
        ...

    async def stop(self) -> None:
        """Let go of all scanners."""
        ...


MakeReader = Callable[[DevicesSettings, Callable[[Heard], None], Log], Reader]


def read_devices(settings: DevicesSettings, heard: Callable[[Heard], None], log: Log) -> Reader:
    """Read the kernel's input devices."""
    return Scanners(settings.scanners, heard, log, sweep_s=settings.sweep_s)


class ScannerWorker:
    """Reads all scanners of the settings; each has a queue of its own."""

    def __init__(self, settings: DevicesSettings, assigned: Assigned, make_reader: MakeReader = read_devices) -> None:
        self._settings = settings
        self._assigned = assigned
        self._make_reader = make_reader
        self._dropping: set[str] = set()
        """Scanners of which scans were dropped; their registers are told as soon as there is time."""

    async def run(self, context: DevicesContext) -> None:
        """Read for ever; without scanners in the settings no thread is started."""
        if not self._settings.scanners:
            return
        queues: dict[str, asyncio.Queue[Heard]] = {
            scanner.device: asyncio.Queue() for scanner in self._settings.scanners
        }

        def heard(what: Heard) -> None:
            queue = queues[what.device]
            if isinstance(what, ScannerChanged) or queue.qsize() < MOST_WAITING:
                queue.put_nowait(what)
            else:
                self._dropping.add(what.device)
                context.log.warning("scan-dropped", device=what.device, waiting=MOST_WAITING)

        # Loading holds Python's one lock for longer than the kernel keeps keys, so it comes before the first scan.
        await asyncio.to_thread(gs1.prepare)
        reader = self._make_reader(self._settings, heard, context.log)
        reader.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                for scanner in self._settings.scanners:
                    tasks.create_task(self._attend(context, scanner, queues[scanner.device]))
        finally:
            await reader.stop()

    async def _attend(self, context: DevicesContext, scanner: ScannerSettings, queue: "asyncio.Queue[Heard]") -> None:
        while True:
            what = await queue.get()
            try:
                await self._deal_with(context, scanner, what)
                if scanner.device in self._dropping:
                    self._dropping.discard(scanner.device)
                    await self._tell_voided(context, scanner, "dropped")
            except DatabaseFault as fault:
                context.log.warning("scan-not-told", device=scanner.device, reason=str(fault))
            except Exception as error:  # noqa: BLE001 - a code that finds a bug costs itself, not the shop's devices
                context.log.error("bug", device=scanner.device, fault=fault_of(error))  # noqa: TRY400 - its words may quote a code

    async def _deal_with(self, context: DevicesContext, scanner: ScannerSettings, what: Heard) -> None:
        match what:
            case ScannerChanged(_, state, reason):
                await context.write(lambda tx: conditions.device_is(tx, scanner.device, state, reason))
            case LineVoided(_, void_reason, length, key):
                context.log.warning("scan-voided", device=scanner.device, reason=void_reason, length=length, key=key)
                await self._tell_voided(context, scanner, void_reason)
                if void_reason == "events_lost":
                    await context.write(lambda tx: conditions.device_is(tx, scanner.device, "fault", "events_lost"))
            case LineRead(_, text, at):
                await self._scanned(context, scanner, text, time.monotonic() - at)

    async def _tell_voided(self, context: DevicesContext, scanner: ScannerSettings, why: VoidReason) -> None:
        register = self._assigned.register_of(scanner.device)
        reading = Reading(ScanId(context.ids.new()), scanner.device, register, "")
        await context.write(lambda tx: scans.voided(tx, reading, why))

    async def _scanned(self, context: DevicesContext, scanner: ScannerSettings, text: str, age_s: float) -> None:
        register = self._assigned.register_of(scanner.device)
        reading = Reading(ScanId(context.ids.new()), scanner.device, register, text, age_s)
        code = read_code(text, self._settings.scan_rules)
        if code.doubt != "none":
            context.log.warning("scan-doubtful", device=scanner.device, doubt=code.doubt, length=len(text))
        if register is None and code.kind != "pairing":
            context.log.warning("scanner-not-paired", device=scanner.device)
        if age_s > LATE_S:
            context.log.warning("scan-late", device=scanner.device, age_s=round(age_s, 1))
            await self._tell_voided(context, scanner, "too_late")
            return
        outcome = await self._apply(context, reading, code, LATE_S - age_s)
        await context.write(lambda tx: scans.scanned(tx, reading, code, outcome))

    async def _apply(self, context: DevicesContext, reading: Reading, code: Code, within_s: float) -> ScanResult:
        try:
            return await scans.apply(reading, code, context.ask(reading.scan_id), within_s=within_s)
        except Unavailable:
            return "unavailable"
        except Refused as refused:
            context.log.warning("scan-refused", device=reading.device, code=refused.rejected.code)
            return "refused"
