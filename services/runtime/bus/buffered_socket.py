"""The socket of a connection, read in large pieces. Never here: MQTT."""

import socket

READ_AT_ONCE = 65536


class BufferedSocket(socket.socket):
    """A socket that is read in large pieces and handed out in the small ones that paho asks for.

    paho reads a packet with three or more calls, the first two for one byte each. Every call into
    the kernel also lets go of the interpreter, and the writer's thread is quick to take it.
    aiomqtt reads on as long as ``pending`` says so, as it does for TLS sockets.
    """

    def __init__(self, plain: socket.socket) -> None:
        super().__init__(plain.family, plain.type, plain.proto, fileno=plain.detach())
        self._read = b""
        self._taken = 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """The next bytes, at most so many; none when the other side is gone."""
        if self._taken == len(self._read):
            self._read, self._taken = super().recv(READ_AT_ONCE, flags), 0
        piece = self._read[self._taken : self._taken + size]
        self._taken += len(piece)
        return piece

    def pending(self) -> int:
        """More than 0 when a read would not wait: for bytes, or for the connection's end.

        The kernel is asked, too. libuv tells only once of a connection that was reset, even when bytes from
        before are still to be read, and uvloop then watches it no more: who does not read up to the end in
        that one call learns of it from the keepalive, half a minute later.
        """
        if self._taken < len(self._read):
            return len(self._read) - self._taken
        try:
            super().recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return 0
        except OSError:
            return 1  # the read that follows finds the connection closed
        return 1
