"""Named points at which a test can make a process crash, between flush, commit, reply and publish."""

import os
import signal
from typing import Literal

CrashPoint = Literal["before-commit", "after-commit", "after-reply", "after-publish"]


class Seams:
    """Lets a process kill itself the n-th time it passes a named point; does nothing unless told to."""

    def __init__(self, crash_at: str = "") -> None:
        """Take ``point`` or ``point:n``, the point to crash at and at which passing."""
        point, _, passing = crash_at.partition(":")
        self._point = point
        self._left = int(passing or 1)

    def passing(self, point: CrashPoint) -> None:
        """Pass a point; kill this process if it is the one."""
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
