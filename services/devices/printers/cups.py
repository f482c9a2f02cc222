"""A queue of a CUPS server as a printer. What came out is CUPS's word, and so less sure than a printer's own.

CUPS calls a job completed when its backend handed the last byte to the device; for a printer on USB or the
network, set it up here without CUPS and have the truth about its paper.
"""

import asyncio

from contracts.devices import FaultReason
from services.devices.model.word import NOTHING_KNOWN, Word
from services.devices.printers.attempts import Attempt, Begin, Patience
from services.devices.printers.ipp import IppRefused, Operation, Server
from services.devices.printers.job_bytes import drawer_bytes

# RFC 8011, sections 5.3.7 (job-state) and 5.4.11 (printer-state).
_CANCELED, _ABORTED, _COMPLETED = 7, 8, 9
_STOPPED = 5
_REASONS: tuple[tuple[str, FaultReason], ...] = (
    ("media-empty", "paper_out"),
    ("media-needed", "paper_out"),
    ("cover-open", "cover_open"),
    ("door-open", "cover_open"),
    ("offline", "offline"),
    ("shutdown", "offline"),
    ("paused", "offline"),
)
"""How ``printer-state-reasons`` begin (RFC 8011, section 5.4.12), and what each is here."""
_BETWEEN_LOOKS_S = 0.2


class CupsQueue:
    """One queue; it must be a raw one, for the job's bytes are to reach the printer as they are."""

    def __init__(self, host: str, port: int, queue: str, patience: Patience) -> None:
        self._server = Server(host, port, queue)
        self._patience = patience

    async def print(self, job: bytes, begin: Begin, *, word: Word = NOTHING_KNOWN) -> Attempt:  # noqa: ARG002 - CUPS remembers
        """Hand one job over and wait until CUPS is done with it; one that it is not done with in time is taken back.

        CUPS is asked for a job before anything of it is sent: where it wants none, nothing can have come out.
        """
        reason = await self.look()
        if reason != "none":
            return Attempt("accepted", reason)
        try:
            async with asyncio.timeout(self._patience.answer_s):
                number = (await self._server.ask(Operation.CREATE_JOB, name="receipt")).number("job-id")
        except (OSError, IppRefused):  # a TimeoutError is an OSError
            return Attempt("accepted", "offline")
        try:
            await begin()
        except BaseException:
            await self._taken_back(number)
            raise
        try:
            async with asyncio.timeout(self._patience.send_s):
                await self._server.ask(Operation.SEND_DOCUMENT, job=number, document=job)
            async with asyncio.timeout(self._patience.finish_s):
                state = await self._ended(number)
        except TimeoutError:
            return Attempt("unknown", await self._taken_back(number))
        except (OSError, IppRefused):
            return Attempt("unknown", "closed_in_mid_job")
        return Attempt("printed", "none") if state == _COMPLETED else Attempt("unknown", "closed_in_mid_job")

    async def kick(self, pin: int, begin: Begin, *, word: Word = NOTHING_KNOWN) -> Attempt:
        """Have CUPS send the command that opens a drawer, as a job of its own."""
        return await self.print(drawer_bytes(pin), begin, word=word)

    async def kick_past(self, pin: int, begin: Begin) -> Attempt | None:  # noqa: ARG002 - see the docstring
        """None: what CUPS does with a job, it does before another."""
        return None

    async def look(self, *, word: Word = NOTHING_KNOWN) -> FaultReason:  # noqa: ARG002 - as above
        """What keeps the queue from printing, as far as CUPS knows."""
        try:
            async with asyncio.timeout(self._patience.answer_s):
                answer = await self._server.ask(Operation.GET_PRINTER)
                state = answer.number("printer-state")
        except TimeoutError:
            return "no_answer"
        except OSError:
            return "not_connected"
        except IppRefused:
            return "offline"
        for told in answer.attributes.get("printer-state-reasons", ()):
            for begins, reason in _REASONS:
                if told.startswith(begins):
                    return reason
        accepts = answer.attributes.get("printer-is-accepting-jobs", ("1",)) != ("0",)
        return "offline" if state == _STOPPED or not accepts else "none"

    async def _ended(self, number: int) -> int:
        while True:
            state = (await self._server.ask(Operation.GET_JOB, job=number)).number("job-state")
            if state in (_CANCELED, _ABORTED, _COMPLETED):
                return state
            await asyncio.sleep(_BETWEEN_LOOKS_S)

    async def _taken_back(self, number: int) -> FaultReason:
        """Cancel a job, so that no paper comes out of it hours later; tells what held it up."""
        reason = await self.look()
        try:
            async with asyncio.timeout(self._patience.answer_s):
                await self._server.ask(Operation.CANCEL_JOB, job=number)
        except (OSError, IppRefused):  # a TimeoutError is an OSError
            return "stalled"
        return "stalled" if reason == "none" else reason
