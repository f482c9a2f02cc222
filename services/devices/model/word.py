"""What a printer's own word has been worth so far: whether it says of each job that it is out.

Pure: no bus, no database, no clock.
"""

from dataclasses import dataclass

from contracts.devices import FaultReason


@dataclass(frozen=True, slots=True)
class Word:
    """Whether a printer answers what it is asked behind a job (``GS r``), as far as it was seen."""

    owes: bool = False
    """Whether it may yet answer what was asked behind an earlier job, so that its next answer may be an old one."""
    given: bool | None = None
    """Whether it ever answered that; False when it was ready and did not, None while nothing is known of it."""

    def seen(self, reason: FaultReason) -> "Word":
        """The same after the printer was looked at, and heard out if it owed an answer; ``reason`` is how it was."""
        if not self.owes:
            return self
        if reason == "none":
            return Word(given=True)
        # Whoever never answered cannot answer late either.
        return Word(given=False) if reason == "never_confirms" and not self.given else self


NOTHING_KNOWN = Word()
"""Of a printer that was never asked."""
