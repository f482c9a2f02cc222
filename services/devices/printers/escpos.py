"""A strict reader of ESC/POS: a print job's bytes, cut into commands. Never here: a socket, paper.

Strict means that a byte or command it does not know is an error and never skipped: a real printer
would print rubbish there. Commands and their lengths are those of Epson's ESC/POS reference.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

ESC, FS, GS, DLE, LF = 0x1B, 0x1C, 0x1D, 0x10, 0x0A
LONGEST_COMMAND = 8192
"""Of all but a picture, which says itself how long it is."""
MOST_DOTS_HIGH = 2048
MOST_BYTES_WIDE = 256
REAL_TIME = (b"\x10\x04", b"\x10\x05", b"\x10\x14")
"""DLE EOT, DLE ENQ and DLE DC4: a printer obeys them the moment they arrive, in the midst of a picture too."""

CommandName = Literal[
    "text",
    "line_feed",
    "reset",
    "kanji_off",
    "code_page",
    "align",
    "bold",
    "print_mode",
    "feed",
    "cut",
    "drawer_pulse",
    "drawer_pulse_at_once",
    "qr",
    "picture",
    "barcode_height",
    "barcode_width",
    "barcode_text",
    "barcode",
    "ask_real_time",
    "ask_in_turn",
]


class NotEscPos(ValueError):
    """The bytes hold something that no receipt of ours may hold; the offset counts from the connection's first byte."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(f"{what} at byte {offset}")


@dataclass(frozen=True, slots=True)
class Token:
    """One command, or a run of text in the code page that is chosen."""

    name: CommandName
    data: bytes = b""


