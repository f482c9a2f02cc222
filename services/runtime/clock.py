"""Time, passed in wherever it is needed so that a test can set it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time of day, and a time that never jumps."""

    def now(self) -> datetime:
        """The time of day, UTC; it may jump when the machine's clock is set."""
        ...

    def monotonic(self) -> float:
        """Seconds that only rise, for patience and intervals."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only rise."""
        return time.monotonic()


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._risen = 0.0

    def now(self) -> datetime:
        """The time it was set to."""
        return self._at

    def monotonic(self) -> float:
        """The seconds it was moved on by."""
        return self._risen

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._at += timedelta(seconds=seconds)
        self._risen += seconds

    def set(self, at: datetime) -> None:
        """Set the time of day, as an administrator might; time that only rises is left alone."""
        self._at = at


def stamp(at: datetime) -> str:
    """Write a time the way every message does: UTC, ISO 8601 with microseconds and a Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read_stamp(text: str) -> datetime:
    """Read a time written by ``stamp``."""
    return datetime.fromisoformat(text)
