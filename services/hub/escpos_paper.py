"""The paper that comes out of a print job's commands, as text and as rows. Never here: a socket, bytes of a stream.

A printer that is told what it does not know prints rubbish; here that is an error, so that no test overlooks it.
"""

from dataclasses import dataclass, field
from functools import cached_property

from services.devices.printers.escpos import NotEscPos, Token

CODE_PAGES = {0: "cp437", 2: "cp850", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 40: "iso8859_15"}


@dataclass(slots=True)
class _Style:
    align: int = 0
    bold: bool = False
    mode: int = 0
    code_page: int = 0
    barcode_wide: int = 3
    barcode_high: int = 162
    barcode_text: bool = False

    @property
    def wide(self) -> bool:
        return bool(self.mode & 0x20)

    @property
    def tall(self) -> bool:
        return bool(self.mode & 0x10)


@dataclass(frozen=True, slots=True)
class Barcode:
    """A barcode in Code 128: its content, and how wide and high its narrowest bar is, in dots."""

    content: str
    wide: int
    high: int
    with_text: bool


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """One row as it came out. ``align`` is 0 left, 1 centred, 2 right; ``qr`` is the content of a QR code."""

    text: str
    align: int = 0
    bold: bool = False
    wide: bool = False
    tall: bool = False
    qr: str | None = None
    barcode: Barcode | None = None
    picture: bytes | None = None
    """Two bytes of width in bytes, two of height in dots, and the dots, as the printer was sent them."""

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
        from services.hub.paper_picture import picture_of  # noqa: PLC0415 - most papers are never looked at

        return picture_of(self.rows, self.columns)


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
            case "picture":
                self._rows.append(PrintedRow("[PICTURE]", self._style.align, picture=token.data))
            case "barcode":
                self._barcode(token.data.decode("ascii"))
            case "drawer_pulse":
                self._drawer_opened = True
            case "ask_real_time" | "ask_in_turn" | "kanji_off" | "drawer_pulse_at_once":
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
        elif token.name == "barcode_height" and value:
            style.barcode_high = value
        elif token.name == "barcode_width" and 2 <= value <= 6:
            style.barcode_wide = value
        elif token.name == "barcode_text" and value in (0, 2):
            style.barcode_text = value == 2
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

    def _barcode(self, content: str) -> None:
        style = self._style
        code = Barcode(content, style.barcode_wide, style.barcode_high, style.barcode_text)
        self._rows.append(PrintedRow(f"[BARCODE {content}]", style.align, barcode=code))

    def _cut(self) -> Paper:
        if self._line:
            self._feed_line()
        rows, self._rows = self._rows, []
        opened, self._drawer_opened = self._drawer_opened, False
        return Paper(tuple(rows), self.columns, opened)
