"""The way to a printer that its settings name."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from contracts.devices import FaultReason
from services.devices.model.word import NOTHING_KNOWN, Word
from services.devices.printers.attempts import Attempt, Begin, Patience
from services.devices.printers.cups import CupsQueue
from services.devices.printers.dialogue import Dialogue
from services.devices.printers.folder import Folder
from services.devices.printers.links import way_to
from services.devices.printers.settings import PrinterSettings


class Way(Protocol):
    """How one printer gets its jobs, and how it is known what became of them."""

    async def print(self, job: bytes, begin: Begin, *, word: Word = NOTHING_KNOWN) -> Attempt:
        """Print one job; ``begin`` is awaited once the printer is ready and before it gets the first byte.

        ``word`` is what the printer's own word has been worth so far.
        """
        ...

    async def kick(self, pin: int, begin: Begin, *, word: Word = NOTHING_KNOWN) -> Attempt:
        """Open the cash drawer on that pin of the printer's socket; the rest as for ``print``."""
        ...

    async def kick_past(self, pin: int, begin: Begin) -> Attempt | None:
        """Open the cash drawer while a job is being printed; None where it has to wait until that is done."""
        ...

    async def look(self, *, word: Word = NOTHING_KNOWN) -> FaultReason:
        """What keeps the printer from printing: ``none`` when it is ready."""
        ...


def way_of(printer: PrinterSettings, patience: Patience) -> Way:
    """The way that a printer's settings name."""
    if printer.folder is not None:
        return Folder(Path(printer.folder))
    if printer.cups is not None:
        return CupsQueue(printer.cups_host, printer.cups_port, printer.cups, patience)
    if printer.tty is not None:
        patience = replace(patience, baud=printer.baud)
    return Dialogue(way_to(printer, send_s=patience.send_s), patience, confirms=printer.confirms)
