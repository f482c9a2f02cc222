"""Scanners that play serial port: found, read alone, gone and back. A pseudo-terminal stands for the port."""

import asyncio
import fcntl
import os
import pty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts.ids import DeviceId
from services.devices.scanners.watching import Heard, LineRead, LineVoided, ScannerChanged, Scanners
from services.devices.settings import ScannerSettings
from services.runtime.log import Log

GS = "\x1d"
EAN = "4006381333931"
SWEEP_S = 0.05
READY = ScannerChanged("scanner-1", "ready", "none")
ABSENT = ScannerChanged("scanner-1", "absent", "not_connected")


class Port:
    """A serial port and the scanner at its other end."""

    def __init__(self) -> None:
        self._scanner, self._port = pty.openpty()
        self.path = os.ttyname(self._port)

    def send(self, data: bytes) -> None:
        """Have the scanner send bytes."""
        os.write(self._scanner, data)

    def unplug(self) -> None:
        """Take the scanner away, and the port with it."""
        for descriptor in (self._scanner, self._port):
            os.close(descriptor)
        self._scanner = self._port = -1

    def close(self) -> None:
        if self._scanner >= 0:
            self.unplug()


@pytest.fixture
def port() -> Iterator[Port]:
    port = Port()
    yield port
    port.close()


@asynccontextmanager
async def reading(tty: str, folder: Path, **how: Any) -> AsyncIterator["asyncio.Queue[Heard]"]:
    """A scanner at work on a port, and what is heard of it."""
    heard: asyncio.Queue[Heard] = asyncio.Queue()
    scanner = ScannerSettings(device=DeviceId("scanner-1"), tty=tty, **how)
    no_keyboards = folder / "input"
    scanners = Scanners(
        [scanner], heard.put_nowait, Log("devices"), sweep_s=SWEEP_S, input_folder=no_keyboards, sys_folder=no_keyboards
    )
    scanners.start()
    try:
        yield heard
    finally:
        await scanners.stop()


async def test_a_serial_scanner_is_read_as_it_sends(port: Port, tmp_path: Path) -> None:
    async with reading(port.path, tmp_path, several_codes=True) as heard:
        ready = await heard.get()
        port.send(f"]C10104006381333931{GS}10AB\r\n{EAN}\r".encode())
        first, second = await heard.get(), await heard.get()

    assert ready == READY
    assert first == LineRead("scanner-1", f"]C10104006381333931{GS}10AB")
    assert second == LineRead("scanner-1", EAN)


async def test_half_a_code_is_void_after_silence_and_so_is_its_rest(port: Port, tmp_path: Path) -> None:
    async with reading(port.path, tmp_path, pause_s=0.05, several_codes=True) as heard:
        await heard.get()
        port.send(b"40063")
        void = await heard.get()
        port.send(b"81333931\r42\r")
        rest = await heard.get()
        following = await heard.get()

    assert void == LineVoided("scanner-1", "too_slow", 5, None)
    assert rest == LineVoided("scanner-1", "too_slow", 8, None)
    assert following == LineRead("scanner-1", "42")


async def test_the_lines_of_one_symbol_are_one_scan_and_a_word_that_there_were_more(port: Port, tmp_path: Path) -> None:
    async with reading(port.path, tmp_path) as heard:
        await heard.get()
        port.send(b"BCD\r\n002\r\n1\r\n")
        first, others = await heard.get(), await heard.get()

    assert first == LineRead("scanner-1", "BCD")
    assert others == LineVoided("scanner-1", "several_lines", 0, None)
    assert heard.empty()


async def test_a_serial_scanner_without_a_suffix_ends_by_silence(port: Port, tmp_path: Path) -> None:
    async with reading(port.path, tmp_path, pause_s=0.05, end="pause") as heard:
        await heard.get()
        port.send(EAN.encode())

        assert await heard.get() == LineRead("scanner-1", EAN)


async def test_a_port_that_somebody_else_reads_is_in_use_and_taken_when_it_is_free(port: Port, tmp_path: Path) -> None:
    other = os.open(port.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(other, fcntl.LOCK_EX)
    async with reading(port.path, tmp_path) as heard:
        refused = await heard.get()
        os.close(other)
        while (now := await heard.get()) == refused:
            pass

    assert refused == ScannerChanged("scanner-1", "fault", "in_use")
    assert now == READY


async def test_a_file_that_is_no_port_is_told_and_left_alone(tmp_path: Path) -> None:
    async with reading("/dev/null", tmp_path) as heard:
        assert await heard.get() == ScannerChanged("scanner-1", "fault", "offline")


async def test_a_port_is_found_by_its_lasting_name_whenever_it_comes(tmp_path: Path) -> None:
    """As of ``/dev/serial/by-id``: a link that udev makes anew for whatever number the port gets."""
    folder = Path("/dev/shm") / f"tillwire-{tmp_path.name}-{os.getpid()}"  # noqa: S108 - settings name ports below /dev
    link = folder / "usb-Lab_Scanner_S1-if00"
    first, second = Port(), Port()
    try:
        async with reading(str(link), tmp_path) as heard:
            missing = await heard.get()
            folder.mkdir()
            link.symlink_to(first.path)
            came = await heard.get()
            first.unplug()
            gone = await heard.get()
            link.unlink()
            link.symlink_to(second.path)
            back = await heard.get()
            second.send(b"42\r")
            read = await heard.get()
    finally:
        for each in (first, second):
            each.close()
        link.unlink(missing_ok=True)
        folder.rmdir()

    assert [missing, came, gone, back] == [ABSENT, READY, ABSENT, READY]
    assert read == LineRead("scanner-1", "42")
