"""A printer on a computer of its own, whose power can be cut: a network namespace of Linux at the end of a cable.

A cut leaves the connection half open: nobody says that it ended. Needs root and ``ip`` (iproute2).
"""

import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address

_CLONE_NEWNET = 0x40000000
_NETWORKS = 2**17 // 4
_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


class NotPossible(Exception):
    """There can be no such computer here; the sentence says why."""


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, env={"PATH": _PATH})


@dataclass(frozen=True)
class OtherComputer:
    """The computer, and a socket that listens on it."""

    name: str
    address: str
    listening: socket.socket

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.listening.getsockname()[1])

    def cut_power(self) -> None:
        """Let it say nothing more, not even that it is gone."""
        _ip("-n", self.name, "address", "del", f"{self.address}/30", "dev", "far")

    def power_on(self) -> None:
        """Let it be there again."""
        _ip("-n", self.name, "address", "add", f"{self.address}/30", "dev", "far")


@contextmanager
def other_computer() -> Iterator[OtherComputer]:
    """A computer at the end of a cable, for as long as the block lasts.

    Raises:
        NotPossible: this process may not make one.
    """
    name, near = f"tillwire-{os.getpid()}", f"tw{os.getpid()}"
    # A network of RFC 2544, for tests: nobody has its addresses. Each process takes four of its own.
    network = IPv4Address("198.18.0.0") + 4 * (os.getpid() % _NETWORKS)
    ours, theirs = str(network + 1), str(network + 2)
    if os.geteuid() != 0 or shutil.which("ip", path=_PATH) is None:
        raise NotPossible("needs root and the program ip of iproute2")
    try:
        _ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        raise NotPossible(error.stderr.decode().strip()) from error
    try:
        _ip("link", "add", near, "type", "veth", "peer", "name", "far", "netns", name)
        _ip("address", "add", f"{ours}/30", "dev", near)
        _ip("link", "set", near, "up")
        _ip("-n", name, "address", "add", f"{theirs}/30", "dev", "far")
        _ip("-n", name, "link", "set", "far", "up")
        with _listening_in(name, theirs) as listening:
            yield OtherComputer(name, theirs, listening)
    finally:
        with suppress(subprocess.CalledProcessError):
            _ip("link", "del", near)
        _ip("netns", "del", name)


def _listening_in(name: str, address: str) -> socket.socket:
    """A socket that listens in a namespace; a thread has to go there to make it."""
    made: list[socket.socket] = []

    def make() -> None:
        with open(f"/run/netns/{name}", "rb") as namespace:  # noqa: PTH123 - only its descriptor is wanted
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET):
                return
        made.append(socket.create_server((address, 0)))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if not made:
        raise OSError("this process may not enter a network namespace")
    return made[0]
