"""What is known about a job after each thing that can go wrong with a printer on the network."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from contracts.devices import FaultReason
from contracts.ids import DeviceId
from services.devices.model.word import Word
from services.devices.printers.answers import Answers
from services.devices.printers.attempts import Attempt, Patience
from services.devices.printers.dialogue import Dialogue
from services.devices.printers.links import way_to
from services.devices.printers.settings import Reached
from services.hub.virtual_printer import Fault, VirtualPrinter

JOB = b"\x1b@\x1bt\x13Gr\x81\xe1e\n" + b"one more row\n" * 20 + b"\x1bd\x06\x1dV\x00"
SHORT = Patience(connect_s=5.0, answer_s=1.0, send_s=0.5, finish_s=0.5)
BRIEF = Patience(connect_s=5.0, answer_s=0.2, send_s=0.5, finish_s=0.2)
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
        assert await printer_at(port).print(JOB, at_once) == Attempt("unknown", "never_confirms")


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
        second = await printer.print(JOB, at_once, word=first.word(Word()))

    assert (first, second) == (Attempt("unknown", "stalled"), expected)


async def test_the_first_answer_of_a_printer_that_left_some_out_is_heard_out_before_it_counts() -> None:
    """It may be the answer behind an earlier job; the paper ends in this one."""
    asked_in_turn = 0

    async def answers_one_of_two(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked_in_turn
        while asked := await reader.readexactly(3):
            if asked == b"\x1b@\x1b":
                await reader.readexactly(len(JOB) - 3)
                continue
            asked_in_turn += asked == b"\x1dr\x01"
            answer = b"\x00" if asked_in_turn == 1 else b""
            writer.write(answer if asked == b"\x1dr\x01" else ANSWER_READY)

    async with odd_printer(answers_one_of_two) as port:
        result = await printer_at(port, patience=BRIEF).print(JOB, at_once, word=Word(given=False))

    assert (result, asked_in_turn) == (Attempt("unknown", "never_confirms"), 2)


async def test_a_printer_that_never_answered_gets_paper_and_drawer_though_it_owes_an_answer() -> None:
    """It cannot answer late, so there is nothing to mistake; whoever answered before could."""
    async with VirtualPrinter(fault="mute_in_turn") as printer:
        dialogue = printer_at(printer.port, patience=BRIEF)
        paper = await dialogue.print(JOB, at_once, word=Word(owes=True))
        drawer = await dialogue.kick(2, at_once, word=Word(owes=True))
        out = (printer.papers_out, printer.drawer_pulses)

    assert paper == drawer == Attempt("unknown", "never_confirms")
    assert out == (1, 1)
    assert paper.word(Word(owes=True)) == Word(given=False)
    assert paper.word(Word(given=True)) == Word(owes=True, given=True)


@pytest.mark.parametrize(
    ("word", "fault", "reason"),
    [
        (Word(owes=True, given=True), "mute_in_turn", "never_confirms"),
        (Word(owes=True, given=True), None, "none"),
        (Word(given=False), "mute_in_turn", "never_confirms"),
        (Word(given=False), "paper_out", "paper_out"),
        (Word(given=True), None, "none"),
    ],
)
async def test_a_printer_whose_word_cannot_be_taken_is_not_ready(
    word: Word, fault: Fault | None, reason: FaultReason
) -> None:
    async with VirtualPrinter(fault=fault) as printer:
        assert await printer_at(printer.port, patience=BRIEF).look(word=word) == reason


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("mute_in_turn", Attempt("printed", "none", certain=False)),
        ("paper_out", Attempt("accepted", "paper_out")),
        ("stall", Attempt("unknown", "stalled")),
        ("close_in_mid_job", Attempt("unknown", "closed_in_mid_job")),
    ],
)
async def test_a_printer_that_confirms_nothing_has_printed_what_it_took(fault: Fault, expected: Attempt) -> None:
    async with VirtualPrinter(fault=fault) as printer:
        where = Reached(device=DeviceId("printer-1"), host="127.0.0.1", port=printer.port)
        dialogue = Dialogue(way_to(where, send_s=0.5), SHORT, confirms=False)

        assert await dialogue.print(JOB, at_once, word=Word(owes=True, given=True)) == expected


async def test_a_printer_that_confirms_nothing_is_out_of_paper_behind_a_job() -> None:
    async with VirtualPrinter() as printer:
        printer.rows_left = 5
        where = Reached(device=DeviceId("printer-1"), host="127.0.0.1", port=printer.port)
        result = await Dialogue(way_to(where, send_s=0.5), SHORT, confirms=False).print(JOB, at_once)

    assert result == Attempt("unknown", "paper_out")


async def test_a_printer_that_is_still_at_an_earlier_job_is_sent_no_other() -> None:
    """Its answer to that job could come in the midst of the next one, and pass for that one's."""

    async def answers_at_once_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while asked := await reader.readexactly(3):
            assert asked in (b"\x10\x04\x01", b"\x10\x04\x04", b"\x1dr\x01")
            writer.write(b"" if asked == b"\x1dr\x01" else ANSWER_READY)

    async with odd_printer(answers_at_once_only) as port:
        assert await printer_at(port).print(JOB, at_once, word=Word(owes=True, given=True)) == Attempt(
            "accepted", "never_confirms"
        )


