"""How a job was tried: with how much patience, and how it ended. Never here: a byte."""

import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from contracts.devices import FaultReason
from services.devices.model.word import Word

Begin = Callable[[], Awaitable[None]]
"""Awaited once a printer is ready and before a job's first byte; if it raises, none is sent."""
_NOT_OPENED: dict[int, FaultReason] = {
    errno.EBUSY: "in_use",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
}


_BYTES_A_SECOND = 900
"""What a printer takes at the least, be it for a slow line of 9600 baud behind a print server."""
_BITS_EACH = 10
"""Of one byte on a serial line, with its start and its stop bit."""
_PAUSES = 15 / 16
"""How much of a line's time bytes are on it; the rest are pauses between them."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a printer gets: to let us in, to answer, to take a job's bytes, to print them.

    ``baud`` is the speed of its line, where it has one.
    """

    connect_s: float = 3.0
    answer_s: float = 3.0
    send_s: float = 10.0
    finish_s: float = 8.0
    baud: int | None = None

    def to_send(self, job: bytes) -> float:
        """How long a printer may take nothing more of a job before it has stalled.

        A line says that it takes more when it is all but empty, and what it holds may be the whole job.
        """
        return self.send_s if self.baud is None else self.send_s + len(job) / self._bytes_a_second

    def to_finish(self, job: bytes) -> float:
        """How long one that was sent a job may take to print it: what it takes slowly it may print slowly."""
        return self.finish_s + len(job) / self._bytes_a_second

    @property
    def _bytes_a_second(self) -> float:
        if self.baud is None:
            return _BYTES_A_SECOND
        # A faster line makes no faster printer.
        return min(_BYTES_A_SECOND, self.baud / _BITS_EACH * _PAUSES)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt at a job ended.

    ``accepted`` means that the printer got nothing of it and it may be tried again; ``unknown``
    that it got some of it and nobody but a person can tell whether paper came out.
    """

    state: Literal["accepted", "printed", "unknown"]
    reason: FaultReason
    printer: FaultReason | None = None
    """How the printer is, where a drawer was opened past what it holds; else ``reason`` says it."""
    certain: bool = True
    """Whether the printer itself said that it did what it was sent, of a job that is ``printed``."""

    def word(self, before: Word) -> Word:
        """What the printer's word is worth after this."""
        if self.state == "accepted" or self.printer is not None:
            return before
        if self.state == "printed":
            return Word(given=True)
        if self.reason == "never_confirms" and not before.given:
            return Word(given=False)
        return Word(owes=True, given=before.given)


def why_not_opened(error: OSError) -> FaultReason:
    """What keeps a device from being opened."""
    return _NOT_OPENED.get(error.errno or 0, "not_connected")
