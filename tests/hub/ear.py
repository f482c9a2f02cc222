"""An ear on the bus: hears every message of some topics as the broker delivers it, replies of others included."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from services.runtime.bus import Incoming, Login, Subscription
from services.runtime.bus.mqtt import MqttBus
from services.runtime.log import Log
from tests.hub.shop import PATIENCE_S


class Ear:
    """A connection that only hears; made by ``listening``."""

    def __init__(self, login: Login, topics: tuple[str, ...]) -> None:
        self.bus = MqttBus(login, Log("ear"))
        self.online = asyncio.Event()
        self._topics = topics
        self._heard: asyncio.Queue[Incoming] = asyncio.Queue()

    async def until(self, last: Callable[[Incoming], bool]) -> list[Incoming]:
        """All that was heard up to such a message."""
        heard: list[Incoming] = []
        async with asyncio.timeout(PATIENCE_S):
            while not heard or not last(heard[-1]):
                heard.append(await self._heard.get())
        return heard

    # The bus's listener

    def subscriptions(self) -> list[Subscription]:
        return [Subscription(topic, retained=False) for topic in self._topics]

    async def on_connected(self) -> None:
        self.online.set()

    def on_disconnected(self) -> None:
        self.online.clear()

    def on_message(self, message: Incoming) -> None:
        self._heard.put_nowait(message)


@asynccontextmanager
async def listening(login: Login, *topics: str) -> AsyncIterator[Ear]:
    """Hear those topics until the end."""
    ear = Ear(login, topics)
    work = asyncio.create_task(ear.bus.run(ear), name="ear")
    await ear.online.wait()
    yield ear
    work.cancel()
    await asyncio.wait((work,))
