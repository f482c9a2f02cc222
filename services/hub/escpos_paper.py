"""What a print job's bytes say: a strict reader of ESC/POS, and the paper that comes out of it.

Belongs here: the commands a receipt is made of, as text and as a picture. Never here: a socket.
Strict means that a byte or command it does not know is an error and never skipped: a real printer
would print rubbish there. Commands and their lengths are those of Epson's ESC/POS reference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from io import BytesIO
from typing import ClassVar, Literal

import qrcode  # type: ignore[import-untyped]  # it carries no types
from PIL import Image, ImageDraw, ImageFont

ESC, GS, DLE, LF = 0x1B, 0x1D, 0x10, 0x0A
CODE_PAGES = {0: "cp437", 2: "cp850", 19: "cp858"}
LONGEST_COMMAND = 8192

CommandName = Literal[
    "text",
    "line_feed",
    "reset",
    "code_page",
    "align",
    "bold",
    "print_mode",
    "feed",
    "cut",
    "drawer_pulse",
    "qr",
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

    # Second byte of an ESC or GS command: its name and how many bytes of argument follow.
    _FIXED: ClassVar[dict[tuple[int, int], tuple[CommandName, int]]] = {
        (ESC, ord("@")): ("reset", 0),
        (ESC, ord("t")): ("code_page", 1),
        (ESC, ord("a")): ("align", 1),
        (ESC, ord("E")): ("bold", 1),
        (ESC, ord("!")): ("print_mode", 1),
        (ESC, ord("d")): ("feed", 1),
        (ESC, ord("p")): ("drawer_pulse", 3),
        (GS, ord("r")): ("ask_in_turn", 1),
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
                if len(self._waiting) > LONGEST_COMMAND:
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
        if first not in (ESC, GS, DLE):
            raise NotEscPos(f"control byte {first:02x}", self._offset)
        return self._command(first, self._waiting[1]) if len(self._waiting) > 1 else None

    def _command(self, first: int, second: int) -> tuple[Token, int] | None:
        if (first, second) == (GS, ord("V")):
            return self._cut()
        if (first, second) == (GS, ord("(")):
            return self._two_dimensional()
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


@dataclass(slots=True)
class _Style:
    align: int = 0
    bold: bool = False
    mode: int = 0
    code_page: int = 0

    @property
    def wide(self) -> bool:
        return bool(self.mode & 0x20)

    @property
    def tall(self) -> bool:
        return bool(self.mode & 0x10)


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """One row as it came out. ``align`` is 0 left, 1 centred, 2 right; ``qr`` is the content of a QR code."""

    text: str
    align: int = 0
    bold: bool = False
    wide: bool = False
    tall: bool = False
    qr: str | None = None

    def placed(self, columns: int) -> str:
        """The text with the blanks before it that its place on the paper asks for."""
        room = columns // (2 if self.wide else 1)
        return (self.text, self.text.center(room), self.text.rjust(room))[self.align].rstrip()


@dataclass(frozen=True)
class Paper:
    """A receipt that was cut off: its rows, its width, and whether the drawer was told to open meanwhile."""

    rows: tuple[PrintedRow, ...]
    columns: int
    drawer_opened: bool = False

    @property
    def text(self) -> str:
        """What the paper says, row by row, as it stands on the paper."""
        return "".join(row.placed(self.columns) + "\n" for row in self.rows).rstrip("\n") + "\n"

    @cached_property
    def png(self) -> bytes:
        """A picture of the paper at a printer's own 203 dots an inch, one dot a pixel."""
        return _picture(self.rows, self.columns)


