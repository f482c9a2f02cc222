"""What of the searches of a moment is noted: they are asked for at every letter, and a log of letters is of no use.

Belongs here: which note is made, and when. Never here: writing it down.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from contracts.customers.privacy.noting import AccessNote
from services.runtime.clock import read_stamp

NAMED_AT_MOST: Final = 5
"""Of so few hits each customer is noted: somebody was looked for, and found."""
SAME_LOOK: Final = timedelta(minutes=10)
"""Within this time one person at one place has looked at a customer once, however often they were found."""
GATHERED: Final = 200
"""So many records of longer lists make a note."""


class SearchesNoted:
    """What searches showed lately, and what of longer lists is not noted yet. A restart forgets both."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None, str | None], datetime] = {}
        self._listed: dict[tuple[str, str | None], int] = {}

    def noted(self, note: AccessNote) -> AccessNote | None:
        """The note that is to be written now, if any."""
        if note.kind == "found":
            return note if self._is_another_look(note) else None
        who = note.caller, note.staff_id
        records = self._listed.pop(who, 0) + note.records
        if records >= GATHERED:
            return msgspec.structs.replace(note, records=records)
        self._listed[who] = records
        return None

    def _is_another_look(self, note: AccessNote) -> bool:
        now, look = read_stamp(note.at), (note.caller, note.staff_id, note.customer_id)
        while self._found and now - next(iter(self._found.values())) >= SAME_LOOK:
            del self._found[next(iter(self._found))]
        if look in self._found:
            return False
        self._found[look] = now
        return True
