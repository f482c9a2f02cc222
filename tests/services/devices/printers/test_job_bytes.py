"""The bytes of a print job, and what making them needs."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.ids import DeviceId
from services.devices.printers.escpos import NotEscPos, Tokenizer
from services.devices.printers.job_bytes import drawer_bytes, job_bytes
from services.devices.printers.settings import PAGE_NUMBERS, CodePage, PrinterSettings
from services.devices.receipt import Barcode, QrCode, Row
from services.devices.spelling import printable
from services.hub.escpos_paper import CODE_PAGES

ROOT = Path(__file__).parents[4]


def python(program: str) -> str:
    """Run a program in a fresh interpreter, where nothing is imported yet."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_job_resets_chooses_the_code_page_and_cuts() -> None:
    job = job_bytes([Row("\u00e4\u20ac\u00df")])

    assert job.startswith(b"\x1b@\x1c.\x1bt\x13")
    assert b"\x84\xd5\xe1\n" in job
    assert job.endswith(b"\x1dV\x00")


def test_every_job_chooses_the_code_page_anew() -> None:
    assert job_bytes([Row("1")]) == job_bytes([Row("1")])


def test_a_qr_code_is_made_by_the_printer() -> None:
    assert b"\x1d(k\x10\x001P0till-1-000123" in job_bytes([QrCode("till-1-000123")])


def test_importing_the_service_imports_no_printer_library_and_starts_no_thread() -> None:
    program = (
        "import sys, threading, services.devices.service; print('escpos' in sys.modules, threading.active_count())"
    )

    assert python(program) == "False 1"


def test_the_printer_library_keeps_its_cache_in_our_folder(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from services.devices.printers.job_bytes import keep_capabilities_in, job_bytes;"
        f"keep_capabilities_in(Path({str(tmp_path / 'cache')!r})); job_bytes([])"
    )

    python(program)

    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".pickle"]
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


def printer(**how: Any) -> PrinterSettings:
    return PrinterSettings(device=DeviceId("printer-1"), registers=(), folder="nowhere", **how)


@pytest.mark.parametrize("page", list(PAGE_NUMBERS))
def test_every_code_page_is_called_by_its_number_and_spelled_in(page: CodePage) -> None:
    text = printable("ä€é Ж Ł", page)

    job = job_bytes([Row(text)], printer(code_page=page))

    assert job.startswith(b"\x1b@\x1c.\x1bt" + bytes([PAGE_NUMBERS[page]]))
    assert text.encode(page) + b"\n" in job
    assert CODE_PAGES[PAGE_NUMBERS[page]] == page


def test_a_printer_that_calls_its_code_page_otherwise_is_asked_for_it_so() -> None:
    by_number = job_bytes([], printer(code_page_number=77))
    by_profile = job_bytes([], printer(code_page="cp858", profile="SP2000"))

    assert by_number.startswith(b"\x1b@\x1c.\x1bt\x4d")
    assert by_profile.startswith(b"\x1b@\x1c.\x1bt\x04")


def test_a_printer_that_starts_in_chinese_mode_is_taken_out_of_it_unless_it_should_not_be() -> None:
    """There "ä€" is one Chinese sign: FS . ends that mode (Epson command reference, FS .)."""
    assert job_bytes([]).startswith(b"\x1b@\x1c.\x1bt\x13")
    assert job_bytes([], printer(kanji_off=False)).startswith(b"\x1b@\x1bt\x13")


@pytest.mark.parametrize("text", ["Evil\x1bp\x00\x19\xfa", "Evil\x1dV\x00", "Evil\x10\x04\x01", "Evil\x07"])
def test_a_row_that_was_never_spelled_for_paper_is_refused(text: str) -> None:
    """The second lock: what a row holds is cleaned where it is set, and checked again before it is sent."""
    with pytest.raises(NotEscPos):
        job_bytes([Row(text + "\x1b")])


def test_a_logo_stands_above_everything_else() -> None:
    band = b"\x1dv0\x00\x01\x00\x01\x00\xff"

    names = [token.name for token in Tokenizer().feed(job_bytes([Row("shop")], logo=[band]))]

    assert names.index("picture") < names.index("text")
    assert names[:3] == ["reset", "kanji_off", "code_page"]


def test_a_barcode_is_made_by_the_printer_with_its_text_below() -> None:
    job = job_bytes([Barcode("till-1-000123")])

    assert b"\x1dH\x02" in job
    assert b"\x1dk\x49\x0f{Btill-1-000123" in job


def test_paper_that_nobody_cuts_is_fed_far_enough_to_tear_it() -> None:
    tokens = list(Tokenizer().feed(job_bytes([Row("shop")], printer(cuts=False))))

    assert [token.name for token in tokens if token.name in ("cut", "feed")] == ["feed"]


@pytest.mark.parametrize(("pin", "which"), [(2, 0), (5, 1)])
def test_a_drawer_gets_one_pulse_on_its_pin_and_nothing_else(pin: int, which: int) -> None:
    assert drawer_bytes(pin) == bytes([0x1B, 0x70, which, 25, 250])
