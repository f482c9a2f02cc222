"""What is known about a job after each thing that can go wrong with a printer on the network."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from contracts.devices import FaultReason
from contracts.ids import DeviceId
from services.devices.printers.dialogue import Answers, Attempt, Dialogue, Patience
from services.devices.printers.links import way_to
from services.devices.printers.settings import Reached
from services.hub.virtual_printer import Fault, VirtualPrinter

JOB = b"\x1b@\x1bt\x13Gr\x81\xe1e\n" + b"one more row\n" * 20 + b"\x1bd\x06\x1dV\x00"
SHORT = Patience(connect_s=5.0, answer_s=1.0, send_s=0.5, finish_s=0.5)
ANSWER_READY = b"\x12"

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def odd_printer(conversation: Conversation) -> AsyncIterator[int]:
    """A printer that does just what the test says, on the port that is given."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await conversation(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def printer_at(port: int, host: str = "127.0.0.1", patience: Patience = SHORT) -> Dialogue:
    where = Reached(device=DeviceId("printer-1"), host=host, port=port)
    return Dialogue(way_to(where, send_s=patience.send_s), patience)


async def at_once() -> None:
    """Nothing is to be done before the first byte."""


async def attempt(printer: VirtualPrinter, job: bytes = JOB, patience: Patience = SHORT) -> Attempt:
    return await printer_at(printer.port, patience=patience).print(job, at_once)


async def test_a_job_that_came_out_is_printed() -> None:
    async with VirtualPrinter() as printer:
        result = await attempt(printer, patience=Patience())
        paper = await printer.next_paper()

    assert result == Attempt("printed", "none")
    assert paper.text.startswith("Grüße\none more row\n")


async def test_no_byte_is_sent_when_the_beginning_cannot_be_kept() -> None:
    async def disk_full() -> None:
        raise OSError

    async with VirtualPrinter() as printer:
        with pytest.raises(OSError):  # noqa: PT011 - it is the very one that was raised
            await printer_at(printer.port, patience=SHORT).print(b"lost\n\x1dV\x00", disk_full)
        await attempt(printer, patience=Patience())

        assert "lost" not in (await printer.next_paper()).text


async def test_a_closed_port_leaves_the_job_as_it_is() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        result = await printer_at(free.getsockname()[1]).print(JOB, at_once)

    assert result == Attempt("accepted", "not_connected")


async def test_a_name_that_nobody_has_leaves_the_job_as_it_is() -> None:
    assert await printer_at(9100, "printer.invalid").print(JOB, at_once) == Attempt("accepted", "not_connected")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("paper_out", Attempt("accepted", "paper_out")),
        ("cover_open", Attempt("accepted", "cover_open")),
        ("silent", Attempt("accepted", "no_answer")),
        ("stall", Attempt("unknown", "stalled")),
        ("close_in_mid_job", Attempt("unknown", "closed_in_mid_job")),
    ],
)
async def test_each_fault_has_its_state_and_reason(fault: Fault, expected: Attempt) -> None:
    async with VirtualPrinter(fault=fault) as printer:
        assert await attempt(printer) == expected


async def test_a_printer_that_takes_no_more_bytes_has_stalled() -> None:
    more_than_any_buffer = b"row\n" * 8_000_000

    async with VirtualPrinter(fault="stall") as printer:
        assert await attempt(printer, more_than_any_buffer) == Attempt("unknown", "stalled")


async def test_paper_that_ran_out_in_mid_job_is_unknown_and_comes_out_with_new_paper() -> None:
    async with VirtualPrinter() as printer:
        printer.rows_left = 5
        result = await attempt(printer)
        printer.fault = None
        paper = await printer.next_paper()

    assert result == Attempt("unknown", "paper_out")
    assert paper.text.count("one more row") == 20


