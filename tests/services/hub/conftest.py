"""A real broker of the hub's own, and connections to it that end with the test."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contracts.topics import Topics
from services.hub import access, broker_logins, logins
from services.hub.broker import Broker
from tests.ports import kept_port
from tests.services.hub.clients import Connect, Connection, Control


@pytest.fixture
def connect() -> Iterator[Connect]:
    opened: list[Connection] = []

    def connect(
        broker: Broker,
        made: logins.Credentials,
        *,
        client_id: str = "",
        password: str = "",
        will: tuple[str, bytes] | None = None,
    ) -> Connection:
        connection = Connection(
            broker.port, made.username, password or made.password, client_id or made.client_id, will=will
        )
        opened.append(connection)
        return connection

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def control(connect: Connect) -> Control:
    def control(broker: Broker, data: Path) -> broker_logins.SendControl:
        hub = connect(broker, logins.own_credentials(data, "hub"))
        assert hub.subscribe(access.CONTROL_RESPONSE) == [1]

        async def send(commands: broker_logins.Commands) -> list[dict[str, Any]]:
            hub.publish(access.CONTROL, payload=json.dumps({"commands": commands}).encode())
            responses: list[dict[str, Any]] = json.loads(hub.next_message().payload)["responses"]
            return responses

        return send

    return control


@pytest.fixture
def topics() -> Topics:
    return Topics("store")


@pytest_asyncio.fixture
async def broker(tmp_path: Path, topics: Topics) -> AsyncIterator[Broker]:
    """A running broker whose data directory is ``tmp_path``."""
    with kept_port() as port:
        running = Broker(tmp_path, topics, port)
        await running.start()
        yield running
        await running.stop()
