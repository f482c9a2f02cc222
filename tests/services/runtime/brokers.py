"""Brokers and clients for the tests of the runtime: one in memory, and a real Mosquitto without logins."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.hub.broker import find_programs
from services.runtime.bus import Bus, Incoming, Login, Outgoing, Subscription
from services.runtime.bus.memory import MemoryBroker, MemoryBus
from services.runtime.bus.mqtt import MqttBus
from services.runtime.clock import Clock
from services.runtime.log import Log
from tests.under_test import until

_CONFIG = """\
listener {port} 127.0.0.1
{user}allow_anonymous true
set_tcp_nodelay true
persistence false
max_queued_messages 100000
max_inflight_messages 500
log_dest stderr
"""


class Client:
    """A client of any bus, which keeps all that it hears."""

    def __init__(self, bus: Bus, *subscriptions: Subscription) -> None:
        self.bus = bus
        self.heard: list[Incoming] = []
        self.online = asyncio.Event()
        self.connects = 0
        self._subscriptions = list(subscriptions)

    def subscriptions(self) -> list[Subscription]:
        return self._subscriptions

    async def on_connected(self) -> None:
        self.connects += 1
        self.online.set()

    def on_message(self, message: Incoming) -> None:
        self.heard.append(message)

    def on_disconnected(self) -> None:
        self.online.clear()

    @property
    def payloads(self) -> list[bytes]:
        """What was heard, in its order."""
        return [message.payload for message in self.heard]

    async def hears(self, payload: bytes) -> None:
        """Wait until a message with that payload came."""
        await until(lambda: payload in self.payloads)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Client"]:
        """Connected from the start to the end, then gone with a clean goodbye."""
        work = asyncio.create_task(self.bus.run(self))
        try:
            await wait_online(self, work)
            yield self
        finally:
            work.cancel()
            await asyncio.wait((work,))


async def wait_online(client: Client, work: "asyncio.Task[None]") -> None:
    """Wait until a client is connected; what ends its bus instead is raised."""
    online = asyncio.create_task(client.online.wait())
    async with asyncio.timeout(20):
        await asyncio.wait((online, work), return_when=asyncio.FIRST_COMPLETED)
    online.cancel()
    if work.done():
        work.result()


class Mosquitto:
    """A real broker that lets everybody in and keeps nothing on disk.

    Args:
        folder: where its configuration and its log lie.
        port: a port that is kept for it.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._programs = find_programs()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        user = "user root\n" if os.geteuid() == 0 else ""
        (folder / "mosquitto.conf").write_text(_CONFIG.format(port=self.port, user=user), encoding="utf-8")

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; whoever connects from now on waits until it answers."""
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._programs.setpriv, "--pdeathsig", "KILL", "--"),
                    *(self._programs.mosquitto, "-c", "mosquitto.conf"),
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it without a word."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Let it stand still; its connections stay open."""
        os.kill(self.pid, signal.SIGSTOP)

    def bus(self, client_id: str, *, will: Outgoing | None = None, keepalive_s: int = 15) -> MqttBus:
        """A connection to it."""
        login = Login("127.0.0.1", self.port, client_id, "", client_id)
        return MqttBus(login, Log(client_id), will=will, keepalive_s=keepalive_s)


class InMemory:
    """The broker in memory, as the suite sees it."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.broker = MemoryBroker(clock)

    def bus(self, client_id: str, will: Outgoing | None = None) -> Bus:
        """A connection to it."""
        return MemoryBus(self.broker, client_id, will=will)

    def cut(self, bus: Bus) -> None:
        """Break a client's connection without a word."""
        assert isinstance(bus, MemoryBus)
        bus.drop()

    def lose_everything(self) -> None:
        """Kill the broker and start it again."""
        self.broker.forget()


class Real:
    """Mosquitto, as the suite sees it."""

    def __init__(self, broker: Mosquitto) -> None:
        self.broker = broker

    def bus(self, client_id: str, will: Outgoing | None = None) -> Bus:
        """A connection to it."""
        return self.broker.bus(client_id, will=will)

    def cut(self, bus: Bus) -> None:
        """Break a client's connection without a word."""
        socket_of(bus).shutdown(socket.SHUT_RDWR)

    def lose_everything(self) -> None:
        """Kill the broker and start it again."""
        self.broker.kill()
        self.broker.start()


def socket_of(bus: Bus) -> socket.socket:
    """The socket that a real bus is connected by now."""
    assert isinstance(bus, MqttBus)
    assert bus._client is not None  # noqa: SLF001 - nobody but a test cuts a bus's socket
    opened = bus._client._client.socket()  # noqa: SLF001 - the same
    assert isinstance(opened, socket.socket)
    return opened
