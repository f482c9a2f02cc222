"""How bytes reach a network printer, and how it is known that they became paper. Never here: a receipt, a job's life.

One connection a job, for a printer serves one caller at a time and a kept connection hides a
power cut. The job counts as printed only when the printer says so after its last byte:
``GS r`` is answered in turn, when everything before it is printed, and not at all without
paper; ``DLE EOT`` is answered at once and so says only what stops the printer.
(Epson ESC/POS command reference, GS r and DLE EOT; measured with a powered-off printer: a
half-open connection takes three receipts without an error.)
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from contracts.devices import FaultReason

ASK_REAL_TIME = b"\x10\x04"
PRINTER_STATUS, OFFLINE_CAUSE, PAPER_STATUS = b"\x01", b"\x02", b"\x04"
ASK_IN_TURN = b"\x1dr\x01"

_OFFLINE = 0x08
_COVER_OPEN, _STOPPED_BY_PAPER_END = 0x04, 0x20
_PAPER_END = 0x60

AnswerKind = Literal["real_time", "in_turn"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a printer gets: to let us in, to answer, to take a job's bytes, to print them."""

    connect_s: float = 3.0
    answer_s: float = 3.0
    send_s: float = 10.0
    finish_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt at a job ended.

    ``accepted`` means that the printer got nothing of it and it may be tried again; ``unknown``
    that it got some of it and nobody but a person can tell whether paper came out.
    """

    state: Literal["accepted", "printed", "unknown"]
    reason: FaultReason


class _Closed(Exception):
    """The printer ended the connection."""


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


async def print_job(
    host: str, port: int, job: bytes, patience: Patience, begin: Callable[[], Awaitable[None]]
) -> Attempt:
    """Send one job over a connection of its own and wait until it is paper, or is known not to be.

    ``begin`` is awaited once the printer is ready and before the job's first byte; if it raises, none is sent.
    """
    try:
        connection = await _Connection.open(host, port, patience)
    except OSError:
        return Attempt("accepted", "not_connected")
    with connection:
        reason = await connection.fault()
        if reason != "none":
            return Attempt("accepted", reason)
        await begin()
        return await connection.print(job)


async def look(host: str, port: int, patience: Patience) -> FaultReason:
    """Ask a printer what keeps it from printing: ``none`` when it is ready."""
    try:
        connection = await _Connection.open(host, port, patience)
    except OSError:
        return "not_connected"
    with connection:
        return await connection.fault()


class _Connection:
    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self._socket = sock
        self._patience = patience
        self._answers = Answers()
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(cls, host: str, port: int, patience: Patience) -> Self:
        """Connect within the patience, or raise ``OSError`` (``TimeoutError`` is one)."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(patience.connect_s):
            family, kind, protocol, _, address = (await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))[0]
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(patience.send_s * 1000))
                await loop.sock_connect(sock, address)
            except BaseException:
                sock.close()
                raise
        return cls(sock, patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    async def fault(self) -> FaultReason:
        """What keeps the printer from printing, by its own word."""
        try:
            return await self._fault()
        except TimeoutError:
            return "no_answer"
        except (OSError, _Closed):
            return "offline"

    async def print(self, job: bytes) -> Attempt:
        """Send the job and wait for the answer behind it; from the first byte on a fault leaves it unknown."""
        try:
            async with asyncio.timeout(self._patience.send_s):
                await self._loop.sock_sendall(self._socket, job)
            await self._ask(ASK_IN_TURN, "in_turn", self._patience.finish_s)
        except TimeoutError:
            return Attempt("unknown", await self._why_unfinished())
        except (OSError, _Closed):
            return Attempt("unknown", "closed_in_mid_job")
        return Attempt("printed", "none")

    async def _fault(self) -> FaultReason:
        if await self._status(PAPER_STATUS) & _PAPER_END:
            return "paper_out"
        if not await self._status(PRINTER_STATUS) & _OFFLINE:
            return "none"
        cause = await self._status(OFFLINE_CAUSE)
        if cause & _COVER_OPEN:
            return "cover_open"
        return "paper_out" if cause & _STOPPED_BY_PAPER_END else "offline"

    async def _why_unfinished(self) -> FaultReason:
        try:
            reason = await self._fault()
        except TimeoutError:
            return "stalled"
        except (OSError, _Closed):
            return "closed_in_mid_job"
        return "no_answer" if reason == "none" else reason

    async def _status(self, which: bytes) -> int:
        return await self._ask(ASK_REAL_TIME + which, "real_time", self._patience.answer_s)

    async def _ask(self, question: bytes, kind: AnswerKind, patience_s: float) -> int:
        """Ask and return the answer byte; what came unasked before the question is thrown away."""
        async with asyncio.timeout(patience_s):
            self._drain()
            await self._loop.sock_sendall(self._socket, question)
            while True:
                for byte in self._received(await self._loop.sock_recv(self._socket, 256)):
                    if self._answers.kind(byte) == kind:
                        return byte

    def _drain(self) -> None:
        while True:
            try:
                data = self._socket.recv(256)
            except BlockingIOError:
                return
            for byte in self._received(data):
                self._answers.kind(byte)

    @staticmethod
    def _received(data: bytes) -> bytes:
        if not data:
            raise _Closed
        return data
