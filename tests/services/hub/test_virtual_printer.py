"""The virtual printer reads strictly, behaves like a printer, and fails as told."""

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from services.devices.printers.escpos import NotEscPos, Token, Tokenizer
from services.hub.escpos_paper import PaperFeed
from services.hub.virtual_printer import Fault, VirtualPrinter

HELLO = b"\x1b@\x1bt\x13K\x84se 1,00 \xd5\n\x1dV\x00"


async def connect(printer: VirtualPrinter) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(printer.host, printer.port)


async def say(printer: VirtualPrinter, data: bytes) -> None:
    """Send bytes over a connection of their own."""
    _, writer = await connect(printer)
    writer.write(data)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"\x07",
        b"\x7f",
        b"\x1bZ",
        b"\x1dx",
        b"\x10\x05",
        b"\x1dV\x07",
        b"\x1d(L\x02\x00",
        b"\x1d(k\x03\x002C\x06",
        b"ok\n\x0c",
    ],
)
def test_an_unknown_byte_or_command_is_an_error(data: bytes) -> None:
    with pytest.raises(NotEscPos):
        list(Tokenizer().feed(data))


def test_an_error_says_what_and_where() -> None:
    with pytest.raises(NotEscPos, match="unknown command 1b 5a at byte 3"):
        list(Tokenizer().feed(b"ok\n\x1bZ"))


@pytest.mark.parametrize("token", [Token("code_page", b"\x0f"), Token("align", b"\x07")])
def test_an_argument_out_of_range_is_an_error(token: Token) -> None:
    with pytest.raises(NotEscPos, match="out of range"):
        PaperFeed().take(token)


def test_a_command_that_does_not_end_is_an_error() -> None:
    with pytest.raises(NotEscPos, match="does not end"):
        list(Tokenizer().feed(b"\x1d(k\xff\xff" + b"x" * 9000))


def test_commands_may_come_in_pieces() -> None:
    whole = list(Tokenizer().feed(HELLO))
    tokenizer = Tokenizer()

    pieces = [token for byte in HELLO for token in tokenizer.feed(bytes([byte]))]

    assert b"".join(token.data for token in pieces) == b"".join(token.data for token in whole)
    assert [token.name for token in pieces if token.name != "text"] == [
        token.name for token in whole if token.name != "text"
    ]


async def test_what_is_cut_off_is_a_paper_with_its_text_and_picture() -> None:
    async with VirtualPrinter() as printer:
        await say(printer, HELLO)
        paper = await printer.next_paper()

    assert paper.text == "Käse 1,00 €\n"
    assert not paper.drawer_opened
    with Image.open(BytesIO(paper.png)) as picture:
        assert picture.format == "PNG"
        assert picture.getextrema() == (0, 255)


async def test_a_drawer_pulse_shows_on_the_paper() -> None:
    async with VirtualPrinter() as printer:
        await say(printer, b"\x1bp\x00\x19\xfa" + HELLO)

        assert (await printer.next_paper()).drawer_opened


async def test_long_rows_are_broken_and_styles_are_kept() -> None:
    async with VirtualPrinter(columns=8) as printer:
        await say(printer, b"\x1ba\x01\x1bE\x01\x1b!\x38abcdef\n\x1dV\x00")
        paper = await printer.next_paper()

    assert [(row.text, row.bold, row.wide, row.tall) for row in paper.rows] == [
        ("abcd", True, True, True),
        ("ef", True, True, True),
    ]


async def test_pictures_are_kept_in_the_folder(tmp_path: Path) -> None:
    async with VirtualPrinter(png_folder=tmp_path / "papers") as printer:
        await say(printer, HELLO + HELLO)
        await printer.next_paper()
        await printer.next_paper()

    assert sorted(path.name for path in (tmp_path / "papers").iterdir()) == ["receipt-0001.png", "receipt-0002.png"]


async def test_bytes_it_cannot_print_are_told_to_who_waits_for_paper() -> None:
    async with VirtualPrinter() as printer:
        await say(printer, b"\x1bZ")

        with pytest.raises(NotEscPos, match="1b 5a"):
            await printer.next_paper()


async def test_a_job_cut_short_inside_a_command_is_told_too() -> None:
    async with VirtualPrinter() as printer:
        await say(printer, b"ok\n\x1b")

        with pytest.raises(NotEscPos, match="does not end"):
            await printer.next_paper()


@pytest.mark.parametrize(
    ("fault", "answers"),
    [(None, b"\x12\x12\x12"), ("paper_out", b"\x1a\x32\x72"), ("cover_open", b"\x1a\x16\x12")],
)
async def test_it_answers_how_it_is(fault: Fault | None, answers: bytes) -> None:
    async with VirtualPrinter(fault=fault) as printer:
        reader, writer = await connect(printer)
        writer.write(b"\x10\x04\x01\x10\x04\x02\x10\x04\x04")

        assert await reader.readexactly(3) == answers
        writer.close()


async def test_without_paper_it_keeps_the_job_and_answers_in_turn_later() -> None:
    async with VirtualPrinter(fault="paper_out") as printer:
        reader, writer = await connect(printer)
        writer.write(HELLO + b"\x1dr\x01" + b"\x10\x04\x04")
        before = await reader.readexactly(1)
        printer.fault = None
        after = await reader.readexactly(1)
        paper = await printer.next_paper()
        writer.close()

    assert (before, after) == (b"\x72", b"\x00")
    assert paper.text == "Käse 1,00 €\n"


async def test_it_serves_one_caller_at_a_time() -> None:
    async with VirtualPrinter() as printer:
        first_reader, first = await connect(printer)
        first.write(b"\x10\x04\x01")
        await first_reader.readexactly(1)
        second_reader, second = await connect(printer)
        second.write(b"\x10\x04\x01")
        first.write(b"first\n\x1dV\x00")
        first.close()
        await second_reader.readexactly(1)
        second.write(b"second\n\x1dV\x00")
        second.close()

        assert [(await printer.next_paper()).text for _ in range(2)] == ["first\n", "second\n"]
