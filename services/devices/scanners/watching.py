"""All scanners of the settings: found when they are plugged in, each read by a thread of its own.

The kernel keeps 64 events for a reader, ten characters of a USB scan; a busy event loop would
lose some. So each scanner is read by a thread that does nothing else, and what it read is
handed to the loop. Importing this starts nothing.
"""

import asyncio
import ctypes
import errno
import os
import select
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from contracts.devices import FaultReason
from services.devices.scanners.input_devices import InputSource, OtherDevice, read_identity
from services.devices.scanners.keys import Scan, Voided, VoidReason
from services.devices.scanners.serial_ports import SerialSource
from services.devices.settings import ScannerSettings
from services.runtime.log import Log

INPUT = Path("/dev/input")
SYS = Path("/sys/class/input")
RETRY_S = 0.05
RETRIES = 20
"""udev sets a new device's group a moment after the device appears."""

_REFUSALS: dict[int, FaultReason] = {
    errno.EBUSY: "in_use",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
}
_GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
_IN_ATTRIB, _IN_CREATE = 0x4, 0x100  # linux/inotify.h


@dataclass(frozen=True, slots=True)
class ScannerChanged:
    """A scanner is ready, has a fault, or is not there."""

    device: str
    state: Literal["ready", "fault", "absent"]
    reason: FaultReason


@dataclass(frozen=True, slots=True)
class LineRead:
    """A scanner read a whole code, at a moment of the monotonic clock."""

    device: str
    text: str
    at: float = field(default_factory=time.monotonic, compare=False)


@dataclass(frozen=True, slots=True)
class LineVoided:
    """A scan was thrown away; ``key`` is the code of the key that no scanner types."""

    device: str
    reason: VoidReason
    length: int
    key: int | None


Heard = ScannerChanged | LineRead | LineVoided


class Source(Protocol):
    """A scanner that is open for us alone."""

    descriptor: int

    @property
    def in_scan(self) -> bool:
        """Whether a scan has begun whose end has not come."""
        ...

    def read(self) -> list[Scan | Voided]:
        """Take what waits; raises OSError when the scanner is gone."""
        ...

    def pause(self) -> Scan | Voided | None:
        """End or void what was begun."""
        ...

    def close(self) -> None:
        """Let go of the scanner."""
        ...


