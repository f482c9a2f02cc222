"""Scanners that play serial port (USB CDC-ACM) or have a real line: opened alone, read as they send."""

import errno
import fcntl
import os
import termios
import time
import tty

from services.devices.scanners.keys import Scan, Voided
from services.devices.scanners.serial_lines import SerialDecoder
from services.devices.settings import ScannerSettings

_AT_ONCE = 4096


class SerialSource:
    """A port that is open for us alone.

    Raises:
        OSError: it cannot be opened, is no port (ENOTTY), or somebody else has it (EBUSY).
    """

    def __init__(self, path: str, scanner: ScannerSettings) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            # Only root opens what is under TIOCEXCL; a lock is what root is told by.
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _make_raw(self.descriptor, scanner.baud)
            fcntl.ioctl(self.descriptor, termios.TIOCEXCL)
        except BlockingIOError as error:
            os.close(self.descriptor)
            raise OSError(errno.EBUSY, "somebody else reads it") from error
        except termios.error as error:
            os.close(self.descriptor)
            raise OSError(error.args[0], "no serial port") from error
        except OSError:
            os.close(self.descriptor)
            raise
        self._decoder = SerialDecoder(end=scanner.end, several_codes=scanner.several_codes, patience_s=scanner.pause_s)

    @property
    def in_scan(self) -> bool:
        """Whether a scan has begun whose end has not come."""
        return self._decoder.in_scan

    def read(self) -> list[Scan | Voided]:
        """Take the bytes that wait.

        Raises:
            OSError: the port is gone.
        """
        try:
            data = os.read(self.descriptor, _AT_ONCE)
        except BlockingIOError:
            return []
        if not data:
            raise OSError(errno.ENODEV, "the port hung up")
        return self._decoder.feed(data, time.monotonic())

    def pause(self) -> Scan | Voided | None:
        """End or void what was begun; the scanner was silent for its ``pause_s``."""
        return self._decoder.pause(time.monotonic())

    def close(self) -> None:
        """Let go of the port."""
        os.close(self.descriptor)


def _make_raw(descriptor: int, baud: int) -> None:
    """Let every byte through as it is, eight bits without parity, and throw away what came before."""
    tty.setraw(descriptor, termios.TCSANOW)
    attributes = termios.tcgetattr(descriptor)
    speed: int = getattr(termios, f"B{baud}")
    attributes[2] |= termios.CLOCAL | termios.CREAD
    attributes[4] = attributes[5] = speed
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
    termios.tcflush(descriptor, termios.TCIFLUSH)
