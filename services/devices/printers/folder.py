"""A folder as a printer: each job becomes a file, whole or not at all. For programs that print themselves."""

import asyncio
import os
from pathlib import Path

from contracts.devices import FaultReason
from services.devices.model.word import NOTHING_KNOWN, Word
from services.devices.printers.attempts import Attempt, Begin, why_not_opened
from services.devices.printers.job_bytes import drawer_bytes


class Folder:
    """Keeps each job as a file in a folder, numbered in the order of printing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def print(self, job: bytes, begin: Begin, *, word: Word = NOTHING_KNOWN) -> Attempt:  # noqa: ARG002 - it answers at once
        """Write one job; it is printed when it is on the disk under its name."""
        reason = await self.look()
        if reason != "none":
            return Attempt("accepted", reason)
        await begin()
        try:
            await asyncio.to_thread(self._write, job)
        except OSError:
            return Attempt("unknown", "offline")
        return Attempt("printed", "none")

    async def kick(self, pin: int, begin: Begin, *, word: Word = NOTHING_KNOWN) -> Attempt:
        """Write the command that opens a drawer, as a job of its own."""
        return await self.print(drawer_bytes(pin), begin, word=word)

    async def kick_past(self, pin: int, begin: Begin) -> Attempt | None:  # noqa: ARG002 - see the docstring
        """None: no job takes long here."""
        return None

    async def look(self, *, word: Word = NOTHING_KNOWN) -> FaultReason:  # noqa: ARG002 - as above
        """Whether the folder is there and can be read and written to."""
        return await asyncio.to_thread(self._look)

    def _look(self) -> FaultReason:
        try:
            # Who may not see what is there would number a job like one before, and lose that.
            self._last_number()
        except OSError as error:
            return why_not_opened(error)
        return "none" if os.access(self._folder, os.W_OK | os.X_OK) else "no_permission"

    def _last_number(self) -> int:
        with os.scandir(self._folder) as entries:
            names = [Path(entry.name) for entry in entries]
        return max((int(name.stem) for name in names if name.suffix == ".escpos" and name.stem.isdecimal()), default=0)

    def _write(self, job: bytes) -> None:
        name = f"{self._last_number() + 1:06}"
        unfinished = self._folder / f".{name}.unfinished"
        with unfinished.open("wb") as file:
            file.write(job)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._folder / f"{name}.escpos")
