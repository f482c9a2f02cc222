"""A printer and a display on a serial line: a real line discipline of the kernel's, on a pseudo-terminal."""

import asyncio
import os
import pty
import termios
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts.ids import DeviceId
from services.devices.printers.attempts import Attempt, Patience
from services.devices.printers.dialogue import Dialogue
from services.devices.printers.links import LinkLost, opened, way_to
from services.devices.printers.settings import Reached
from services.hub.virtual_printer import VirtualPrinter

JOB = b"\x1b@\x1bt\x13Gr\x81\xe1e\n" + b"one more row\n" * 400 + b"\x1bd\x06\x1dV\x00"
PATIENCE = Patience(connect_s=5, answer_s=5, send_s=5, finish_s=20)
SHORT = Patience(connect_s=5, answer_s=0.5, send_s=0.5, finish_s=0.5)


async def at_once() -> None:
    """Nothing is to be done before the first byte."""


def line(path: str, **how: Any) -> Reached:
    return Reached(device=DeviceId("printer-1"), tty=path, **how)


@asynccontextmanager
async def serial_line() -> AsyncIterator[tuple[int, str]]:
    """The far end of a line, and the name of its near end, which is held open so that the line stays up."""
    far, near = pty.openpty()
    try:
        yield far, os.ttyname(near)
    finally:
        for end in {far, near}:
            try:
                os.close(end)
            except OSError:
                continue


@asynccontextmanager
async def printer_on(far: int) -> AsyncIterator[VirtualPrinter]:
    """A printer at the far end of a serial line."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(far), "rb", buffering=0)
    )
    out, flow = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(os.dup(far), "wb", buffering=0)
    )
    async with VirtualPrinter() as printer:
        talk = asyncio.create_task(printer.serve(reader, asyncio.StreamWriter(out, flow, reader, loop)))
        try:
            yield printer
        finally:
            talk.cancel()
            await asyncio.wait((talk,))
            transport.close()
            out.close()


@pytest.mark.parametrize("flow", ["none", "xon_xoff", "rts_cts"])
async def test_a_job_comes_out_of_a_serial_printer(flow: str) -> None:
    async with serial_line() as (far, near), printer_on(far) as printer:
        result = await Dialogue(way_to(line(near, flow=flow), send_s=5), PATIENCE).print(JOB, at_once)
        paper = await printer.next_paper()

    assert result == Attempt("printed", "none")
    assert paper.text.count("one more row") == 400
    assert "Grüße" in paper.text


async def test_a_serial_printer_tells_what_keeps_it_from_printing() -> None:
    async with serial_line() as (far, near), printer_on(far) as printer:
        dialogue = Dialogue(way_to(line(near), send_s=5), PATIENCE)
        printer.fault = "paper_out"
        result = await dialogue.print(JOB, at_once)
        printer.fault = None

        assert (result, await dialogue.look()) == (Attempt("accepted", "paper_out"), "none")


async def test_a_serial_printer_that_is_off_answers_nothing_and_holds_up_nobody() -> None:
    async with serial_line() as (_, near):
        dialogue = Dialogue(way_to(line(near), send_s=0.5), SHORT)

        assert await dialogue.print(JOB, at_once) == Attempt("accepted", "no_answer")
        assert await dialogue.look() == "no_answer"


async def test_a_line_that_is_not_there_is_not_connected(tmp_path: Path) -> None:
    assert await Dialogue(way_to(line(f"{tmp_path}/ttyS9"), send_s=1), SHORT).look() == "not_connected"


async def test_what_is_no_serial_line_is_not_connected() -> None:
    assert await Dialogue(way_to(line("/dev/null"), send_s=1), SHORT).look() == "not_connected"


async def test_a_line_that_takes_too_long_to_open_holds_up_nobody_and_is_closed_when_it_is_open() -> None:
    let = threading.Event()
    found: list[int] = []

    def hanging() -> int:
        let.wait()
        found.append(os.open("/dev/null", os.O_RDWR))
        return found[0]

    with ThreadPoolExecutor(1) as thread:
        with pytest.raises(TimeoutError):
            await opened(hanging, 0.01, thread)
        let.set()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(found[0])


async def test_a_line_that_ends_in_mid_job_leaves_it_unknown() -> None:
    async with serial_line() as (far, near):

        async def unplugged() -> None:
            os.close(far)

        answers = asyncio.create_task(asyncio.to_thread(answer_ready, far, 2))
        result = await Dialogue(way_to(line(near), send_s=5), PATIENCE).print(JOB, unplugged)
        await answers

    assert result == Attempt("unknown", "closed_in_mid_job")


def answer_ready(far: int, times: int) -> None:
    for _ in range(times):
        asked = b""
        while len(asked) < 3:
            asked += os.read(far, 3 - len(asked))
        os.write(far, b"\x12")


async def test_a_line_is_set_up_so_that_bytes_go_through_as_they_are() -> None:
    every_byte = bytes(range(256))
    async with serial_line() as (far, near):
        with await way_to(line(near, baud=19200), send_s=1)(1.0) as link:
            await link.send(every_byte, patience_s=5)
            await link.taken(patience_s=5)
            arrived = b""
            while len(arrived) < 256:
                arrived += os.read(far, 256)
            speed = termios.tcgetattr(far)[5]

    assert arrived == every_byte
    assert speed == termios.B19200


async def test_a_link_whose_other_side_is_gone_is_lost() -> None:
    async with serial_line() as (far, near):
        with await way_to(line(near), send_s=1)(1.0) as link:
            os.close(far)
            with pytest.raises(LinkLost):
                await link.receive()
