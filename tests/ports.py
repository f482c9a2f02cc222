"""Ports that a test keeps for a broker, also while that does not run."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_port() -> Iterator[int]:
    """A port of the loopback that nobody is given who takes any port; a broker may listen on it again and again.

    As long as a socket is bound to it that does not listen, Linux leaves it to those who ask for it by its number
    and for a reused address, as Mosquitto does.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield int(keeper.getsockname()[1])
