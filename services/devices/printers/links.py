"""Bytes to a device and back, over the network, USB or a serial line. Never here: what the bytes mean.

Each is a file descriptor that never blocks, watched by the event loop, and what can block all the same, opening
and closing it, has a thread; so a device that hangs holds up nothing but its own task. None of them is kept open
between jobs: a printer serves one caller at a time, and a kept connection hides a power cut.
"""

import asyncio
import errno
import fcntl
import os
import socket
import struct
import termios
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self

from services.devices.printers.settings import Reached
from services.devices.printers.usb import printer_node

_READ_AT_ONCE = 256
_WRITE_AT_ONCE = 4096
_BETWEEN_LOOKS_S = 0.01


class LinkLost(Exception):
    """The other side ended the connection, or the device was unplugged."""


class Address(NamedTuple):
    """One address of a computer, as ``socket.getaddrinfo`` tells it."""

    family: int
    kind: int
    protocol: int
    canonical_name: str
    place: Any


class Link:
    """An open way to a device, as a context manager that closes it."""

    def __init__(
        self,
        descriptor: int,
        *,
        ends_when_empty: bool,
        close: Callable[[], object],
        unsent: Callable[[], int] = lambda: 0,
    ) -> None:
        """Take over a descriptor that does not block.

        Args:
            descriptor: The open file.
            ends_when_empty: Whether reading no bytes means that it has ended; on USB it means nothing.
            close: Closes it, now or soon; what the device did not take yet may be lost by that.
            unsent: How many bytes the kernel still holds for the device.
        """
        self._descriptor = descriptor
        self._ends_when_empty = ends_when_empty
        self._close = close
        self._unsent = unsent
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    async def send(self, data: bytes, *, patience_s: float) -> None:
        """Hand over all bytes.

        Raises:
            TimeoutError: nothing more was taken for that long, or the kernel gave the other side up.
            LinkLost: there is nobody to take it any more.
        """
        rest = memoryview(data)
        while rest:
            try:
                taken = os.write(self._descriptor, rest[:_WRITE_AT_ONCE])
            except BlockingIOError:
                taken = 0
            except TimeoutError:
                raise
            except OSError as error:
                raise LinkLost(str(error)) from error
            rest = rest[taken:]
            if not taken:
                async with asyncio.timeout(patience_s):
                    await self._until(self._loop.add_writer, self._loop.remove_writer)

    async def taken(self, *, patience_s: float) -> None:
        """Wait until the device has taken all that was sent.

        Raises:
            TimeoutError: it does not.
            LinkLost: there is nobody to take it any more.
        """
        async with asyncio.timeout(patience_s):
            await self._until(self._loop.add_writer, self._loop.remove_writer)
            while self._still_held():  # noqa: ASYNC110 - the kernel tells nobody when a line is empty
                await asyncio.sleep(_BETWEEN_LOOKS_S)

    def _still_held(self) -> int:
        try:
            return self._unsent()
        except OSError as error:
            raise LinkLost(str(error)) from error

    async def receive(self) -> bytes:
        """Wait for the next bytes.

        Raises:
            LinkLost: there will be none.
        """
        while True:
            # A device that sends without end must not keep the loop from everybody else, nor from its own time-out.
            await asyncio.sleep(0)
            data = self.received()
            if data:
                return data
            await self._until(self._loop.add_reader, self._loop.remove_reader)

    def received(self) -> bytes:
        """What has come by now, perhaps nothing.

        Raises:
            TimeoutError: the kernel gave the other side up.
            LinkLost: nothing will come any more.
        """
        try:
            data = os.read(self._descriptor, _READ_AT_ONCE)
        except BlockingIOError:
            return b""
        except TimeoutError:
            raise
        except OSError as error:
            raise LinkLost(str(error)) from error
        if not data and self._ends_when_empty:
            raise LinkLost
        return data

    async def _until(
        self, watch: Callable[[int, Callable[[], object]], object], unwatch: Callable[[int], object]
    ) -> None:
        ready = asyncio.Event()
        watch(self._descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            unwatch(self._descriptor)


OpenLink = Callable[[float], Awaitable[Link]]
"""Opens a link within so many seconds, or raises ``OSError`` (``TimeoutError`` is one)."""


def way_to(reached: Reached, *, send_s: float) -> OpenLink:
    """How a device is opened that is reached by network, USB or serial line.

    ``send_s`` is how long the kernel goes on sending to a computer that does not answer.
    """
    # One of its own: where the internet is away, a name that nobody knows keeps a thread for many seconds, and a USB
    # line that hangs keeps whoever opens or closes it for five (Linux, cdc-acm). It also closes before it opens again.
    thread = ThreadPoolExecutor(1, thread_name_prefix=f"{reached.device}-link")

    async def open_link(patience_s: float) -> Link:
        if reached.host is not None:
            return await _connect(reached.host, reached.port, patience_s, send_s, thread)
        if reached.tty is None:
            descriptor = await opened(partial(_open_usb, reached), patience_s, thread)
            return Link(descriptor, ends_when_empty=False, close=lambda: thread.submit(os.close, descriptor))
        descriptor = await opened(partial(_open_tty, reached.tty, reached), patience_s, thread)
        return Link(
            descriptor,
            ends_when_empty=True,
            close=lambda: thread.submit(_close_tty, descriptor),
            unsent=lambda: _unsent(descriptor),
        )

    return open_link


async def _connect(host: str, port: int, patience_s: float, send_s: float, thread: Executor) -> Link:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(patience_s):
        begun = loop.time()
        find = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = [Address(*each) for each in await loop.run_in_executor(thread, find)]
        connection = await connected(found, patience_s - (loop.time() - begun), send_s)
    return Link(connection.fileno(), ends_when_empty=True, close=connection.close)


async def connected(addresses: Sequence[Address], patience_s: float, send_s: float) -> socket.socket:
    """A connection to the first of a computer's addresses that lets us in.

    A printer often has a name with two addresses and listens at one of them (IPv6 and IPv4). Each gets an equal share
    of the time that is left, so that one which swallows what it is sent leaves some for the next.

    Raises:
        TimeoutError, OSError: none does; it is what became of the last one.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + patience_s
    for left in range(len(addresses), 0, -1):
        try:
            async with asyncio.timeout((until - loop.time()) / left):
                return await _connection(addresses[-left], send_s)
        except OSError:  # a TimeoutError is an OSError
            if left == 1:
                raise
    raise OSError(errno.EADDRNOTAVAIL, "no address")


async def _connection(address: Address, send_s: float) -> socket.socket:
    connection = socket.socket(address.family, address.kind, address.protocol)
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Without it a printer that lost its power takes receipts for minutes (measured).
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(send_s * 1000))
        await asyncio.get_running_loop().sock_connect(connection, address.place)
    except BaseException:
        connection.close()
        raise
    return connection


async def opened(open_file: Callable[[], int], patience_s: float, thread: Executor) -> int:
    """A descriptor that is opened in a thread; one that comes too late for anybody is closed there.

    Raises:
        TimeoutError: it is not open yet.
        OSError: it cannot be opened.
    """
    opening = thread.submit(open_file)
    try:
        async with asyncio.timeout(patience_s):
            return await asyncio.wrap_future(opening)
    except BaseException:
        opening.add_done_callback(_close_unwanted)
        raise


def _close_unwanted(opening: "Future[int]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        os.close(opening.result())


def _open_usb(printer: Reached) -> int:
    node = printer_node(printer.usb, printer.serial, printer.usb_port)
    return os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)


def _open_tty(path: str, line: Reached) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        _set_line(descriptor, line)
    except termios.error as error:
        os.close(descriptor)
        raise OSError(*error.args) from error
    return descriptor


def _close_tty(descriptor: int) -> None:
    # What a printer that is off never took would hold up the closing for half a minute.
    with suppress(termios.error):
        termios.tcflush(descriptor, termios.TCOFLUSH)
    os.close(descriptor)


def _unsent(descriptor: int) -> int:
    """How many bytes the kernel still holds for a line."""
    return int(struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)))[0])


def _set_line(descriptor: int, line: Reached) -> None:
    """Bytes as they are, eight bits, no parity, one stop bit, whoever is or is not at the other end."""
    speed = getattr(termios, f"B{line.baud}")
    _, _, _, _, _, _, characters = termios.tcgetattr(descriptor)
    # Reading nothing means that the line has ended, and never that nothing has come yet.
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    control = termios.CS8 | termios.CREAD | termios.CLOCAL | (termios.CRTSCTS if line.flow == "rts_cts" else 0)
    given = (termios.IXON | termios.IXOFF) if line.flow == "xon_xoff" else 0
    termios.tcsetattr(descriptor, termios.TCSANOW, [given, 0, control, 0, speed, speed, characters])
    termios.tcflush(descriptor, termios.TCIFLUSH)
