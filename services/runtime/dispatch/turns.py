"""Whose turn it is: callers are served one after another, and one command a lane at a time.

A caller that sends much waits for itself, not for others; past its bound, and past the bound
for all together, it is told ``busy``. Runs on the event loop; decides, and starts nothing else.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Waiting:
    lane: str
    start: Callable[[], None]


class Turns:
    """Lets work begin in a fair order within bounds."""

    def __init__(self, *, most_per_caller: int, most: int, most_at_work: int) -> None:
        self._most_per_caller = most_per_caller
        self._most = most
        self._most_at_work = most_at_work
        self._waiting: OrderedDict[str, deque[_Waiting]] = OrderedDict()
        self._held: dict[str, int] = {}
        self._lanes: set[str] = set()
        self._all = 0
        self._at_work = 0

    def admit(self, caller: str, lane: str, start: Callable[[], None]) -> bool:
        """Let work wait for its turn, or start it at once; False when the bounds are reached.

        Work that was started must be reported ``finished`` exactly once.
        """
        if self._held.get(caller, 0) >= self._most_per_caller or self._all >= self._most:
            return False
        self._held[caller] = self._held.get(caller, 0) + 1
        self._all += 1
        self._waiting.setdefault(caller, deque()).append(_Waiting(lane, start))
        self._start_next()
        return True

    def finished(self, caller: str, lane: str) -> None:
        """Work is done: its lane is free and its caller has room again."""
        self._lanes.discard(lane)
        self._at_work -= 1
        self._all -= 1
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        self._start_next()

    def _start_next(self) -> None:
        progress = True
        while progress and self._at_work < self._most_at_work:
            progress = False
            for caller in list(self._waiting):
                if self._at_work >= self._most_at_work:
                    return
                if self._start_one(caller):
                    progress = True

    def _start_one(self, caller: str) -> bool:
        queue = self._waiting.get(caller)
        if queue is None:
            return False
        for waiting in queue:
            if waiting.lane not in self._lanes:
                queue.remove(waiting)
                if queue:
                    self._waiting.move_to_end(caller)
                else:
                    del self._waiting[caller]
                self._lanes.add(waiting.lane)
                self._at_work += 1
                waiting.start()
                return True
        return False
