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

_PAPER_END_IN_TURN = 0x0C
"""Of the answer to ``GS r 1``, where a printer gives it without paper too; its other bits say that paper is scarce."""

_MOST_STALE = 64
"""Reads of what came unasked before a question; whoever has sent more than that will not stop."""


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

    async def print(self, job: bytes, word: Word, *, paper: bool = True) -> Attempt:
        """Send the job and wait for the answer behind it; from the first byte on a fault leaves it unknown.

        The first answer of a printer that left some out may be one of those, so it is heard out before that counts.
        One that answers without paper has not printed all, if any; a drawer (a job without ``paper``) it did open.
        """
        finish_s = self._patience.to_finish(job)
        reason: FaultReason | None
        try:
            answer = await self._send_and_wait(job, finish_s)
        except TimeoutError:
            reason = None
        except LinkLost:
            reason = "closed_in_mid_job"
        else:
            reason = _paper(answer) if paper else "none"
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

    async def _send_and_wait(self, job: bytes, finish_s: float) -> int:
        """Send the job, and wait for the answer behind it; whoever wants the drawer meanwhile hears what else comes.

        Raises:
            TimeoutError, LinkLost: it does not come.
        """
        try:
            await self._link.send(job, patience_s=self._patience.to_send(job))
            async with asyncio.timeout(finish_s):
                if self._patience.baud is not None:
                    # What a line has yet to take, a drawer's command would have to wait behind.
                    await self._link.taken(patience_s=finish_s)
                self._awaits = True
                self._handed_over.set()
                return await self._ask(ASK_IN_TURN, "in_turn", finish_s)
        finally:
            self._awaits = False
            self._handed_over.set()
            self._at_once.set()

    async def hand_over(self, job: bytes) -> Attempt:
        """Send the job to a printer that does not say when it is out; it is, when that took all and is ready."""
        try:
            await self._link.send(job, patience_s=self._patience.to_send(job))
            await self._ask(ASK_REAL_TIME + PRINTER_STATUS, "real_time", self._patience.to_finish(job))
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

        ``never_confirms`` when the printer says that it is ready, and nothing else; ``paper_out`` when it answers that.

        Else such an answer, coming when the printer has paper again or has printed the rest, would be taken for the
        next job's. The printer is asked once more: its answer comes last, and silence follows.
        """
        try:
            answer = await self._ask(ASK_IN_TURN, "in_turn", patience_s)
            for _ in range(_MOST_STALE):
                later = await self._next_answer()
                if later is None:
                    return _paper(answer)
                answer = later
        except TimeoutError:
            return await self._why_unfinished()
        except LinkLost:
            return "offline"
        return "no_answer"

    async def _next_answer(self) -> int | None:
        """One more answer in turn, or None when none comes before long."""
        try:
            async with asyncio.timeout(self._patience.answer_s) as patience:
                while (answer := self._heard(await self._link.receive(), "in_turn")) is None:
                    continue
        except TimeoutError:
            if not patience.expired():  # the kernel's own, for a printer that is gone
                raise
            return None
        return answer

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
        """The newest byte that answers a question of that kind; every byte is looked at, for some span several."""
        answers = [(self._answers.kind(byte), byte) for byte in data]
        if any(each == "real_time" for each, _ in answers):
            self._at_once.set()
        return next((byte for each, byte in reversed(answers) if each == kind), None)


def _paper(answer: int) -> FaultReason:
    """What a printer's answer behind a job says of its paper."""
    return "paper_out" if answer & _PAPER_END_IN_TURN else "none"
