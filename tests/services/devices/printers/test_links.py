"""Printers on a serial line, a real line discipline of the kernel's on a pseudo-terminal; a computer's addresses."""

import asyncio
import os
import pty
import socket
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
from services.devices.printers.links import Address, Link, LinkLost, connected, opened, way_to
from services.devices.printers.settings import PrinterSettings, Reached
from services.devices.printers.ways import way_of
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


async def test_a_job_may_take_as_long_as_its_line_needs_for_it() -> None:
    """At 1200 baud these 117 bytes take a second, and what was taken slowly may be printed slowly."""
    job = b"row\n" * 28 + b"\x1bd\x06\x1dV\x00"
    async with serial_line() as (far, near), printer_on(far) as printer:
        printer.baud, printer.fault = 3600, "slow"
        where = PrinterSettings(device=DeviceId("printer-1"), registers=(), tty=near, baud=1200)
        hasty = Patience(connect_s=5, answer_s=5, send_s=0.1, finish_s=0.1)

        assert await way_of(where, hasty).print(job, at_once) == Attempt("printed", "none")


def test_a_line_gets_the_time_that_its_speed_needs_and_a_fast_one_no_less_than_a_network() -> None:
    job = bytes(15_000)
    seconds = {baud: round(Patience(baud=baud).to_finish(job) - 8, 1) for baud in (None, 1200, 4800, 9600, 115200)}
    sending = [Patience(baud=baud).to_send(job) for baud in (None, 4800)]

    assert seconds == {None: 16.7, 1200: 133.3, 4800: 33.3, 9600: 16.7, 115200: 16.7}
    assert [round(each) for each in sending] == [10, 43]


async def test_no_drawer_goes_past_a_job_that_its_line_has_yet_to_take() -> None:
    """The command would wait behind those bytes, and open the drawer when nobody expects it any more."""
    near, far = socket.socketpair()
    near.setblocking(False)
    on_the_line = [1000]

    async def open_link(_patience_s: float) -> Link:
        return Link(near.fileno(), ends_when_empty=True, close=near.close, unsent=lambda: on_the_line[0])

    reader, writer = await asyncio.open_connection(sock=far)
    dialogue = Dialogue(open_link, Patience(answer_s=5, finish_s=30, baud=9600))
    printing = asyncio.create_task(dialogue.print(JOB, at_once))
    for _ in range(2):
        await reader.readexactly(3)
        writer.write(b"\x12")
    await reader.readexactly(len(JOB))
    past = asyncio.create_task(dialogue.kick_past(2, at_once))
    asked = asyncio.create_task(reader.readexactly(3))
    await asyncio.wait((past, asked), timeout=0.05)
    before = (past.done(), asked.done())

    on_the_line[0] = 0
    assert await asked == b"\x1dr\x01"
    assert await reader.readexactly(8) == b"\x10\x14\x01\x00\x01\x10\x04\x01"
    writer.write(b"\x12")
    passed = await past
    writer.write(b"\x00")

    assert before == (False, False)
    assert passed == Attempt("printed", "none", printer="none", certain=False)
    assert await printing == Attempt("printed", "none")
    writer.close()


def address_of(place: tuple[str, int]) -> Address:
    return Address(socket.AF_INET, socket.SOCK_STREAM, 0, "", place)


async def test_a_computer_is_reached_at_whichever_of_its_addresses_lets_us_in() -> None:
    with socket.create_server(("127.0.0.1", 0)) as there, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        addresses = [address_of(each.getsockname()) for each in (closed, there)]

        for order in (addresses, addresses[::-1]):
            with await connected(order, 5, send_s=1.5) as connection:
                assert connection.getpeername() == there.getsockname()
        with pytest.raises(ConnectionRefusedError):
            await connected(addresses[:1], 5, send_s=1.5)


async def test_an_address_that_swallows_all_leaves_time_for_the_next() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as there,
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_connection(full.getsockname()),
    ):
        addresses = [address_of(each.getsockname()) for each in (full, there)]

        with await connected(addresses, 1, send_s=1.5) as connection:
            assert connection.getpeername() == there.getsockname()


async def test_the_kernel_gives_up_a_printer_that_lost_its_power_when_it_took_nothing_for_long() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as there,
        await connected([address_of(there.getsockname())], 5, send_s=1.5) as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1500


async def test_a_line_that_ends_with_bytes_still_unsent_is_lost() -> None:
    async with serial_line() as (far, near):
        with await way_to(line(near), send_s=1)(1.0) as link:
            os.close(far)
            with pytest.raises(LinkLost):
                await link.taken(patience_s=5)
