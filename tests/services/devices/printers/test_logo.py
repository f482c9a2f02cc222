"""A logo becomes dots once, no wider than the paper, and a bad one is told."""

import os
from pathlib import Path

import pytest
from PIL import Image

from services.devices.printers.escpos import Tokenizer
from services.devices.printers.logo import MOST_DOTS_HIGH, NoLogo, logo_bands
from services.hub.escpos_paper import PaperFeed


def picture(folder: Path, wide: int, high: int, colour: object = "black", name: str = "logo.png") -> str:
    path = folder / name
    Image.new("RGBA", (wide, high), colour).save(path)  # type: ignore[arg-type]
    return str(path)


def sizes(bands: tuple[bytes, ...]) -> list[tuple[int, int]]:
    return [(int.from_bytes(band[4:6], "little") * 8, int.from_bytes(band[6:8], "little")) for band in bands]


def test_a_logo_comes_in_bands_that_a_small_printer_can_hold(tmp_path: Path) -> None:
    bands = logo_bands(picture(tmp_path, 200, 250), 576)

    assert sizes(bands) == [(200, 96), (200, 96), (200, 58)]
    assert [token.name for token in Tokenizer().feed(b"".join(bands))] == ["picture"] * 3


def test_a_logo_is_no_wider_than_the_paper_and_no_higher_than_is_sensible(tmp_path: Path) -> None:
    wide = sizes(logo_bands(picture(tmp_path, 2000, 100, name="wide.png"), 384))
    high = sizes(logo_bands(picture(tmp_path, 100, 2000, name="high.png"), 384))

    assert wide == [(384, 19)]
    assert sum(each for _, each in high) == MOST_DOTS_HIGH


def test_black_is_printed_and_what_is_transparent_is_not(tmp_path: Path) -> None:
    (black,) = logo_bands(picture(tmp_path, 10, 1), 384)
    (nothing,) = logo_bands(picture(tmp_path, 10, 1, (0, 0, 0, 0), name="nothing.png"), 384)

    assert black[8:] == b"\xff\xc0"
    assert nothing[8:] == b"\x00\x00"


def test_a_logo_is_made_once_until_its_file_changes(tmp_path: Path) -> None:
    path = picture(tmp_path, 16, 1)
    first = logo_bands(path, 384)

    again = logo_bands(path, 384)
    picture(tmp_path, 8, 1)
    os.utime(path, ns=(1, 1))
    changed = logo_bands(path, 384)

    assert again is first
    assert sizes(changed) == [(8, 1)]


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n and then nothing"])
def test_what_is_no_picture_is_no_logo(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "logo.png"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(NoLogo, match=r"logo\.png"):
        logo_bands(str(path), 384)


def test_a_picture_beyond_measure_is_no_logo(tmp_path: Path) -> None:
    Image.new("1", (5000, 5000)).save(tmp_path / "logo.png")

    with pytest.raises(NoLogo, match="pixels"):
        logo_bands(str(tmp_path / "logo.png"), 384)


def test_what_is_printed_is_what_was_drawn(tmp_path: Path) -> None:
    bands = logo_bands(picture(tmp_path, 24, 8), 384)
    feed, tokenizer = PaperFeed(32), Tokenizer()

    (paper,) = filter(None, (feed.take(token) for token in tokenizer.feed(b"".join(bands) + b"\x1dV\x00")))

    assert [row.text for row in paper.rows] == ["[PICTURE]"]


@pytest.mark.parametrize("command", [b"\x10\x04\x01", b"\x10\x05\x02", b"\x10\x14\x01"])
def test_a_logo_whose_dots_would_command_the_printer_loses_one_of_them(tmp_path: Path, command: bytes) -> None:
    white = bytes(byte ^ 0xFF for byte in command)
    path = tmp_path / "logo.png"
    Image.frombytes("1", (24, 1), white).save(path)

    (band,) = logo_bands(str(path), 576)

    assert band[8:] == b"\x00" + command[1:]
