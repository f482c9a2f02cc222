"""What services say: kept in ``DATA/logs``, with what a person should look at told at once.

A service writes one line of ``key=value`` pairs an entry; a traceback follows its entry.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.hub import files

LOG_BYTES: Final = 1024 * 1024
"""A longer log is put aside as ``{service}.log.1``."""
LONGEST_ECHO: Final = 200
SAID_BY_THE_HUB: Final = ("event=broker-lost", "event=broker-refused")
"""Each service notices when the broker goes; the hub tells it once."""


class ServiceLog:
    """The log of one service.

    Args:
        file: where it is kept; one earlier file is kept beside it.
        echo: told of each warning and error, cut off after 200 characters.
    """

    def __init__(self, file: Path, echo: Callable[[str], None]) -> None:
        self.file = file
        self.last_words = ""
        """The last line that was said."""
        self._echo = echo
        self._begun = b""

    def write(self, said: bytes) -> None:
        """Keep what was said, whole lines or not."""
        if self.file.exists() and self.file.stat().st_size > LOG_BYTES:
            self.file.replace(self.file.with_suffix(".log.1"))
        with files.open_to_append(self.file, 0o640) as log:
            log.write(said)
        *lines, begun = (self._begun + said).split(b"\n")
        self._begun = begun[-LOG_BYTES:]
        for line in lines:
            self._take(line.decode(errors="replace").strip())

    def _take(self, line: str) -> None:
        if not line:
            return
        self.last_words = line
        if " level=warning " in line or " level=error " in line:
            entry = line.partition(" from=")[2].partition(" ")[2]
            if not entry.startswith(SAID_BY_THE_HUB):
                self._echo(entry[:LONGEST_ECHO])
