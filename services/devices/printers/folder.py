"""A folder as a printer: each job becomes a file, whole or not at all. For programs that print themselves."""

import asyncio
import os
from pathlib import Path

from contracts.devices import FaultReason
from services.devices.printers.dialogue import Attempt, Begin


class Folder:
    """Keeps each job as a file in a folder, numbered in the order of printing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def print(self, job: bytes, begin: Begin) -> Attempt:
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

    async def look(self) -> FaultReason:
        """Whether the folder is there and can be written to."""
        if not await asyncio.to_thread(self._folder.is_dir):
            return "not_connected"
        return "none" if os.access(self._folder, os.W_OK | os.X_OK) else "no_permission"

    def _write(self, job: bytes) -> None:
        numbers = [int(path.stem) for path in self._folder.glob("*.escpos") if path.stem.isdigit()]
        name = f"{max(numbers, default=0) + 1:06}"
        unfinished = self._folder / f".{name}.unfinished"
        with unfinished.open("wb") as file:
            file.write(job)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._folder / f"{name}.escpos")
