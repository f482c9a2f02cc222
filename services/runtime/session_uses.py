"""Which sessions are in use here, told now and then, so that whoever owns them can end those that nobody uses.

Only hints: one that is lost makes somebody type their PIN once too often, nothing worse.
"""

from collections.abc import Callable

from contracts.every_service import SessionUsed
from contracts.ids import RegisterId
from services.runtime.clock import Clock

TELL_EVERY_S = 30.0


class SessionUses:
    """Tells that a register's session is used, at most every 30 seconds for each."""

    def __init__(self, clock: Clock, tell: Callable[[SessionUsed], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._told: dict[str, tuple[int, float]] = {}

    def note(self, client: str, session: int) -> None:
        """A request came with the token of that session."""
        now = self._clock.monotonic()
        told_session, told_at = self._told.get(client, (0, 0.0))
        if session != told_session or now - told_at >= TELL_EVERY_S:
            self._told[client] = session, now
            self._tell(SessionUsed(RegisterId(client), session))
