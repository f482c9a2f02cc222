"""The bytes of a print job, and what making them needs."""

import subprocess
import sys
from pathlib import Path

from services.devices.printer_bytes import job_bytes
from services.devices.receipt import QrCode, Row

ROOT = Path(__file__).parents[3]


def python(program: str) -> str:
    """Run a program in a fresh interpreter, where nothing is imported yet."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_job_resets_chooses_the_code_page_and_cuts() -> None:
    job = job_bytes([Row("\u00e4\u20ac\u00df")])

    assert job.startswith(b"\x1b@\x1bt\x13")
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
        "from pathlib import Path; from services.devices.printer_bytes import keep_capabilities_in, job_bytes;"
        f"keep_capabilities_in(Path({str(tmp_path / 'cache')!r})); job_bytes([])"
    )

    python(program)

    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".pickle"]
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
