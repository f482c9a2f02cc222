"""A folder as a printer."""

import asyncio
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from services.devices.printers.attempts import Attempt
from services.devices.printers.folder import Folder

ROOT = Path(__file__).parents[4]
NOBODY = 65534


async def at_once() -> None:
    """Nothing is to be done before the first byte."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_each_job_becomes_a_file_in_the_order_of_printing(tmp_path: Path) -> None:
    folder = Folder(tmp_path)

    done = [await folder.print(job, at_once) for job in (b"one", b"two")]

    assert done == [Attempt("printed", "none")] * 2
    assert contents(tmp_path) == {
        "000001.escpos": b"one",
        "000002.escpos": b"two",
    }


async def test_a_folder_that_is_not_there_leaves_the_job_as_it_is(tmp_path: Path) -> None:
    assert await Folder(tmp_path / "gone").print(b"one", at_once) == Attempt("accepted", "not_connected")


@pytest.mark.parametrize("mode", ["733", "400", "000"])
def test_a_folder_that_cannot_be_seen_into_loses_no_job_and_stops_nobody(tmp_path: Path, mode: str) -> None:
    """Numbered without sight of what is there, the second job would take the first one's place."""
    papers = tmp_path / "shut" / "papers"
    papers.mkdir(parents=True)
    tmp_path.chmod(0o711)
    shut = papers if mode == "733" else papers.parent
    shut.chmod(int(mode, 8))
    # Root sees into everything; the way there is relative, for the folders above are another's to open.
    program = (
        "import asyncio, concurrent.futures.thread, os\n"
        "from pathlib import Path; from services.devices.printers.folder import Folder\n"
        f"if os.geteuid() == 0: os.setuid({NOBODY})\n"
        "print(asyncio.run(Folder(Path('shut/papers')).print(b'', None)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    shut.chmod(0o700)

    assert "state='accepted', reason='no_permission'" in done.stdout, done.stderr


async def test_a_job_that_the_disk_has_no_room_for_is_no_file_that_a_program_would_print(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        result = await Folder(tmp_path).print(b"row\n" * 4096, at_once)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert result == Attempt("unknown", "offline")
    assert [name for name in contents(tmp_path) if name.endswith(".escpos")] == []


async def test_a_drawer_of_a_folder_is_a_file_too(tmp_path: Path) -> None:
    assert await Folder(tmp_path).kick(5, at_once) == Attempt("printed", "none")
    assert contents(tmp_path) == {"000001.escpos": b"\x1bp\x01\x19\xfa"}


async def test_a_folder_that_goes_in_mid_job_leaves_it_unknown(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()

    async def taken_away() -> None:
        await asyncio.to_thread(folder.rmdir)

    assert await Folder(folder).print(b"one", taken_away) == Attempt("unknown", "offline")
