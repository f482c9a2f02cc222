"""What the handlers of devices are given: a transaction and a view with its stores and the shop's settings."""

import asyncio

from services.devices.settings import DevicesSettings
from services.devices.store import DeviceStore, PrintJobStore, ScanStore
from services.runtime.transactions import Request, Surroundings, Tx, View
from services.runtime.writer import Scope


class Waiting:
    """Wakes the worker of a printer when a job waits for it."""

    def __init__(self, settings: DevicesSettings) -> None:
        self._printers: dict[str, asyncio.Event] = {printer.device: asyncio.Event() for printer in settings.printers}

    def wake(self, printer: str) -> None:
        """Say that a job waits for a printer; one that is no longer set up has no worker to wake."""
        if printer in self._printers:
            self._printers[printer].set()

    async def job_for(self, printer: str, *, within_s: float) -> None:
        """Return when a job came in for a printer, or after that time."""
        try:
            async with asyncio.timeout(within_s):
                await self._printers[printer].wait()
        except TimeoutError:
            return
        self._printers[printer].clear()


class DevicesTx(Tx):
    """A transaction with the stores of devices."""

    def __init__(
        self, scope: Scope, around: Surroundings, request: Request, settings: DevicesSettings, waiting: Waiting
    ) -> None:
        super().__init__(scope, around, request)
        self.settings = settings
        self.jobs = PrintJobStore(self.connection)
        self.devices = DeviceStore(self.connection)
        self.scans = ScanStore(self.connection)
        self._waiting = waiting

    def wake(self, printer: str) -> None:
        """Let a printer's worker look for jobs once this is committed."""
        self.after_commit(lambda: self._waiting.wake(printer))


class DevicesView(View):
    """A view with the shop's settings."""

    def __init__(self, around: Surroundings, request: Request, settings: DevicesSettings) -> None:
        super().__init__(around, request)
        self.settings = settings
