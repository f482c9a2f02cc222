"""A queue of a CUPS server, as a server of the tests' own answers for one; the real one was asked by hand (README)."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.devices import FaultReason
from services.devices.printers.attempts import Attempt, Patience
from services.devices.printers.cups import CupsQueue
from services.devices.printers.ipp import read_answer

JOB = b"\x1b@ok\n\x1dV\x00"
PATIENCE = Patience(answer_s=5, send_s=5, finish_s=10)
IDLE, STOPPED = 3, 5
PENDING, PROCESSING, CANCELED, ABORTED, COMPLETED = 3, 5, 7, 8, 9
CREATE_JOB, SEND_DOCUMENT, CANCEL_JOB, GET_JOB, GET_PRINTER = 0x0005, 0x0006, 0x0008, 0x0009, 0x000B


def enum(name: str, value: int) -> bytes:
    return b"\x23" + struct.pack(">H", len(name)) + name.encode() + struct.pack(">Hi", 4, value)


def keywords(name: str, *values: str) -> bytes:
    names = [name, *([""] * (len(values) - 1))]
    return b"".join(
        b"\x44" + struct.pack(">H", len(each)) + each.encode() + struct.pack(">H", len(value)) + value.encode()
        for each, value in zip(names, values, strict=True)
    )


@dataclass
class PrintServer:
    """What a print server answers, and what it was asked."""

    printer_state: int = IDLE
    reasons: tuple[str, ...] = ("none",)
    job_states: list[int] = field(default_factory=lambda: [PENDING, PROCESSING, COMPLETED])
    status: int = 0
    http: str = "200 OK"
    chunked: bool = False
    refuses: int | None = None
    """An operation that is answered with server-error-not-accepting-jobs (RFC 8011, B.1.5.7)."""
    asked: list[int] = field(default_factory=list)
    document: bytes = b""
    port: int = 0

    def answer(self, body: bytes) -> bytes:
        operation = int.from_bytes(body[2:4], "big")
        self.asked.append(operation)
        attributes = b""
        match operation:
            case 0x000B:
                attributes = b"\x04" + enum("printer-state", self.printer_state)
                attributes += keywords("printer-state-reasons", *self.reasons)
            case 0x0005:
                attributes = b"\x02" + enum("job-id", 77)
            case 0x0006:
                self.document = body.partition(b"last-document\x00\x01\x01\x03")[2]
                assert b"application/vnd.cups-raw" in body.removesuffix(self.document)
            case 0x0009:
                attributes = b"\x02" + enum("job-state", self.job_states[0])
                self.job_states = self.job_states[1:] or self.job_states
        status = 0x0506 if operation == self.refuses else self.status
        return b"\x01\x01" + struct.pack(">Hi", status, 1) + b"\x01" + attributes + b"\x03"


@asynccontextmanager
async def print_server(server: PrintServer) -> AsyncIterator[CupsQueue]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length:")[2].partition("\r\n")[0])
        body = server.answer(await reader.readexactly(length))
        if server.chunked:
            middle = len(body) // 2
            parts = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in (body[:middle], body[middle:], b""))
            writer.write(f"HTTP/1.1 {server.http}\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + parts)
        else:
            writer.write(f"HTTP/1.1 {server.http}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield CupsQueue("127.0.0.1", server.port, "receipts", PATIENCE)


async def at_once() -> None:
    """Nothing is to be done before the first byte."""


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_job_that_cups_completed_is_printed_and_went_out_as_it_is(*, chunked: bool) -> None:
    server = PrintServer(chunked=chunked)

    async with print_server(server) as queue:
        result = await queue.print(JOB, at_once)

    assert result == Attempt("printed", "none")
    assert server.document == JOB
    assert server.asked == [GET_PRINTER, CREATE_JOB, SEND_DOCUMENT, GET_JOB, GET_JOB, GET_JOB]


@pytest.mark.parametrize(
    ("state", "reasons", "reason"),
    [
        (IDLE, ("none",), "none"),
        (IDLE, ("media-low-warning",), "none"),
        (STOPPED, ("media-empty-error",), "paper_out"),
        (IDLE, ("toner-low-report", "cover-open-warning"), "cover_open"),
        (STOPPED, ("paused",), "offline"),
        (STOPPED, ("none",), "offline"),
        (IDLE, ("offline-report",), "offline"),
    ],
)
async def test_what_keeps_a_queue_from_printing_leaves_the_job_as_it_is(
    state: int, reasons: tuple[str, ...], reason: FaultReason
) -> None:
    server = PrintServer(state, reasons)

    async with print_server(server) as queue:
        seen = await queue.look()
        result = await queue.print(JOB, at_once)

    assert seen == reason
    assert result == (Attempt("printed", "none") if reason == "none" else Attempt("accepted", reason))
    assert (SEND_DOCUMENT in server.asked) is (reason == "none")


@pytest.mark.parametrize("state", [CANCELED, ABORTED])
async def test_a_job_that_cups_gave_up_is_unknown(state: int) -> None:
    async with print_server(PrintServer(job_states=[PROCESSING, state])) as queue:
        assert await queue.print(JOB, at_once) == Attempt("unknown", "closed_in_mid_job")


async def test_a_job_that_does_not_end_is_taken_back_and_unknown() -> None:
    server = PrintServer(job_states=[PENDING])

    async with print_server(server):
        hasty = CupsQueue("127.0.0.1", server.port, "receipts", Patience(answer_s=5, send_s=5, finish_s=0.1))
        result = await hasty.print(JOB, at_once)

    assert result == Attempt("unknown", "stalled")
    assert server.asked[-1] == CANCEL_JOB


async def test_a_job_that_cups_does_not_want_stays_as_it_is() -> None:
    """Nothing of it was sent, and so nobody need look at the printer."""
    begun: list[str] = []

    async def begin() -> None:
        begun.append("sent")

    async with print_server(PrintServer(refuses=CREATE_JOB)) as queue:
        result = await queue.print(JOB, begin)

    assert (result, begun) == (Attempt("accepted", "offline"), [])


async def test_a_job_whose_beginning_cannot_be_kept_is_taken_back() -> None:
    async def disk_full() -> None:
        raise OSError

    server = PrintServer()
    async with print_server(server) as queue:
        with pytest.raises(OSError):  # noqa: PT011 - it is the very one that was raised
            await queue.print(JOB, disk_full)

    assert (server.document, server.asked[-1]) == (b"", CANCEL_JOB)


async def test_a_drawer_is_opened_through_cups_by_a_job_of_its_own() -> None:
    server = PrintServer()

    async with print_server(server) as queue:
        result = await queue.kick(2, at_once)

    assert (result, server.document) == (Attempt("printed", "none"), b"\x1bp\x00\x19\xfa")


@pytest.mark.parametrize("server", [PrintServer(status=0x0406), PrintServer(http="404 Not Found")])
async def test_a_server_that_has_no_such_queue_is_offline(server: PrintServer) -> None:
    async with print_server(server) as queue:
        assert await queue.print(JOB, at_once) == Attempt("accepted", "offline")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nno IPP at all",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
async def test_a_server_that_speaks_something_else_is_offline(said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        queue = CupsQueue("127.0.0.1", listening.sockets[0].getsockname()[1], "receipts", PATIENCE)

        assert await queue.look() == "offline"


async def test_a_server_that_is_not_there_is_not_connected() -> None:
    server = PrintServer()
    async with print_server(server) as queue:
        pass

    assert await queue.print(JOB, at_once) == Attempt("accepted", "not_connected")


@given(st.binary(max_size=100))
def test_an_answer_of_any_bytes_is_read_or_refused(body: bytes) -> None:
    try:
        answer = read_answer(b"\x01\x01\x00\x00\x00\x00\x00\x01" + body)
    except ValueError:
        return
    assert all(isinstance(each, str) for values in answer.attributes.values() for each in values)
