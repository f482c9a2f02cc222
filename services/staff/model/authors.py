"""Who changed something, and who let them.

Pure: nothing here waits, stores or reads a clock.
"""

from typing import Final, NamedTuple

from contracts.ids import StaffId


class Author(NamedTuple):
    """Who was signed on, and who approved where that took an approval."""

    changed_by: StaffId | None = None
    approved_by: StaffId | None = None


NOBODY: Final = Author()
"""The hub itself did it; or only how things are is told, not who made them so."""
