"""Which sessions nobody has used for a while, by time that never jumps.

Never here: a table, a lock, a pause. What is noted lives in memory only: a session that is there at a start counts as
used then.
"""

from collections.abc import Iterable

from contracts.every_service import SessionUsed
from contracts.ids import RegisterId
from services.runtime.session_uses import TELL_EVERY_S
from services.staff.model.sessions import Session


class LastUses:
    """What is heard of uses between one look and the next counts as of the next, so nobody is locked too early."""

    def __init__(self) -> None:
        self._noted: set[tuple[RegisterId, int]] = set()
        self._used_at: dict[tuple[RegisterId, int], float] = {}

    def note(self, register: RegisterId, session: int) -> None:
        """Somebody used that session."""
        self._noted.add((register, session))

    def hear(self, hint: SessionUsed) -> None:
        """Some service was asked by that session."""
        self.note(hint.register, hint.session)

    def idle(self, alive: Iterable[Session], now: float, idle_lock_s: float) -> list[Session]:
        """Look: of the sessions that last, those that nobody has used for longer than ``idle_lock_s``.

        Services tell a use at most every half minute, so the last one may be that much later than the last one told.

        Args:
            alive: all sessions that last; the others are forgotten.
            now: monotonic seconds.
            idle_lock_s: how long a session may be left alone.
        """
        sessions = {(session.register, session.number): session for session in alive}
        noted, self._noted = self._noted, set()
        self._used_at = {each: now if each in noted else self._used_at.get(each, now) for each in sessions}
        return [sessions[each] for each, used_at in self._used_at.items() if now - used_at > idle_lock_s + TELL_EVERY_S]