@pytest.mark.parametrize(
    ("fault", "reason", "owes"), [("paper_out", "paper_out", False), ("mute_in_turn", "never_confirms", True)]
)
async def test_a_drawer_opens_past_what_holds_up_paper_and_that_is_not_certain(
    fault: Fault, reason: FaultReason, *, owes: bool
) -> None:
    word = Word(owes=owes, given=True)

    async with VirtualPrinter(fault=fault) as printer:
        result = await printer_at(printer.port, patience=BRIEF).kick(5, at_once, word=word)

        assert result == Attempt("printed", "none", printer=reason, certain=False)
        assert result.word(word) == word
        assert printer.drawer_pulses == 1


async def test_a_printer_that_owes_an_answer_and_is_ready_is_heard_out_and_opens_the_drawer_for_certain() -> None:
    """It may know no command that goes past the paper, and needs none."""

    async def knows_no_dle_dc4(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while asked := await reader.readexactly(3):
            if asked == b"\x1bp\x00":
                assert await reader.readexactly(2) == b"\x19\xfa"
                continue
            writer.write(b"\x00" if asked == b"\x1dr\x01" else ANSWER_READY)

    async with odd_printer(knows_no_dle_dc4) as port:
        result = await printer_at(port, patience=BRIEF).kick(2, at_once, word=Word(owes=True, given=True))

    assert result == Attempt("printed", "none")
    assert result.word(Word(owes=True, given=True)) == Word(given=True)


async def test_a_drawer_that_nothing_holds_up_is_answered_in_turn() -> None:
    async with VirtualPrinter() as printer:
        assert await printer_at(printer.port, patience=Patience()).kick(2, at_once) == Attempt("printed", "none")
        assert printer.drawer_pulses == 1


async def test_a_drawer_stays_shut_while_the_cover_is_open() -> None:
    async with VirtualPrinter(fault="cover_open") as printer:
        assert await printer_at(printer.port).kick(2, at_once) == Attempt("accepted", "cover_open")
        assert printer.drawer_pulses == 0


@pytest.mark.parametrize(
    ("hangs_up", "expected"),
    [
        (True, Attempt("unknown", "closed_in_mid_job", printer="offline")),
        (False, Attempt("unknown", "no_answer", printer="no_answer")),
    ],
)
async def test_a_drawer_is_uncertain_when_the_printer_is_silent_after_it(*, hangs_up: bool, expected: Attempt) -> None:
    async def no_paper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x72")
        assert await reader.readexactly(8) == b"\x10\x14\x01\x00\x01\x10\x04\x01"
        if not hangs_up:
            await reader.read()

    async with odd_printer(no_paper) as port:
        assert await printer_at(port).kick(2, at_once) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ANSWER_READY, Attempt("printed", "none", printer="none", certain=False)),
        (b"\x00", Attempt("printed", "none", printer="none", certain=False)),
        (b"", Attempt("unknown", "no_answer", printer="no_answer")),
        (None, Attempt("unknown", "closed_in_mid_job", printer="offline")),
    ],
    ids=["answered at once", "answered in turn just then", "silent", "hung up"],
)
async def test_a_drawer_goes_past_a_job_that_is_being_printed(answer: bytes | None, expected: Attempt) -> None:
    at_the_job = asyncio.Event()

    async def prints_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readexactly(3)
            writer.write(ANSWER_READY)
        assert (await reader.readexactly(len(JOB) + 3)).startswith(JOB)
        at_the_job.set()
        assert await reader.readexactly(8) == b"\x10\x14\x01\x00\x01\x10\x04\x01"
        if answer is None:
            return
        writer.write(answer)
        if answer == b"\x00":  # the job is out; the drawer is heard of by itself
            await reader.readexactly(3)
            writer.write(ANSWER_READY)
        await reader.read()

    async with odd_printer(prints_slowly) as port:
        printer = printer_at(port, patience=Patience(answer_s=0.3, finish_s=3.0))
        printing = asyncio.create_task(printer.print(JOB, at_once))
        await at_the_job.wait()
        past = await printer.kick_past(2, at_once)
        printing.cancel()

    assert past == expected


