"""Keyboard-wedge scanners: found, read and let go of, each by a thread of its own.

Belongs here: the kernel's input devices. Never here: what a scan means, the bus, the database.

The kernel keeps 64 events for a reader, ten characters of a USB scan; a busy event loop would
lose some. So each scanner is read by a thread that does nothing else, and what it read is
handed to the loop. Which device is a scanner is decided from ``/sys`` before anything is
opened: only devices that the settings name are, so nobody's keyboard is ever read. Importing
this starts nothing.
"""

import asyncio
import ctypes
import errno
import os
import select
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evdev import InputDevice, InputEvent, ecodes

from contracts.devices import FaultReason
from services.devices.keys import KeyDecoder, Scan, Voided, VoidReason
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
_KEYS_OF_A_SCANNER = (*range(ecodes.KEY_1, ecodes.KEY_0 + 1), ecodes.KEY_ENTER)
_IN_ATTRIB, _IN_CREATE = 0x4, 0x100  # linux/inotify.h


@dataclass(frozen=True, slots=True)
class ScannerChanged:
    """A scanner is ready, has a fault, or is not there."""

    device: str
    state: Literal["ready", "fault", "absent"]
    reason: FaultReason


@dataclass(frozen=True, slots=True)
class LineRead:
    """A scanner read a whole code."""

    device: str
    text: str


@dataclass(frozen=True, slots=True)
class LineVoided:
    """A scan was thrown away; ``key`` is the code of the key that no scanner types."""

    device: str
    reason: VoidReason
    length: int
    key: int | None


Heard = ScannerChanged | LineRead | LineVoided


@dataclass(frozen=True, slots=True)
class Identity:
    """What the kernel tells of an input device without its being opened. ``usb`` is vendor:product."""

    bus: int
    usb: str
    serial: str
    port: str
    keys: frozenset[int]

    def fits(self, scanner: ScannerSettings) -> bool:
        """Whether this is that scanner.

        A keyboard on the PS/2 port never is: a scanner there shares its device with the real keyboard.
        """
        return (
            self.bus != ecodes.BUS_I8042
            and self.keys.issuperset(_KEYS_OF_A_SCANNER)
            and scanner.usb in (None, self.usb)
            and scanner.serial in (None, self.serial)
            and scanner.port in (None, self.port)
        )


def read_identity(folder: Path) -> Identity | None:
    """Read ``/sys/class/input/eventN``, or return None when the device is gone."""

    def attribute(name: str) -> str:
        return (folder / "device" / name).read_text(encoding="utf-8", errors="replace").strip()

    try:
        return Identity(
            bus=int(attribute("id/bustype"), 16),
            usb=f"{attribute('id/vendor')}:{attribute('id/product')}",
            serial=attribute("uniq"),
            port=attribute("phys").partition("/")[0],
            keys=_bits(attribute("capabilities/key")),
        )
    except OSError:
        return None


def _bits(words: str) -> frozenset[int]:
    """Read a bitmap as the kernel prints it: words of a C long in hexadecimal, the highest first."""
    width = 8 * struct.calcsize("l")
    number = sum(int(word, 16) << (width * place) for place, word in enumerate(reversed(words.split())))
    return frozenset(bit for bit in range(number.bit_length()) if number >> bit & 1)


