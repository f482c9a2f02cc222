"""How a job becomes paper on a printer that answers, over a new link each time. Never here: a receipt, a job's life."""

from contracts.devices import FaultReason
from services.devices.model.word import NOTHING_KNOWN, Word
from services.devices.printers.asked import Asked
from services.devices.printers.attempts import Attempt, Begin, Patience, why_not_opened
from services.devices.printers.job_bytes import drawer_bytes
from services.devices.printers.links import OpenLink


class Dialogue:
    """Speaks with one printer, over a new link each time.

    One that ``confirms`` nothing is not asked what it would not answer: it has printed when it took all bytes and is
    ready then.
    """

    def __init__(self, open_link: OpenLink, patience: Patience, *, confirms: bool = True) -> None:
        self._open_link = open_link
        self._patience = patience
        self._confirms = confirms
        self._at_a_job: Asked | None = None

    async def print(self, job: bytes, begin: Begin, *, word: Word = NOTHING_KNOWN) -> Attempt:
        """Send one job and wait until it is paper, or is known not to be.

        A printer that owes the answer behind an earlier job is heard out before; one that says nothing is still at that
        job, or not to be trusted with another, unless it never answered: then there is no answer to mistake.
        """
        try:
            link = await self._open_link(self._patience.connect_s)
        except OSError as error:
            return Attempt("accepted", why_not_opened(error))
        with link:
            asked = Asked(link, self._patience)
            reason = await asked.fault()
            if reason == "none" and self._confirms and word.owes:
                reason = await asked.unheard(self._patience.finish_s)
                if reason == "never_confirms" and not word.given:
                    reason, word = "none", word.seen(reason)
            if reason != "none":
                return Attempt("accepted", reason)
            await begin()
            if not self._confirms:
                return await asked.hand_over(job)
            self._at_a_job = asked
            try:
                return await asked.print(job, word)
            finally:
                self._at_a_job = None

    async def kick_past(self, pin: int, begin: Begin) -> Attempt | None:
        """Open the cash drawer over the link of a job that is being printed; None where none is, or all but done.

        A printer that prints slowly, or stopped in mid job, would hold up the drawer for longer than that lives.
        """
        return None if self._at_a_job is None else await self._at_a_job.kick_past(pin, begin)

    async def kick(self, pin: int, begin: Begin, *, word: Word = NOTHING_KNOWN) -> Attempt:
        """Open the cash drawer: change is due, whether there is paper or not.

        Without paper, or with a job before it that is not done, the printer would keep the command and open the drawer
        when somebody brings paper. So it gets the one that it obeys the moment it arrives (Epson and Citizen command
        references, DLE DC4); the answer behind that says that it was read, and not that the printer knows it.
        """
        try:
            link = await self._open_link(self._patience.connect_s)
        except OSError as error:
            return Attempt("accepted", why_not_opened(error))
        with link:
            asked = Asked(link, self._patience)
            reason = await asked.fault()
            if reason == "none" and self._confirms and word.owes:
                reason = await asked.unheard(self._patience.answer_s)
                if reason == "never_confirms" and not word.given:
                    reason, word = "none", word.seen(reason)
            if reason not in ("none", "paper_out", "never_confirms"):
                return Attempt("accepted", reason)
            await begin()
            if reason != "none":
                return await asked.kick(pin, reason)
            if not self._confirms:
                return await asked.hand_over(drawer_bytes(pin))
            return await asked.print(drawer_bytes(pin), word, paper=False)

    async def look(self, *, word: Word = NOTHING_KNOWN) -> FaultReason:
        """Ask the printer what keeps it from printing: ``none`` when it is ready and its word can be taken."""
        try:
            link = await self._open_link(self._patience.connect_s)
        except OSError as error:
            return why_not_opened(error)
        with link:
            asked = Asked(link, self._patience)
            reason = await asked.fault()
            if reason != "none" or not self._confirms:
                return reason
            if word.owes:
                return await asked.unheard(self._patience.answer_s)
            return "never_confirms" if word.given is False else "none"
