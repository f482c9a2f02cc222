"""Which lines a scanner sent of one symbol: the QR code of a bank transfer or of a contact holds several.

Pure. The first is told before anyone can know that more come; ``1`` among the others is no item with that code.
"""

SAME_SYMBOL_S = 0.02
"""What begins so soon after the end of a line is its symbol's next one: between two symbols a hand must move."""
SLOWEST_S = 0.1
"""The same of a scanner that types slowly; nobody pulls a trigger again so soon."""


class Lines:
    """The lines of one scanner, by when each began and ended, in seconds of one clock.

    ``several_codes`` says that it reads several codes at a pull of its trigger, each of which is a scan.
    ``told`` is whether it was told that something of the symbol was thrown away: once is enough.
    """

    def __init__(self, *, several_codes: bool = False) -> None:
        self._several_codes = several_codes
        self._next_within_s = SAME_SYMBOL_S
        self._ended = float("-inf")
        self.told = False

    def ended(self, now: float, pace_s: float = 0.0) -> None:
        """A line came to its end; ``pace_s`` is how far apart its characters were, if any of it was read."""
        if pace_s:
            self._next_within_s = min(SLOWEST_S, max(SAME_SYMBOL_S, 1.5 * pace_s))
        self._ended = now

    def goes_on(self, now: float) -> bool:
        """Whether what comes now is of the symbol whose line ended last; else a symbol begins."""
        same = not self._several_codes and now - self._ended < self._next_within_s
        self.told = self.told and same
        return same