@dataclass(slots=True)
class PaperFeed:
    """The printer's mechanism: commands in, papers out. ``columns`` is what fits in a row."""

    columns: int = 48
    _style: _Style = field(default_factory=_Style)
    _line: str = ""
    _rows: list[PrintedRow] = field(default_factory=list)
    _qr: str = ""
    _drawer_opened: bool = False

    def take(self, token: Token) -> Paper | None:
        """Do what a command says; a cut gives the paper that it cuts off.

        Raises:
            NotEscPos: an argument is out of its range, or a code page is not one of ``CODE_PAGES``.
        """
        match token.name:
            case "text":
                self._line += token.data.decode(CODE_PAGES[self._style.code_page], errors="strict")
            case "line_feed":
                self._feed_line()
            case "feed":
                self._feed_lines(token.data[0])
            case "cut":
                return self._cut()
            case "qr":
                self._two_dimensional(token.data)
            case "drawer_pulse":
                self._drawer_opened = True
            case "ask_real_time" | "ask_in_turn":
                pass
            case _:
                self._set(token)
        return None

    def _set(self, token: Token) -> None:
        style = self._style
        if token.name == "reset":
            self._style = _Style()
            self._line = ""
            return
        value = token.data[0]
        if token.name == "code_page" and value in CODE_PAGES:
            style.code_page = value
        elif token.name == "align" and value in (0, 1, 2, 48, 49, 50):
            style.align = value % 48
        elif token.name == "bold":
            style.bold = bool(value & 1)
        elif token.name == "print_mode":
            style.mode, style.bold = value, bool(value & 0x08)
        else:
            raise NotEscPos(f"{token.name} {value} is out of range", 0)

    def _feed_line(self) -> None:
        width = self.columns // (2 if self._style.wide else 1)
        text = self._line
        self._line = ""
        while True:
            part, text = text[:width], text[width:]
            self._rows.append(PrintedRow(part, self._style.align, self._style.bold, self._style.wide, self._style.tall))
            if not text:
                return

    def _feed_lines(self, count: int) -> None:
        if self._line:
            self._feed_line()
        self._rows.extend(PrintedRow("") for _ in range(count))

    def _two_dimensional(self, data: bytes) -> None:
        function = data[0]
        if function == 80:
            self._qr = data[2:].decode()
        elif function == 81:
            content = self._qr
            self._rows.append(PrintedRow(f"[QR {content}]", self._style.align, qr=content))

    def _cut(self) -> Paper:
        if self._line:
            self._feed_line()
        rows, self._rows = self._rows, []
        opened, self._drawer_opened = self._drawer_opened, False
        return Paper(tuple(rows), self.columns, opened)


_CELL_W, _CELL_H, _MARGIN = 12, 24, 24


@cache
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype("DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf", size)
    except OSError:
        return ImageFont.load_default(size)


def _picture(rows: Sequence[PrintedRow], columns: int) -> bytes:
    pictures = [_row_picture(row, columns) for row in rows]
    width = columns * _CELL_W + 2 * _MARGIN
    paper = Image.new("L", (width, sum(each.height for each in pictures) + 2 * _MARGIN), 255)
    top = _MARGIN
    for each in pictures:
        paper.paste(each, (_MARGIN, top))
        top += each.height
    png = BytesIO()
    paper.save(png, "PNG", optimize=True)
    return png.getvalue()


def _row_picture(row: PrintedRow, columns: int) -> Image.Image:
    width = columns * _CELL_W
    if row.qr is not None:
        drawn = _qr_picture(row.qr)
    else:
        drawn = Image.new("L", (max(len(row.text), 1) * _CELL_W, _CELL_H), 255)
        pen, font = ImageDraw.Draw(drawn), _font(_CELL_H - 4, bold=row.bold)
        for place, character in enumerate(row.text):
            pen.text((place * _CELL_W, 0), character, fill=0, font=font)
        drawn = drawn.resize((drawn.width * (1 + row.wide), drawn.height * (1 + row.tall)))
    picture = Image.new("L", (width, drawn.height), 255)
    picture.paste(drawn, (row.align * max(width - drawn.width, 0) // 2, 0))
    return picture


def _qr_picture(content: str) -> Image.Image:
    code = qrcode.QRCode(box_size=6, border=2)
    code.add_data(content)
    code.make(fit=True)
    modules = code.get_matrix()
    side = len(modules)
    picture = Image.new("L", (side, side), 255)
    picture.putdata([0 if dark else 255 for line in modules for dark in line])
    return picture.resize((side * 6, side * 6), Image.Resampling.NEAREST)
