"""What the handlers of devices are given: a transaction and a view with its stores and the shop's settings."""

import asyncio
from dataclasses import dataclass

from contracts.base import TokenMissing
from contracts.checkout import Sale
from contracts.devices import VoidedScan, VoidReason
from contracts.devices.printing import RegisterPrinting
from contracts.ids import DeviceId, RegisterId, SaleId, StaffId
from services.devices.assigned import Assigned
from services.devices.printers.line_display import Words
from services.devices.settings import DevicesSettings
from services.devices.slow_rules import SlowRules
from services.devices.store.conditions import DeviceStore
from services.devices.store.pairings import PairingStore
from services.devices.store.print_jobs import PrintJobStore
from services.devices.store.scans import ScanStore
from services.runtime.clock import stamp
from services.runtime.texts import Texts
from services.runtime.transactions import Request, Surroundings, Tx, View
from services.runtime.writer import Scope

Rows = tuple[str, str]


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


class Showing:
    """What each line display is to show now, and the sale that is open at each register with one; the newest counts."""

    def __init__(self, settings: DevicesSettings) -> None:
        self._displays: dict[str, asyncio.Event] = {each.device: asyncio.Event() for each in settings.line_displays}
        self._rows: dict[str, Rows] = {}
        self._sales: dict[RegisterId, Sale] = {}

    def show(self, display: str, rows: Rows) -> None:
        """Have a display show two rows instead of what it shows."""
        self._rows[display] = rows
        self._displays[display].set()

    def now(self, display: str) -> Rows | None:
        """What a display is to show, or None when nothing was said yet."""
        return self._rows.get(display)

    def sale_is(self, register: RegisterId, sale: Sale | None) -> None:
        """Remember which sale is open at a register, as it is."""
        if sale is None:
            self._sales.pop(register, None)
        else:
            self._sales[register] = sale

    def sale_at(self, register: RegisterId) -> Sale | None:
        """The sale that is open at a register, as far as it was read along."""
        return self._sales.get(register)

    async def changed(self, display: str, *, within_s: float) -> None:
        """Return when there is something new for a display, or after that time."""
        try:
            async with asyncio.timeout(within_s):
                await self._displays[display].wait()
        except TimeoutError:
            return
        self._displays[display].clear()


class Troubles:
    """What each register was last told of its print jobs that need somebody; without a revision."""

    def __init__(self) -> None:
        self._told: dict[RegisterId, RegisterPrinting] = {}

    def told(self, register: RegisterId) -> RegisterPrinting | None:
        """What a register was last told, or None when nothing was told since the start."""
        return self._told.get(register)

    def tell(self, register: RegisterId, printing: RegisterPrinting) -> None:
        """Remember what a register is told."""
        self._told[register] = printing


class VoidedScans:
    """The last scan of each scanner that was thrown away since the start."""

    def __init__(self) -> None:
        self._last: dict[DeviceId, VoidedScan] = {}

    def note(self, scanner: DeviceId, voided: VoidedScan) -> None:
        """Remember one in the place of the one before."""
        self._last[scanner] = voided

    def last(self, scanner: DeviceId) -> VoidedScan | None:
        """The last one of a scanner, or None."""
        return self._last.get(scanner)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a transaction reaches beside its tables: who waits for it, the shop's texts, scanners' registers."""

    waiting: Waiting
    showing: Showing
    texts: Texts
    assigned: Assigned
    troubles: Troubles
    slow_rules: SlowRules
    voided: VoidedScans


class DevicesTx(Tx):
    """A transaction with the stores of devices."""

    def __init__(
        self, scope: Scope, around: Surroundings, request: Request, settings: DevicesSettings, beside: Beside
    ) -> None:
        super().__init__(scope, around, request)
        self.settings = settings
        self.jobs = PrintJobStore(self.connection)
        self.devices = DeviceStore(self.connection)
        self.scans = ScanStore(self.connection)
        self.pairings = PairingStore(self.connection)
        self._beside = beside
        self._paired: dict[DeviceId, RegisterId] | None = None
        self._troubles: dict[RegisterId, RegisterPrinting] = {}

    def register_of(self, scanner: DeviceId) -> RegisterId | None:
        """The register of a scanner, as this transaction leaves it."""
        return self._beside.assigned.register_of(scanner, self._paired)

    def pair(self, scanner: DeviceId, register: RegisterId | None) -> None:
        """Let a scanner belong to a register from now on; None lets it belong where the settings say."""
        if register is None:
            self.pairings.remove(scanner)
        else:
            self.pairings.put(scanner, register, self.now)
        self.remember_pairings()

    def remember_pairings(self) -> None:
        """Take the pairings as the database has them, for others once this is committed."""
        paired = self._paired = self.pairings.all()
        self.after_commit(lambda: self._beside.assigned.now(paired))

    def wake(self, printer: str) -> None:
        """Let a printer's worker look for jobs once this is committed."""
        self.after_commit(lambda: self._beside.waiting.wake(printer))

    def is_news(self, register: RegisterId, troubles: RegisterPrinting) -> bool:
        """Whether a register was told otherwise of its print jobs that need somebody; now it counts as told."""
        before = self._troubles.get(register, self._beside.troubles.told(register))
        if troubles == before:
            return False
        self._troubles[register] = troubles
        self.after_commit(lambda: self._beside.troubles.tell(register, troubles))
        return True

    def was_told(self, register: RegisterId) -> bool:
        """Whether a register was last told of anything that it is not to be told for ever."""
        told = self._troubles.get(register, self._beside.troubles.told(register))
        return told is not None and bool(told.jobs or told.elsewhere)

    def note_slow_rules(self, device: DeviceId, places: tuple[int, ...]) -> None:
        """Have the log told of scan rules that took too long for what a device read, once this is committed."""
        if places:
            self.after_commit(lambda: self._beside.slow_rules.note(device, places))

    def note_voided(self, scanner: DeviceId, reason: VoidReason) -> None:
        """Remember that a scan was thrown away now, once this is committed."""
        voided = VoidedScan(reason, stamp(self.now))
        self.after_commit(lambda: self._beside.voided.note(scanner, voided))

    def show_rows(self, display: str, rows: Rows) -> None:
        """Let a line display show two rows once this is committed."""
        self.after_commit(lambda: self._beside.showing.show(display, rows))

    def is_next_sale_open(self, register: RegisterId, sale_id: SaleId) -> bool:
        """Whether the register has gone on to another sale, which its display shows by now."""
        sale = self._beside.showing.sale_at(register)
        return sale is not None and sale.sale_id != sale_id

    def words(self, language: str) -> Words:
        """The shop's texts in a language."""
        return Words(self._beside.texts, language)

    def signed_on(self) -> StaffId:
        """Who is signed on where the request comes from.

        Rejections:
            TokenMissing: nobody is.
        """
        if self.claims is None:
            raise TokenMissing
        return StaffId(self.claims.subject)


class DevicesView(View):
    """A view with the shop's settings, the registers of its scanners, and what was thrown away."""

    def __init__(self, around: Surroundings, request: Request, settings: DevicesSettings, beside: Beside) -> None:
        super().__init__(around, request)
        self.settings = settings
        self.assigned = beside.assigned
        self.voided = beside.voided