async def test_a_printer_that_was_mended_prints_the_next_attempt() -> None:
    async with VirtualPrinter(fault="paper_out") as printer:
        before = await attempt(printer)
        printer.fault = None
        after = await attempt(printer, patience=Patience())
        paper = await printer.next_paper()

    assert (before.state, after.state) == ("accepted", "printed")
    assert paper.text.count("Grüße") == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(None, "none"), ("paper_out", "paper_out"), ("cover_open", "cover_open"), ("silent", "no_answer")],
)
async def test_looking_tells_what_keeps_a_printer_from_printing(fault: Fault | None, reason: FaultReason) -> None:
    async with VirtualPrinter(fault=fault) as printer:
        assert await printer_at(printer.port).look() == reason


async def test_a_printer_that_hangs_up_before_the_job_is_offline() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.close()

    async with odd_printer(hang_up) as port:
        assert await printer_at(port).print(JOB, at_once) == Attempt("accepted", "offline")


async def test_status_sent_unasked_is_not_taken_for_an_answer() -> None:
    status_back = b"\x14\x00\x00\x0f"

    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(status_back)
        for _ in range(2):
            await reader.readexactly(3)
            writer.write(b"\x13" + status_back + b"\x11" + ANSWER_READY)
        await reader.readexactly(len(JOB) + 3)
        writer.write(status_back)
        await reader.read()

    async with odd_printer(chatter) as port:
        assert await printer_at(port).print(JOB, at_once) == Attempt("unknown", "stalled")


async def test_a_printer_that_never_answers_in_turn_leaves_the_job_unknown() -> None:
    async def answer_at_once_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readexactly(3)
            writer.write(ANSWER_READY)
        await reader.readexactly(len(JOB) + 3)
        for _ in range(2):
            await reader.readexactly(3)
            writer.write(ANSWER_READY)

    async with odd_printer(answer_at_once_only) as port:
        assert await printer_at(port).print(JOB, at_once) == Attempt("unknown", "no_answer")


async def test_a_printer_that_sends_without_end_and_never_answers_is_left_alone_in_time() -> None:
    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"\x11" * 65536)
            await writer.drain()

    async with odd_printer(flood) as port:
        assert await printer_at(port).print(JOB, at_once) == Attempt("accepted", "no_answer")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(b"\x00", Attempt("printed", "none")), (b"", Attempt("unknown", "stalled"))],
    ids=["answered", "not answered"],
)
async def test_a_late_answer_is_not_taken_for_that_of_the_next_job(answer: bytes, expected: Attempt) -> None:
    """Out of paper behind the first job, the printer answers for it when it has paper again."""
    callers = 0

    async def answer_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal callers
        callers += 1
        for _ in range(2):
            await reader.readexactly(3)
            writer.write(ANSWER_READY)
        if callers > 1:
            await reader.readexactly(3)
            writer.write(b"\x00\x00")
        await reader.readexactly(len(JOB) + 3)
        writer.write(answer if callers > 1 else b"")
        await reader.read()

    async with odd_printer(answer_late) as port:
        printer = printer_at(port)
        first = await printer.print(JOB, at_once)
        second = await printer.print(JOB, at_once)

    assert (first, second) == (Attempt("unknown", "stalled"), expected)


async def test_a_printer_that_is_offline_for_another_reason_says_offline() -> None:
    async def offline(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (b"\x12", b"\x1a", b"\x12"):
            await reader.readexactly(3)
            writer.write(answer)
        await reader.read()

    async with odd_printer(offline) as port:
        assert await printer_at(port).print(JOB, at_once) == Attempt("accepted", "offline")


def test_every_byte_is_some_kind_of_answer_or_none() -> None:
    kinds = {byte: Answers().kind(byte) for byte in range(256)}

    assert [byte for byte, kind in kinds.items() if kind == "real_time"] == [
        byte for byte in range(128) if f"{byte:08b}"[3] == "1" and f"{byte:08b}"[-2:] == "10"
    ]
    assert [byte for byte, kind in kinds.items() if kind == "in_turn"] == [
        byte for byte in range(128) if f"{byte:08b}"[3] == "0"
    ]
