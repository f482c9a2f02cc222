"""The ids of erased customers in a file beside the databases, so that a restored backup forgets them again.

One line an id: ``id time erasure-id``. No personal data. Lines are only added; each is on the disk before it counts.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

NAME = "erased-customers.txt"
_LINE = re.compile(r"([0-9a-f-]{36}) ([0-9T:.-]{19,27}Z) ([0-9a-f-]{36})")


class Erased(NamedTuple):
    """One id, when it was erased, and by which erasure."""

    customer_id: str
    erased_at: str
    erasure_id: str


class ErasedFile:
    """The file in the data directory; no backup of a database holds it, and no restore takes it back."""

    def __init__(self, data: Path) -> None:
        self._file = data / NAME

    def read(self) -> tuple[Erased, ...]:
        """All ids; a line that a crash cut off is none, its id is written again."""
        if not self._file.exists():
            return ()
        lines = self._file.read_text(encoding="ascii", errors="replace").splitlines()
        return tuple(Erased(*match.groups()) for line in lines if (match := _LINE.fullmatch(line)))

    def add(self, erased: Iterable[Erased]) -> None:
        """Write ids down for good; each once."""
        known = {each.customer_id for each in self.read()}
        lines = "".join(f"{' '.join(each)}\n" for each in erased if each.customer_id not in known)
        if not lines:
            return
        with self._file.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    lines = f"\n{lines}"
            file.write(lines.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