class Scanners:
    """All scanners of the settings, whether they are plugged in or not.

    ``heard`` is called on the event loop of ``start`` with everything that happens.
    """

    def __init__(  # noqa: PLR0913 - the two folders and the pause between two tries are the seam for tests
        self,
        scanners: Sequence[ScannerSettings],
        heard: Callable[[Heard], None],
        log: Log,
        *,
        sweep_s: float = 5.0,
        retry_s: float = RETRY_S,
        input_folder: Path = INPUT,
        sys_folder: Path = SYS,
    ) -> None:
        # The more marks a scanner is known by, the earlier it chooses.
        self._wanted = sorted(scanners, key=lambda each: [each.serial, each.port, each.usb].count(None))
        self._heard = heard
        self._log = log
        self._sweep_s = sweep_s
        self._retry_s = retry_s
        self._input = input_folder
        self._sys = sys_folder
        self._readers: dict[str, threading.Thread] = {}
        self._read_now: dict[str, Path] = {}
        self._refused: dict[str, int] = {}
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watcher: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look for scanners; call it on a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._stop = os.eventfd(0)
        self._look_again = os.eventfd(0, os.EFD_NONBLOCK)
        self._watcher = threading.Thread(target=self._watch, name="scanner-watch")
        self._watcher.start()

    async def stop(self) -> None:
        """Let go of all scanners and wait for the threads to end."""
        if self._watcher is None:
            return
        os.eventfd_write(self._stop, 1)
        await asyncio.to_thread(self._watcher.join)
        for reader in list(self._readers.values()):
            await asyncio.to_thread(reader.join)
        os.close(self._stop)
        os.close(self._look_again)
        self._watcher = None

    def _tell(self, heard: Heard) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._heard, heard)

    def _watch(self) -> None:
        ports = [Path(scanner.tty) for scanner in self._wanted if scanner.tty is not None]
        with _notices((self._input, *(port.parent for port in ports))) as notices:
            notices.watch()
            soon = self._look()
            self._tell_of_absent()
            waiting = select.poll()
            for descriptor in (self._stop, self._look_again, notices.descriptor):
                waiting.register(descriptor, select.POLLIN)
            while True:
                patience_s = self._retry_s if soon else self._sweep_s
                ready = {descriptor for descriptor, _ in waiting.poll(patience_s * 1000)}
                if self._stop in ready:
                    return
                if self._look_again in ready:
                    os.eventfd_read(self._look_again)
                if notices.descriptor in ready:
                    notices.read()
                notices.watch()
                soon = self._look()

    def _tell_of_absent(self) -> None:
        with self._lock:
            being_read = set(self._read_now)
        for scanner in self._wanted:
            if scanner.device not in being_read and scanner.device not in self._refused:
                self._tell(ScannerChanged(scanner.device, "absent", "not_connected"))

    def _look(self) -> bool:
        """Open every wanted scanner that is there and not read yet; returns whether to look again soon."""
        found = [*self._open_keyboards(), *self._open_ports()]
        there = {device for device, _ in found}
        for device in self._refused.keys() - there:
            del self._refused[device]
            self._tell(ScannerChanged(device, "absent", "not_connected"))
        return not all(settled for _, settled in found)

    def _open_keyboards(self) -> Iterator[tuple[str, bool]]:
        """The scanners among the input devices that nobody read, and whether each is read or refused for good now."""
        for event in self._events():
            path = self._input / event
            free = self._free(path)
            identity = read_identity(self._sys / event) if free else None
            if identity is None:
                continue
            scanner = next((each for each in free if identity.fits(each)), None)
            if scanner is not None:
                yield scanner.device, self._open(scanner, path, partial(InputSource, path, identity, scanner))

    def _open_ports(self) -> Iterator[tuple[str, bool]]:
        """The same of the scanners that play serial port."""
        for scanner in self._wanted:
            path = Path(scanner.tty or "")
            if scanner.tty is not None and scanner in self._free(path) and path.exists():
                yield scanner.device, self._open(scanner, path, partial(SerialSource, scanner.tty, scanner))

    def _free(self, path: Path) -> list[ScannerSettings]:
        """The scanners that nobody reads yet, or none when somebody reads that file."""
        with self._lock:
            if path in self._read_now.values():
                return []
            return [each for each in self._wanted if each.device not in self._read_now]

    def _events(self) -> list[str]:
        try:
            return sorted(each.name for each in self._input.iterdir() if each.name.startswith("event"))
        except OSError:
            return []

    def _open(self, scanner: ScannerSettings, path: Path, make: Callable[[], Source]) -> bool:
        """Open, grab and begin to read a scanner; False says that it is worth another try at once."""
        try:
            source = make()
        except OtherDevice:
            return False
        except OSError as error:
            return self._refuse(scanner, error.errno)
        self._refused.pop(scanner.device, None)
        reader = threading.Thread(target=self._read, args=(scanner, source), name=f"scanner-{scanner.device}")
        with self._lock:
            self._readers[scanner.device] = reader
            self._read_now[scanner.device] = path
        self._log.info("scanner-ready", device=scanner.device)
        self._tell(ScannerChanged(scanner.device, "ready", "none"))
        reader.start()
        return True

    def _refuse(self, scanner: ScannerSettings, number: int | None) -> bool:
        tries = self._refused[scanner.device] = self._refused.get(scanner.device, 0) + 1
        if number in _GONE:
            return True
        if number in (errno.EACCES, errno.EPERM) and tries < RETRIES:
            return False
        reason = _REFUSALS.get(number or 0, "offline")
        if tries in (1, RETRIES):
            self._log.error("scanner-refused", device=scanner.device, reason=reason, errno=number)
        self._tell(ScannerChanged(scanner.device, "fault", reason))
        return True

    def _read(self, scanner: ScannerSettings, source: Source) -> None:
        waiting = select.poll()
        waiting.register(source.descriptor, select.POLLIN)
        waiting.register(self._stop, select.POLLIN)
        try:
            while True:
                ready = {descriptor for descriptor, _ in waiting.poll(_ms(scanner.pause_s) if source.in_scan else None)}
                if self._stop in ready:
                    return
                self._pass_on(scanner, source.read() if ready else [source.pause()])
        except OSError as error:
            self._log.warning("scanner-gone", device=scanner.device, errno=error.errno)
            self._tell(ScannerChanged(scanner.device, "absent", "not_connected"))
        finally:
            source.close()
            with self._lock:
                del self._readers[scanner.device], self._read_now[scanner.device]
            os.eventfd_write(self._look_again, 1)

    def _pass_on(self, scanner: ScannerSettings, results: Iterable[Scan | Voided | None]) -> None:
        for result in results:
            if isinstance(result, Scan):
                self._tell(LineRead(scanner.device, result.text, result.ended))
            elif isinstance(result, Voided):
                self._tell(LineVoided(scanner.device, result.reason, result.length, result.key))


def _ms(seconds: float) -> int:
    return round(seconds * 1000) + 1


class _Notices:
    """The kernel's notices that a file appeared or changed its permissions, by inotify(7)."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = dict.fromkeys(folders)
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def watch(self) -> None:
        """Watch the folders, and those above for a folder's own arrival; watching twice is watching once."""
        for folder in self._folders:
            nearest = next(each for each in (folder.parent, *folder.parents) if each.is_dir())
            for each, what in ((nearest, _IN_CREATE), (folder, _IN_CREATE | _IN_ATTRIB)):
                self._libc.inotify_add_watch(self.descriptor, os.fsencode(each), what)

    def read(self) -> None:
        """Take the notices away; what they name is not of interest, for all is looked at anew."""
        os.read(self.descriptor, 65536)


@contextmanager
def _notices(folders: Iterable[Path]) -> Iterator[_Notices]:
    notices = _Notices(folders)
    try:
        yield notices
    finally:
        os.close(notices.descriptor)
