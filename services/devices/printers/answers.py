"""Which question a printer's byte answers. Never here: a question, a link."""

from typing import Literal

AnswerKind = Literal["real_time", "in_turn"]


class Answers:
    """Tells a printer's answers apart by their fixed bits, one byte at a time.

    Citizen command reference, "Identification of send status": DLE EOT 0xx1xx10, GS r 0xx0xxxx,
    Automatic Status Back 0xx1xx00 and three bytes more, XON 0x11 and XOFF 0x13 anywhere.
    """

    def __init__(self) -> None:
        self._status_back_left = 0

    def kind(self, byte: int) -> AnswerKind | None:
        """Which kind of request the byte answers, or None when nobody asked."""
        if byte in (0x11, 0x13):
            return None
        if self._status_back_left:
            self._status_back_left -= 1
            return None
        if byte & 0x93 == 0x10:
            self._status_back_left = 3
            return None
        if byte & 0x93 == 0x12:
            return "real_time"
        return "in_turn" if byte & 0x90 == 0 else None
