"""How a job becomes paper on a printer that answers, and how that is known. Never here: a receipt, a job's life.

The job counts as printed only when the printer says so after its last byte:
``GS r`` is answered in turn, when everything before it is printed, and not at all without
paper; ``DLE EOT`` is answered at once and so says only what stops the printer.
(Epson ESC/POS command reference, GS r and DLE EOT; measured with a powered-off printer: a
half-open connection takes three receipts without an error.)
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from contracts.devices import FaultReason
from services.devices.printers.links import Link, LinkLost, OpenLink

ASK_REAL_TIME = b"\x10\x04"
PRINTER_STATUS, OFFLINE_CAUSE, PAPER_STATUS = b"\x01", b"\x02", b"\x04"
ASK_IN_TURN = b"\x1dr\x01"

_OFFLINE = 0x08
_COVER_OPEN, _STOPPED_BY_PAPER_END = 0x04, 0x20
_PAPER_END = 0x60

AnswerKind = Literal["real_time", "in_turn"]


Begin = Callable[[], Awaitable[None]]
"""Awaited once a printer is ready and before a job's first byte; if it raises, none is sent."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a printer gets: to let us in, to answer, to take a job's bytes, to print them."""

    connect_s: float = 3.0
    answer_s: float = 3.0
    send_s: float = 10.0
    finish_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt at a job ended.

    ``accepted`` means that the printer got nothing of it and it may be tried again; ``unknown``
    that it got some of it and nobody but a person can tell whether paper came out.
    """

    state: Literal["accepted", "printed", "unknown"]
    reason: FaultReason


class Answers:
    """Tells a printer's answers apart by their fixed bits, one byte at a time.

    Citizen command reference, "Identification of send status": DLE EOT 0xx1xx10, GS r 0xx0xxxx,
    Automatic Status Back 0xx1xx00 and three bytes more, XON 0x11 and XOFF 0x13 anywhere.
    """

    def __init__(self) -> None:
        self._status_back_left = 0

    def kind(self, byte: int) -> AnswerKind | None:
        """Which kind of request the byte answers, or None when nobody asked."""
        if byte in (0x11, 0x13):
            return None
        if self._status_back_left:
            self._status_back_left -= 1
            return None
        if byte & 0x93 == 0x10:
            self._status_back_left = 3
            return None
        if byte & 0x93 == 0x12:
            return "real_time"
        return "in_turn" if byte & 0x90 == 0 else None


_MOST_STALE = 64
"""Reads of what came unasked before a question; whoever has sent more than that will not stop."""
_SLOWEST = 900
"""Bytes a second that a printer takes at the least, on a line of 9600 baud."""
_NOT_OPENED: dict[int, FaultReason] = {
    errno.EBUSY: "in_use",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
}


class Dialogue:
    """Speaks with one printer, over a new link each time."""

    def __init__(self, open_link: OpenLink, patience: Patience) -> None:
        self._open_link = open_link
        self._patience = patience
        self._owes_answer = False
        """Whether the printer may yet answer what was asked behind a job that is ``unknown``."""

    async def print(self, job: bytes, begin: Begin) -> Attempt:
        """Send one job and wait until it is paper, or is known not to be."""
        try:
            link = await self._open_link(self._patience.connect_s)
        except OSError as error:
            return Attempt("accepted", why_not_opened(error))
        with link:
            asked = _Asked(link, self._patience)
            reason = await asked.fault()
            if reason != "none":
                return Attempt("accepted", reason)
            if self._owes_answer:
                try:
                    await asked.hear_out()
                except LinkLost:
                    return Attempt("accepted", "offline")
            await begin()
            attempt = await asked.print(job)
            self._owes_answer = attempt.state == "unknown"
            return attempt

    async def look(self) -> FaultReason:
        """Ask the printer what keeps it from printing: ``none`` when it is ready."""
        try:
            link = await self._open_link(self._patience.connect_s)
        except OSError as error:
            return why_not_opened(error)
        with link:
            return await _Asked(link, self._patience).fault()


def why_not_opened(error: OSError) -> FaultReason:
    """What keeps a device from being opened."""
    return _NOT_OPENED.get(error.errno or 0, "not_connected")


class _Asked:
    """A printer on an open link, and what it answers."""

    def __init__(self, link: Link, patience: Patience) -> None:
        self._link = link
        self._patience = patience
        self._answers = Answers()

    async def fault(self) -> FaultReason:
        """What keeps the printer from printing, by its own word."""
        try:
            return await self._fault()
        except TimeoutError:
            return "no_answer"
        except LinkLost:
            return "offline"

    async def print(self, job: bytes) -> Attempt:
        """Send the job and wait for the answer behind it; from the first byte on a fault leaves it unknown."""
        finish_s = self._patience.finish_s + len(job) / _SLOWEST
        try:
            await self._link.send(job, patience_s=self._patience.send_s)
            await self._ask(ASK_IN_TURN, "in_turn", finish_s)
        except TimeoutError:
            return Attempt("unknown", await self._why_unfinished())
        except LinkLost:
            return Attempt("unknown", "closed_in_mid_job")
        return Attempt("printed", "none")

    async def hear_out(self) -> None:
        """Wait until nothing more is answered to what was asked behind an earlier job.

        Else that answer, coming when the printer has paper again, would be taken for the next job's. The printer
        is asked once more: its answer comes last, and silence follows.
        """
        try:
            async with asyncio.timeout(self._patience.finish_s):
                await self._ask(ASK_IN_TURN, "in_turn", self._patience.answer_s)
                while True:
                    async with asyncio.timeout(self._patience.answer_s):
                        self._heard(await self._link.receive(), "in_turn")
        except TimeoutError:
            return

    async def _fault(self) -> FaultReason:
        if await self._status(PAPER_STATUS) & _PAPER_END:
            return "paper_out"
        if not await self._status(PRINTER_STATUS) & _OFFLINE:
            return "none"
        cause = await self._status(OFFLINE_CAUSE)
        if cause & _COVER_OPEN:
            return "cover_open"
        return "paper_out" if cause & _STOPPED_BY_PAPER_END else "offline"

    async def _why_unfinished(self) -> FaultReason:
        try:
            reason = await self._fault()
        except (TimeoutError, LinkLost):
            return "stalled"
        return "no_answer" if reason == "none" else reason

    async def _status(self, which: bytes) -> int:
        return await self._ask(ASK_REAL_TIME + which, "real_time", self._patience.answer_s)

    async def _ask(self, question: bytes, kind: AnswerKind, patience_s: float) -> int:
        """Ask and return the answer byte; what came unasked before the question is thrown away."""
        async with asyncio.timeout(patience_s):
            for _ in range(_MOST_STALE):
                stale = self._link.received()
                self._heard(stale, kind)
                if not stale:
                    break
            await self._link.send(question, patience_s=patience_s)
            while True:
                answer = self._heard(await self._link.receive(), kind)
                if answer is not None:
                    return answer

    def _heard(self, data: bytes, kind: AnswerKind) -> int | None:
        """The first byte that answers a question of that kind; every byte is looked at, for some span several."""
        answers = [byte for byte in data if self._answers.kind(byte) == kind]
        return answers[0] if answers else None
