"""What one printer on an open link is sent and asked, and what it answers. Never here: links opened, a job's life.

The job counts as printed only when the printer says so after its last byte:
``GS r`` is answered in turn, when everything before it is printed, and not at all without
paper; ``DLE EOT`` is answered at once and so says only what stops the printer.
(Epson ESC/POS command reference, GS r and DLE EOT; measured with a powered-off printer: a
half-open connection takes three receipts without an error.)
"""

import asyncio

from contracts.devices import FaultReason
from services.devices.model.word import Word
from services.devices.printers.answers import AnswerKind, Answers
from services.devices.printers.attempts import Attempt, Begin, Patience
from services.devices.printers.job_bytes import drawer_bytes_at_once
from services.devices.printers.links import Link, LinkLost

ASK_REAL_TIME = b"\x10\x04"
PRINTER_STATUS, OFFLINE_CAUSE, PAPER_STATUS = b"\x01", b"\x02", b"\x04"
ASK_IN_TURN = b"\x1dr\x01"

_OFFLINE = 0x08
_COVER_OPEN, _STOPPED_BY_PAPER_END = 0x04, 0x20
_PAPER_END = 0x60

_MOST_STALE = 64
"""Reads of what came unasked before a question; whoever has sent more than that will not stop."""
_SLOWEST = 900
"""Bytes a second that a printer takes at the least, on a line of 9600 baud."""


class Asked:
    """A printer on an open link, and what it answers."""

    def __init__(self, link: Link, patience: Patience) -> None:
        self._link = link
        self._patience = patience
        self._answers = Answers()
        self._reading = asyncio.Lock()
        """Whoever holds it may read the link, apart from what awaits the answer behind a job."""
        self._awaits = False
        """Whether that is awaited."""
        self._handed_over = asyncio.Event()
        """A job is sent, as far as it ever will be: between its bytes a command could be taken for a picture's."""
        self._at_once = asyncio.Event()
        """Something was answered at once since it was cleared, or nothing is awaited any more."""

    async def fault(self) -> FaultReason:
        """What keeps the printer from printing, by its own word."""
        try:
            return await self._fault()
        except TimeoutError:
            return "no_answer"
        except LinkLost:
            return "offline"

    async def print(self, job: bytes, word: Word) -> Attempt:
        """Send the job and wait for the answer behind it; from the first byte on a fault leaves it unknown.

        The first answer of a printer that left some out may be one of those, so it is heard out before that counts.
        """
        finish_s = self._patience.finish_s + len(job) / _SLOWEST
        reason: FaultReason | None = "none"
        try:
            await self._send_and_wait(job, finish_s)
        except TimeoutError:
            reason = None
        except LinkLost:
            reason = "closed_in_mid_job"
        async with self._reading:
            if reason is None:
                reason = await self._why_unfinished()
            elif reason == "none" and word.given is False:
                reason = await self.unheard(finish_s)
        return Attempt("printed", "none") if reason == "none" else Attempt("unknown", reason)

    async def kick_past(self, pin: int, begin: Begin) -> Attempt | None:
        """Open the drawer while the answer behind a job is awaited; None where it is not, or no more."""
        await self._handed_over.wait()
        async with self._reading:
            if not self._awaits:
                return None
            await begin()
            self._at_once.clear()
            try:
                kick = drawer_bytes_at_once(pin) + ASK_REAL_TIME + PRINTER_STATUS
                await self._link.send(kick, patience_s=self._patience.send_s)
                async with asyncio.timeout(self._patience.answer_s):
                    if self._awaits:
                        await self._at_once.wait()
                if not self._awaits:
                    await self._status(PRINTER_STATUS)
            except TimeoutError:
                return Attempt("unknown", "no_answer", printer="no_answer")
            except LinkLost:
                return Attempt("unknown", "closed_in_mid_job", printer="offline")
        return Attempt("printed", "none", printer="none", certain=False)

    async def _send_and_wait(self, job: bytes, finish_s: float) -> None:
        """Send the job, and wait for the answer behind it; whoever wants the drawer meanwhile hears what else comes.

        Raises:
            TimeoutError, LinkLost: it does not come.
        """
        try:
            await self._link.send(job, patience_s=self._patience.send_s)
            self._awaits = True
            self._handed_over.set()
            await self._ask(ASK_IN_TURN, "in_turn", finish_s)
        finally:
            self._awaits = False
            self._handed_over.set()
            self._at_once.set()

    async def hand_over(self, job: bytes) -> Attempt:
        """Send the job to a printer that does not say when it is out; it is, when that took all and is ready."""
        finish_s = self._patience.finish_s + len(job) / _SLOWEST
        try:
            await self._link.send(job, patience_s=self._patience.send_s)
            await self._ask(ASK_REAL_TIME + PRINTER_STATUS, "real_time", finish_s)
            reason = await self._fault()
        except TimeoutError:
            return Attempt("unknown", "stalled")
        except LinkLost:
            return Attempt("unknown", "closed_in_mid_job")
        return Attempt("printed", "none", certain=False) if reason == "none" else Attempt("unknown", reason)

    async def kick(self, pin: int, reason: FaultReason) -> Attempt:
        """Open the drawer past whatever the printer holds; ``reason`` is how it is."""
        try:
            await self._link.send(drawer_bytes_at_once(pin), patience_s=self._patience.send_s)
            await self._status(PRINTER_STATUS)
        except TimeoutError:
            return Attempt("unknown", "no_answer", printer="no_answer")
        except LinkLost:
            return Attempt("unknown", "closed_in_mid_job", printer="offline")
        return Attempt("printed", "none", printer=reason, certain=False)

    async def unheard(self, patience_s: float) -> FaultReason:
        """Wait until nothing more is answered to what was asked behind earlier jobs; ``none`` when that is so.

        ``never_confirms`` when the printer says that it is ready, and nothing else.

        Else such an answer, coming when the printer has paper again or has printed the rest, would be taken for the
        next job's. The printer is asked once more: its answer comes last, and silence follows.
        """
        try:
            await self._ask(ASK_IN_TURN, "in_turn", patience_s)
            for _ in range(_MOST_STALE):
                if not await self._answers_more():
                    return "none"
        except TimeoutError:
            return await self._why_unfinished()
        except LinkLost:
            return "offline"
        return "no_answer"

    async def _answers_more(self) -> bool:
        """Whether one more answer in turn comes before long."""
        try:
            async with asyncio.timeout(self._patience.answer_s) as patience:
                while self._heard(await self._link.receive(), "in_turn") is None:
                    continue
        except TimeoutError:
            if not patience.expired():  # the kernel's own, for a printer that is gone
                raise
            return False
        return True

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
        return "never_confirms" if reason == "none" else reason

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
        answers = [(self._answers.kind(byte), byte) for byte in data]
        if any(each == "real_time" for each, _ in answers):
            self._at_once.set()
        return next((byte for each, byte in answers if each == kind), None)
