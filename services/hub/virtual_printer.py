"""A receipt printer without hardware: ESC/POS over TCP in, papers out, with the faults that real ones have.

It serves one caller at a time, answers status requests, prints in turn and keeps what it was
sent while it has no paper, as a printer does. It backs the demo, the tests and a developer's desk.
"""

import asyncio
import socket
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from services.devices.printers.escpos import NotEscPos, Token, Tokenizer
from services.hub.escpos_paper import Paper, PaperFeed

Fault = Literal["paper_out", "cover_open", "silent", "mute_in_turn", "stall", "close_in_mid_job", "noisy", "slow"]
"""What is wrong with a printer.

``silent`` reads and never answers; ``mute_in_turn`` prints, but never answers what is asked in turn; ``stall`` takes
no more once a job began; ``close_in_mid_job`` hangs up then; ``noisy`` says how it is again and again, unasked;
``slow`` takes its bytes as if over a line of ``baud``, 9600 unless told otherwise.
"""

_READY = 0x12
_BITS_EACH = 10
"""Of one byte on a serial line."""
_NOISE = b"\x13\x14\x00\x00\x0f\x11"
"""XOFF, an Automatic Status Back that tells of nothing, and XON."""
_REAL_TIME: dict[tuple[Fault, int], int] = {
    ("paper_out", 1): 0x08,
    ("paper_out", 2): 0x20,
    ("paper_out", 4): 0x60,
    ("cover_open", 1): 0x08,
    ("cover_open", 2): 0x04,
}
"""The bits that a fault adds to the answer of ``DLE EOT n`` (Epson ESC/POS command reference)."""
_PAPER_END_IN_TURN = 0x0C
"""The bits of ``GS r 1`` that say that there is no paper (the same reference)."""


class VirtualPrinter:
    """A printer on a TCP port, as an async context manager.

    Args:
        port: The port to listen on; 0 takes a free one, which ``port`` then names.
        host: The address to listen on.
        columns: How many characters fit in a row: 32 on 58 mm paper, 48 on 80 mm.
        fault: The fault it begins with.
        listening: A socket that listens already, instead of host and port.
        png_folder: Where each paper is kept as ``receipt-0001.png``; None keeps none.
    """

    def __init__(  # noqa: PLR0913 - what a printer can be like
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        columns: int = 48,
        fault: Fault | None = None,
        png_folder: Path | None = None,
        listening: socket.socket | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.baud = 9600
        """How fast the line is that it takes its bytes by when it is ``slow``."""
        self.rows_left: int | None = None
        """How many rows of paper are left before it is out; None is an endless roll."""
        self.says_paper_is_out_in_turn = False
        """Whether it answers what is asked in turn without paper too, and says so there; most answer nothing then."""
        self._fault = fault
        self._png_folder = png_folder
        self._listening = listening
        self._mended = asyncio.Event()
        self._feed = PaperFeed(columns)
        self._waiting: deque[tuple[Token, asyncio.StreamWriter]] = deque()
        self._papers: asyncio.Queue[Paper | NotEscPos] = asyncio.Queue()
        self._served = asyncio.Lock()
        self._callers: set[asyncio.Task[None]] = set()
        self._printed = 0
        self.drawer_pulses = 0
        """How often the drawer was told to open."""
        self.looks = 0
        """How often it was asked how it is."""

    async def __aenter__(self) -> Self:
        if self._png_folder is not None:
            self._png_folder.mkdir(parents=True, exist_ok=True)
        if self._listening is None:
            self._server = await asyncio.start_server(self.serve, self.host, self.port)
        else:
            self._server = await asyncio.start_server(self.serve, sock=self._listening)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._callers:
            task.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)

    @property
    def fault(self) -> Fault | None:
        """What is wrong with the printer now. Setting it to None mends it, and it prints what it still holds."""
        return self._fault

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        self._fault = fault
        self._mended.set()
        self._mended.clear()
        self._print_waiting()

    async def next_paper(self) -> Paper:
        """Wait for the next paper that is cut off.

        Raises:
            NotEscPos: what was sent meanwhile is nothing that this printer can print.
        """
        paper = await self._papers.get()
        if isinstance(paper, NotEscPos):
            raise paper
        return paper

    @property
    def papers_out(self) -> int:
        """How many papers were cut off so far."""
        return self._printed

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one caller, over the network or whatever else bytes come by, until it hangs up."""
        task = asyncio.current_task()
        if task is not None:
            self._callers.add(task)
            task.add_done_callback(self._callers.discard)
        try:
            async with self._served:
                await self._converse(reader, writer)
        except NotEscPos as error:
            self._papers.put_nowait(error)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the stream server of Python 3.11 reports a cancelled handler as a fault of its own
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tokenizer = Tokenizer()
        while data := await reader.read(1024):
            if self._fault == "slow":
                await asyncio.sleep(len(data) * _BITS_EACH / self.baud)
            for token in tokenizer.feed(data):
                if token.name == "ask_real_time":
                    self._answer(writer, self._status(token.data[0]))
                    continue
                if token.name == "drawer_pulse_at_once":
                    self.drawer_pulses += 1
                    continue
                if self._fault == "close_in_mid_job":
                    return
                self._waiting.append((token, writer))
                await self._stand_still()
            self._print_waiting()
        if tokenizer.unfinished:
            raise NotEscPos("a command that does not end", len(tokenizer.unfinished))

    async def _stand_still(self) -> None:
        while self._fault == "stall":
            await self._mended.wait()

    def _status(self, which: int) -> int:
        self.looks += 1
        return _READY | (_REAL_TIME.get((self._fault, which), 0) if self._fault else 0)

    def _answer(self, writer: asyncio.StreamWriter, byte: int) -> None:
        if self._fault != "silent" and not writer.is_closing():
            noise = _NOISE if self._fault == "noisy" else b""
            writer.write(noise + bytes([byte]) + noise)

    def _print_waiting(self) -> None:
        while self._waiting and self._fault not in ("paper_out", "cover_open", "stall"):
            token, writer = self._waiting.popleft()
            if token.name == "ask_in_turn":
                if self._fault != "mute_in_turn":
                    self._answer(writer, 0)
                continue
            self.drawer_pulses += token.name == "drawer_pulse"
            try:
                paper = self._feed.take(token)
            except NotEscPos as error:
                self._papers.put_nowait(error)
                continue
            if paper is not None:
                self._put_out(paper)
            if token.name == "line_feed" and self.rows_left is not None:
                self.rows_left -= 1
                if self.rows_left <= 0:
                    self._fault, self.rows_left = "paper_out", None
        if self._fault == "paper_out" and self.says_paper_is_out_in_turn:
            self._say_that_paper_is_out()

    def _say_that_paper_is_out(self) -> None:
        """Answer what was asked in turn, and keep all else for the next roll."""
        asked = [writer for token, writer in self._waiting if token.name == "ask_in_turn"]
        self._waiting = deque(each for each in self._waiting if each[0].name != "ask_in_turn")
        for writer in asked:
            self._answer(writer, _PAPER_END_IN_TURN)

    def _put_out(self, paper: Paper) -> None:
        self._printed += 1
        if self._png_folder is not None:
            (self._png_folder / f"receipt-{self._printed:04}.png").write_bytes(paper.png)
        self._papers.put_nowait(paper)
