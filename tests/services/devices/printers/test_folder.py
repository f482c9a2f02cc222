"""A folder as a printer."""

import asyncio
from pathlib import Path

from services.devices.printers.dialogue import Attempt
from services.devices.printers.folder import Folder


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


async def test_a_folder_that_goes_in_mid_job_leaves_it_unknown(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()

    async def taken_away() -> None:
        await asyncio.to_thread(folder.rmdir)

    assert await Folder(folder).print(b"one", taken_away) == Attempt("unknown", "offline")
