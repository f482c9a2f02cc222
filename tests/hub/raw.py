"""A register that does not keep to the contract: any bytes, any topic, any property."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypedDict, Unpack

import msgspec

from contracts.topics import Topics
from services.runtime.bus import Incoming, Login, Outgoing, Subscription
from services.runtime.bus.mqtt import MqttBus
from services.runtime.log import Log
from tests.hub.shop import IDS, PATIENCE_S


class Sent(TypedDict, total=False):
    """What a request is sent with where it is not as the contract has it."""

    retain: bool
    response_topic: str | None
    correlation: bytes | None
    expiry_s: int | None
    properties: tuple[tuple[str, str], ...]


class RawRegister:
    """A connection with a register's login; made by ``raw_register``."""

    def __init__(self, login: Login, topics: Topics, token: str) -> None:
        self.name = login.username
        self.topics = topics
        self.token = token
        self.online = asyncio.Event()
        self.bus = MqttBus(login, Log("raw"))
        self.heard: list[Incoming] = []
        """Everything that came on its reply topics."""
        self._something = asyncio.Event()
        self._attempts = itertools.count()

    def request(self, service: str, name: str, payload: bytes, **sent: Unpack[Sent]) -> Outgoing:
        """A request as the contract has it, but for what is given."""
        as_it_should_be: Sent = {
            "response_topic": self.topics.reply(self.name, service),
            "correlation": f"raw-{next(self._attempts)}".encode(),
            "expiry_s": 20,
            "properties": (("id", IDS.new()), ("token", self.token)),
        }
        as_it_should_be.update(sent)
        return Outgoing(self.topics.request(service, name, self.name), payload, **as_it_should_be)

    async def answer(self, request: Outgoing) -> dict[str, Any]:
        """Send a request and wait for what is answered, as plain JSON."""
        await self.bus.send(request)
        return await self.answered(request.correlation)

    async def answered(self, correlation: bytes | None) -> dict[str, Any]:
        """Wait for the answer with that correlation data."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for message in self.heard:
                    if message.correlation == correlation:
                        answer: dict[str, Any] = msgspec.json.decode(message.payload)
                        return answer
                self._something.clear()
                await self._something.wait()

    # The bus's listener

    def subscriptions(self) -> list[Subscription]:
        return [Subscription(self.topics.replies_to(self.name), retained=True)]

    async def on_connected(self) -> None:
        self.online.set()

    def on_disconnected(self) -> None:
        self.online.clear()

    def on_message(self, message: Incoming) -> None:
        self.heard.append(message)
        self._something.set()


@asynccontextmanager
async def raw_register(login: Login, topics: Topics, token: str = "") -> AsyncIterator[RawRegister]:
    """Connect with a login that nobody uses meanwhile."""
    register = RawRegister(login, topics, token)
    work = asyncio.create_task(register.bus.run(register), name="raw register")
    try:
        async with asyncio.timeout(PATIENCE_S):
            await register.online.wait()
        yield register
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