class Scanners:
    """All scanners of the settings, whether they are plugged in or not.

    ``heard`` is called on the event loop of ``start`` with everything that happens.
    """

    def __init__(  # noqa: PLR0913 - the two folders are the seam for tests
        self,
        scanners: Sequence[ScannerSettings],
        heard: Callable[[Heard], None],
        log: Log,
        *,
        sweep_s: float = 5.0,
        input_folder: Path = INPUT,
        sys_folder: Path = SYS,
    ) -> None:
        # The more marks a scanner is known by, the earlier it chooses.
        self._wanted = sorted(scanners, key=lambda each: [each.serial, each.port, each.usb].count(None))
        self._heard = heard
        self._log = log
        self._sweep_s = sweep_s
        self._input = input_folder
        self._sys = sys_folder
        self._readers: dict[str, threading.Thread] = {}
        self._read_now: dict[str, str] = {}
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
        with _notices(self._input) as notices:
            notices.watch()
            soon = self._look()
            self._tell_of_absent()
            waiting = select.poll()
            for descriptor in (self._stop, self._look_again, notices.descriptor):
                waiting.register(descriptor, select.POLLIN)
            while True:
                ready = {descriptor for descriptor, _ in waiting.poll((RETRY_S if soon else self._sweep_s) * 1000)}
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
        soon = False
        for event in self._events():
            with self._lock:
                if event in self._read_now.values():
                    continue
                being_read = set(self._read_now)
            identity = read_identity(self._sys / event)
            if identity is None:
                continue
            wanted = (each for each in self._wanted if each.device not in being_read and identity.fits(each))
            scanner = next(wanted, None)
            if scanner is not None:
                soon = not self._open(scanner, event, identity) or soon
        return soon

    def _events(self) -> list[str]:
        try:
            return sorted(each.name for each in self._input.iterdir() if each.name.startswith("event"))
        except OSError:
            return []

    def _open(self, scanner: ScannerSettings, event: str, identity: Identity) -> bool:
        """Open, grab and begin to read a scanner; False says that it is worth another try at once."""
        device = None
        try:
            device = InputDevice(str(self._input / event), readonly=True)
            if (
                f"{device.info.vendor:04x}:{device.info.product:04x}" != identity.usb
                or device.uniq.strip() != identity.serial
            ):
                device.close()  # another device has taken the number meanwhile
                return False
            device.grab()
        except OSError as error:
            if device is not None:
                device.close()
            return self._refuse(scanner, error.errno)
        self._refused.pop(scanner.device, None)
        reader = threading.Thread(target=self._read, args=(scanner, device), name=f"scanner-{scanner.device}")
        with self._lock:
            self._readers[scanner.device] = reader
            self._read_now[scanner.device] = event
        self._log.info("scanner-ready", device=scanner.device, register=scanner.register)
        self._tell(ScannerChanged(scanner.device, "ready", "none"))
        reader.start()
        return True

    def _refuse(self, scanner: ScannerSettings, number: int | None) -> bool:
        tries = self._refused[scanner.device] = self._refused.get(scanner.device, 0) + 1
        if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
            return True
        if number in (errno.EACCES, errno.EPERM) and tries < RETRIES:
            return False
        reason = _REFUSALS.get(number or 0, "offline")
        if tries in (1, RETRIES):
            self._log.error("scanner-refused", device=scanner.device, reason=reason, errno=number)
        self._tell(ScannerChanged(scanner.device, "fault", reason))
        return True

    def _read(self, scanner: ScannerSettings, device: "InputDevice[str]") -> None:
        decoder = KeyDecoder()
        waiting = select.poll()
        waiting.register(device.fd, select.POLLIN)
        waiting.register(self._stop, select.POLLIN)
        try:
            while self._stop not in {descriptor for descriptor, _ in waiting.poll()}:
                for event in _waiting_events(device):
                    self._pass_on(scanner, decoder.feed(event.type, event.code, event.value, event.timestamp()))
        except OSError as error:
            self._log.warning("scanner-gone", device=scanner.device, errno=error.errno)
            self._tell(ScannerChanged(scanner.device, "absent", "not_connected"))
        finally:
            device.close()
            with self._lock:
                del self._readers[scanner.device], self._read_now[scanner.device]
            os.eventfd_write(self._look_again, 1)

    def _pass_on(self, scanner: ScannerSettings, result: Scan | Voided | None) -> None:
        if isinstance(result, Scan):
            self._tell(LineRead(scanner.device, result.text))
        elif isinstance(result, Voided):
            self._tell(LineVoided(scanner.device, result.reason, result.length, result.key))


def _waiting_events(device: "InputDevice[str]") -> list[InputEvent]:
    try:
        return list(device.read())
    except BlockingIOError:
        return []


class _Notices:
    """The kernel's notices that a file appeared or changed its permissions, by inotify(7)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def watch(self) -> None:
        """Watch the folder, and the one above it for the folder's own arrival; watching twice is watching once."""
        for folder, what in ((self._folder.parent, _IN_CREATE), (self._folder, _IN_CREATE | _IN_ATTRIB)):
            self._libc.inotify_add_watch(self.descriptor, os.fsencode(folder), what)

    def read(self) -> None:
        """Take the notices away; what they name is not of interest, for all is looked at anew."""
        os.read(self.descriptor, 65536)


@contextmanager
def _notices(folder: Path) -> Iterator[_Notices]:
    notices = _Notices(folder)
    try:
        yield notices
    finally:
        os.close(notices.descriptor)
