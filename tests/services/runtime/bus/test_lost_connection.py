"""A broker that dies with bytes on their way is missed at once, not when the keepalive runs out, and without a fuss."""

import asyncio
import fcntl
import os
import select
import socket
import struct
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop
from paho.mqtt import publish

from services.runtime.bus import Outgoing, Subscription
from tests.ports import kept_port
from tests.services.runtime.brokers import Client, Mosquitto, socket_of
from tests.under_test import until

SOON_S = 10
"""Far below the half minute that the keepalive takes."""
PINGREQ = b"\xc0\x00"  # MQTT 5.0, 3.12


def bytes_waiting(connection: socket.socket) -> int:
    """How many bytes the kernel holds for a reader."""
    answer = fcntl.ioctl(connection.fileno(), termios.FIONREAD, b"\0\0\0\0")
    return int(struct.unpack("i", answer)[0])


def reset_with_bytes_unread(client: Client, broker: Mosquitto, topic: str) -> None:
    """Let a message wait in the client's socket, and the broker die before it reads what the client sent."""
    connection = socket_of(client.bus)
    publish.single(topic, b"the last", 1, hostname="127.0.0.1", port=broker.port, client_id="neighbour")
    while not bytes_waiting(connection):
        pass
    broker.freeze()
    os.waitpid(broker.pid, os.WUNTRACED)
    connection.send(PINGREQ)
    broker.kill()
    watch = select.poll()
    watch.register(connection, select.POLLERR)
    assert watch.poll(1000 * SOON_S)


both_loops = pytest.mark.parametrize(
    "loop_factory", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"]
)


@both_loops
def test_a_connection_that_is_reset_behind_a_message_is_missed_at_once(
    tmp_path: Path, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def lose(broker: Mosquitto) -> list[bytes]:
        async with Client(broker.bus("listener"), Subscription("news", retained=False)).running() as client:
            reset_with_bytes_unread(client, broker, "news")
            await until(lambda: not client.online.is_set(), within_s=SOON_S)
            return client.payloads

    with kept_port() as port, asyncio.Runner(loop_factory=loop_factory) as runner:
        broker = Mosquitto(tmp_path, port)
        broker.start()
        assert runner.run(lose(broker)) == [b"the last"]


@both_loops
def test_what_is_sent_as_the_broker_dies_leaves_no_error_on_the_loop(
    tmp_path: Path, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """With uvloop the end is read before what was put off is done; a closed socket must not be watched then."""

    async def send_and_lose(broker: Mosquitto) -> list[dict[str, Any]]:
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, complaint: complaints.append(complaint))
        async with Client(broker.bus("sender")).running() as client:
            broker.kill()
            client.bus.post(Outgoing("news", b"too late"))
            await until(lambda: not client.online.is_set(), within_s=SOON_S)
        return complaints

    with kept_port() as port, asyncio.Runner(loop_factory=loop_factory) as runner:
        broker = Mosquitto(tmp_path, port)
        broker.start()
        assert runner.run(send_and_lose(broker)) == []