async def test_no_drawer_goes_past_a_job_that_was_not_sent_whole() -> None:
    """In the midst of its bytes the command could be taken for a picture's; the drawer is tried by itself after it."""
    begun: list[bool] = []
    at_the_job = asyncio.Event()

    async def begin() -> None:
        begun.append(True)

    async def takes_no_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readexactly(3)
            writer.write(ANSWER_READY)
        await reader.readexactly(100)
        at_the_job.set()
        await asyncio.Event().wait()

    async with odd_printer(takes_no_more) as port:
        printer = printer_at(port, patience=BRIEF)
        printing = asyncio.create_task(printer.print(b"row\n" * 8_000_000, at_once))
        await at_the_job.wait()
        past = await printer.kick_past(2, begin)

        assert (past, begun) == (None, [])
        assert await printing == Attempt("unknown", "stalled")


@pytest.mark.parametrize("owes", [False, True])
async def test_a_printer_that_says_in_turn_that_it_has_no_paper_has_not_printed(*, owes: bool) -> None:
    """It says otherwise of itself at once. One that owes an answer says so before a job, which then waits."""

    async def says_so_in_turn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while asked := await reader.readexactly(3):
            if asked == JOB[:3]:
                await reader.readexactly(len(JOB) - 3)
                continue
            writer.write(b"\x0f" if asked == b"\x1dr\x01" else ANSWER_READY)

    async with odd_printer(says_so_in_turn) as port:
        result = await printer_at(port, patience=BRIEF).print(JOB, at_once, word=Word(owes=owes, given=True))

    assert result == Attempt("accepted" if owes else "unknown", "paper_out")


async def test_paper_that_is_scarce_is_paper() -> None:
    async def nearly_out(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readexactly(3)
            writer.write(ANSWER_READY)
        await reader.readexactly(len(JOB) + 3)
        writer.write(b"\x03")
        await reader.read()

    async with odd_printer(nearly_out) as port:
        assert await printer_at(port).print(JOB, at_once) == Attempt("printed", "none")


async def test_a_drawer_that_was_answered_for_is_open_whatever_is_said_of_the_paper() -> None:
    async def opens_without_paper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readexactly(3)
            writer.write(ANSWER_READY)
        assert await reader.readexactly(8) == b"\x1bp\x00\x19\xfa\x1dr\x01"
        writer.write(b"\x0c")
        await reader.read()

    async with odd_printer(opens_without_paper) as port:
        assert await printer_at(port).kick(2, at_once) == Attempt("printed", "none")


async def test_no_drawer_goes_past_a_job_where_none_is_being_printed() -> None:
    async with VirtualPrinter() as printer:
        dialogue = printer_at(printer.port)
        await dialogue.print(JOB, at_once)

        assert await dialogue.kick_past(2, at_once) is None
        assert printer.drawer_pulses == 0


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
