"""Scanners that play keyboard: which of the kernel's input devices is one, and reading it.

Which device is a scanner is decided from ``/sys`` before anything is opened: only devices that
the settings name are, so nobody's keyboard is ever read.
"""

import fcntl
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from evdev import InputDevice, ecodes

from services.devices.scanners.keys import KeyDecoder, Scan, Voided
from services.devices.scanners.layouts import LAYOUTS
from services.devices.settings import ScannerSettings

_SET_CLOCK = 0x400445A0
"""EVIOCSCLOCKID of linux/input.h: what clock the events are stamped by. The wall's may be set in mid scan."""
_KEYS_OF_A_SCANNER = (*range(ecodes.KEY_1, ecodes.KEY_0 + 1), ecodes.KEY_ENTER)


class OtherDevice(OSError):
    """Another device has taken the number meanwhile."""


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
            scanner.tty is None
            and self.bus != ecodes.BUS_I8042
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


class InputSource:
    """An input device that is open and grabbed: nobody else hears its keys.

    Raises:
        OSError: it cannot be opened, or somebody else has grabbed it (EBUSY).
        OtherDevice: the file is no longer that of the device that was looked at.
    """

    def __init__(self, path: Path, identity: Identity, scanner: ScannerSettings) -> None:
        self._device = InputDevice(str(path), readonly=True)
        try:
            info = self._device.info
            if (f"{info.vendor:04x}:{info.product:04x}", self._device.uniq.strip()) != (identity.usb, identity.serial):
                raise OtherDevice
            self._device.grab()
            fcntl.ioctl(self._device.fd, _SET_CLOCK, struct.pack("i", time.CLOCK_MONOTONIC))
        except OSError:
            self._device.close()
            raise
        self._decoder = KeyDecoder(
            LAYOUTS[scanner.layout],
            end=scanner.end,
            separator=scanner.chord,
            several_codes=scanner.several_codes,
            patience_s=scanner.pause_s,
        )
        self.descriptor: int = self._device.fd

    @property
    def in_scan(self) -> bool:
        """Whether a scan has begun whose end has not come."""
        return self._decoder.in_scan

    def read(self) -> list[Scan | Voided]:
        """Take the events that wait.

        Raises:
            OSError: the device is gone.
        """
        try:
            events = list(self._device.read())
        except BlockingIOError:
            return []
        return [
            result
            for each in events
            for result in self._decoder.feed(each.type, each.code, each.value, each.timestamp())
        ]

    def pause(self) -> Scan | Voided | None:
        """End or void what was begun; the scanner was silent for its ``pause_s``."""
        return self._decoder.pause(time.monotonic())

    def close(self) -> None:
        """Let go of the device."""
        self._device.close()