class Tokenizer:
    """Cuts a stream into commands; feed it as the bytes come."""

    # First two bytes of a command: its name and how many bytes of argument follow.
    _FIXED: ClassVar[dict[tuple[int, int], tuple[CommandName, int]]] = {
        (ESC, ord("@")): ("reset", 0),
        (FS, ord(".")): ("kanji_off", 0),
        (ESC, ord("t")): ("code_page", 1),
        (ESC, ord("a")): ("align", 1),
        (ESC, ord("E")): ("bold", 1),
        (ESC, ord("!")): ("print_mode", 1),
        (ESC, ord("d")): ("feed", 1),
        (ESC, ord("p")): ("drawer_pulse", 3),
        (GS, ord("r")): ("ask_in_turn", 1),
        (GS, ord("h")): ("barcode_height", 1),
        (GS, ord("w")): ("barcode_width", 1),
        (GS, ord("H")): ("barcode_text", 1),
        (DLE, 0x04): ("ask_real_time", 1),
    }

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._offset = 0

    @property
    def unfinished(self) -> bytes:
        """Bytes of a command whose end has not come yet."""
        return bytes(self._waiting)

    def feed(self, data: bytes) -> Iterator[Token]:
        """Take more bytes and yield the commands that are whole.

        Raises:
            NotEscPos: a byte or command is unknown.
        """
        self._waiting += data
        while self._waiting:
            taken = self._next()
            if taken is None:
                if len(self._waiting) > LONGEST_COMMAND and self._waiting[:2] != b"\x1dv":
                    raise NotEscPos("a command that does not end", self._offset)
                return
            token, length = taken
            del self._waiting[:length]
            self._offset += length
            yield token

    def _next(self) -> tuple[Token, int] | None:
        first = self._waiting[0]
        if first == LF:
            return Token("line_feed"), 1
        if first >= 0x20 and first != 0x7F:
            return self._text()
        if first not in (ESC, FS, GS, DLE):
            raise NotEscPos(f"control byte {first:02x}", self._offset)
        return self._command(first, self._waiting[1]) if len(self._waiting) > 1 else None

    def _command(self, first: int, second: int) -> tuple[Token, int] | None:
        other = {
            (GS, ord("V")): self._cut,
            (GS, ord("(")): self._two_dimensional,
            (GS, ord("v")): self._picture,
            (GS, ord("k")): self._barcode,
            (DLE, 0x14): self._pulse_at_once,
        }
        if (first, second) in other:
            return other[first, second]()
        if (first, second) not in self._FIXED:
            raise NotEscPos(f"unknown command {first:02x} {second:02x}", self._offset)
        name, arguments = self._FIXED[first, second]
        if len(self._waiting) < 2 + arguments:
            return None
        return Token(name, bytes(self._waiting[2 : 2 + arguments])), 2 + arguments

    def _text(self) -> tuple[Token, int]:
        length = next(
            (place for place, byte in enumerate(self._waiting) if byte < 0x20 or byte == 0x7F), len(self._waiting)
        )
        return Token("text", bytes(self._waiting[:length])), length

    def _cut(self) -> tuple[Token, int] | None:
        if len(self._waiting) < 3:
            return None
        mode = self._waiting[2]
        if mode in (0, 1, 48, 49):
            return Token("cut", bytes([mode])), 3
        if mode not in (65, 66):
            raise NotEscPos(f"unknown cut {mode:02x}", self._offset)
        return (Token("cut", bytes(self._waiting[2:4])), 4) if len(self._waiting) >= 4 else None

    def _picture(self) -> tuple[Token, int] | None:
        """GS v 0 m xL xH yL yH: a picture of rows of bytes, one bit a dot."""
        if len(self._waiting) < 8:
            return None
        form, mode = self._waiting[2], self._waiting[3]
        wide, high = (int.from_bytes(self._waiting[place : place + 2], "little") for place in (4, 6))
        if form != 0x30 or mode != 0 or not 0 < wide <= MOST_BYTES_WIDE or not 0 < high <= MOST_DOTS_HIGH:
            raise NotEscPos("unknown picture", self._offset)
        length = 8 + wide * high
        return (Token("picture", bytes(self._waiting[4:length])), length) if len(self._waiting) >= length else None

    def _barcode(self) -> tuple[Token, int] | None:
        """GS k m n: a barcode of n bytes; only Code 128 (m 73) in its code set B is known here."""
        if len(self._waiting) < 6:
            return None
        if self._waiting[2] != 73 or bytes(self._waiting[4:6]) != b"{B":
            raise NotEscPos("unknown barcode", self._offset)
        length = 4 + self._waiting[3]
        return (Token("barcode", bytes(self._waiting[6:length])), length) if len(self._waiting) >= length else None

    def _pulse_at_once(self) -> tuple[Token, int] | None:
        """DLE DC4 1 m t: a drawer pulse on pin 2 (m 0) or 5 (m 1); its other functions switch the printer off."""
        if len(self._waiting) < 5:
            return None
        function, pin, length = self._waiting[2:5]
        if function != 1 or pin not in (0, 1) or not 1 <= length <= 8:
            raise NotEscPos("unknown command 10 14", self._offset)
        return Token("drawer_pulse_at_once", bytes([pin, length])), 5

    def _two_dimensional(self) -> tuple[Token, int] | None:
        if len(self._waiting) < 5:
            return None
        if self._waiting[2] != ord("k"):
            raise NotEscPos(f"unknown command 1d 28 {self._waiting[2]:02x}", self._offset)
        length = 5 + int.from_bytes(self._waiting[3:5], "little")
        if len(self._waiting) < length:
            return None
        data = bytes(self._waiting[5:length])
        # GS ( k, cn 49 is QR: functions 165 model, 167 size, 169 error correction, 180 store, 181 print.
        if len(data) < 3 or data[0] != 49 or data[1] not in (65, 67, 69, 80, 81):
            raise NotEscPos("unknown 2D code command", self._offset)
        return Token("qr", data[1:]), length


def check_job(job: bytes, *, opens_drawer: bool) -> None:
    """Prove that a job says nothing but what a job may: it is whole, asks nothing, and opens a drawer only if it is to.

    What a printer obeys at once may stand nowhere in it, not even among the dots of a picture.

    Raises:
        NotEscPos: it does not; the sentence tells what and where.
    """
    for command in REAL_TIME:
        if command in job:
            raise NotEscPos(f"a command that printers obey at once ({command.hex(' ')})", job.index(command))
    tokenizer = Tokenizer()
    forbidden = {"ask_in_turn"} | (set() if opens_drawer else {"drawer_pulse"})
    for token in tokenizer.feed(job):
        if token.name in forbidden:
            raise NotEscPos(f"{token.name} in a job that may not", len(job))
    if tokenizer.unfinished:
        raise NotEscPos("a command that does not end", len(job) - len(tokenizer.unfinished))
