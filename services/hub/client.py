"""A client of the bus for tools: the command line, the demo, the bench and the tests.

It connects, asks, and hears what it subscribed to. What the messages mean is for whoever uses it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import msgspec

from contracts.base import Reply
from contracts.base import Request as RequestMessage
from contracts.topics import Topics
from services.hub import access, broker_logins, login_names
from services.runtime.bus import Incoming, Login, Outgoing, Subscription
from services.runtime.bus.mqtt import MqttBus
from services.runtime.ids import RandomIds
from services.runtime.log import Log
from services.runtime.requester import Requester

R = TypeVar("R", bound=Reply)

CONNECT_PATIENCE_S: Final = 10.0
CONTROL_PATIENCE_S: Final = 10.0


class BrokerAway(Exception):
    """The broker cannot be reached, or not any more; the sentence says where it was looked for."""


class Client:
    """One connection to the broker; made by ``connected``."""

    def __init__(self, login: Login, topics: Topics, watching: Sequence[str], *, asks: bool, until_lost: bool) -> None:
        self.topics = topics
        self.caller = login.username.partition(login_names.TEMPORARY)[0]
        """Its name in topics."""
        self.online = asyncio.Event()
        """Set while the connection stands."""
        self.bus = MqttBus(login, Log("hub"))
        self._watching = watching
        self._asks = asks
        self._until_lost = until_lost
        self._heard: asyncio.Queue[Incoming | None] = asyncio.Queue()
        self._requester = Requester(self.caller, topics, self.bus, RandomIds())

    async def ask(  # noqa: PLR0913 - the options of one call, all named
        self,
        request: RequestMessage[R],
        *,
        service: str | None = None,
        message_id: str | None = None,
        token: str | None = None,
        approval: str | None = None,
        patience_s: float = 5.0,
        attempts: int = 3,
    ) -> R:
        """Ask a service and return its answer; the arguments are those of ``Requester.ask``.

        Raises:
            Refused: rejected for good.
            NoAnswer: no final answer came.
        """
        return await self._requester.ask(
            request,
            service=service,
            message_id=message_id,
            token=token,
            approval=approval,
            patience_s=patience_s,
            attempts=attempts,
        )

    async def ask_raw(  # noqa: PLR0913 - the options of one call, all named
        self,
        service: str,
        name: str,
        payload: bytes,
        *,
        message_id: str | None,
        token: str | None = None,
        approval: str | None = None,
        patience_s: float = 5.0,
        attempts: int = 3,
    ) -> bytes:
        """Ask with any payload; the same rules as ``ask``."""
        return await self._requester.ask_raw(
            service,
            name,
            payload,
            message_id=message_id,
            token=token,
            approval=approval,
            patience_s=patience_s,
            attempts=attempts,
        )

    async def watch(self) -> AsyncIterator[Incoming]:
        """All that it was connected to watch, in order, what was retained first.

        It ends when this login is of no use any more: removed, or used by another; with ``until_lost``
        when the connection is lost.
        """
        while (message := await self._heard.get()) is not None:
            yield message

    def heard(self) -> list[Incoming]:
        """What came of all that by now and was not given yet, in order; nothing is waited for."""
        came = [self._heard.get_nowait() for _ in range(self._heard.qsize())]
        return [message for message in came if message is not None]

    async def send_control(self, commands: broker_logins.Commands) -> list[dict[str, Any]]:
        """Tell the broker's dynamic-security plugin; only for the hub's login.

        It needs a connection of its own, which watches ``access.CONTROL_RESPONSE`` alone.

        Raises:
            BrokerAway: no answer came.
        """
        self.bus.send(Outgoing(access.CONTROL, msgspec.json.encode({"commands": commands})))
        try:
            async with asyncio.timeout(CONTROL_PATIENCE_S):
                async for message in self.watch():
                    if message.topic == access.CONTROL_RESPONSE:
                        responses: list[dict[str, Any]] = msgspec.json.decode(message.payload)["responses"]
                        return responses
        except TimeoutError as error:
            raise BrokerAway("the broker did not answer a change of logins; './tillwire status' tells more") from error
        raise BrokerAway("the broker takes the hub's login no longer; stop the hub and start it again")

    def given_up(self) -> None:
        """No connection will be made any more; whoever watches has heard everything."""
        self._heard.put_nowait(None)

    # The bus's listener

    def subscriptions(self) -> list[Subscription]:
        """Its replies, and what it watches."""
        replies = self._requester.subscriptions() if self._asks else []
        return [*replies, *(Subscription(topic, retained=True) for topic in self._watching)]

    async def on_connected(self) -> None:
        """The connection stands."""
        self.online.set()

    def on_disconnected(self) -> None:
        """The connection is gone; a new one is being made."""
        self.online.clear()
        if self._until_lost:
            self.given_up()

    def on_message(self, message: Incoming) -> None:
        """Give a reply to whoever waits for it, and anything else to whoever watches."""
        if message.correlation is not None and message.response_topic is None:
            self._requester.on_message(message)
        else:
            self._heard.put_nowait(message)


@asynccontextmanager
async def connected(  # noqa: PLR0913 - the options of one connection, all named
    login: Login,
    topics: Topics,
    *,
    watching: Sequence[str] = (),
    asks: bool = True,
    until_lost: bool = False,
    patience_s: float = CONNECT_PATIENCE_S,
) -> AsyncIterator[Client]:
    """Connect, and disconnect at the end; in between the connection is made anew whenever it is lost.

    Args:
        login: how to reach the broker and as whom.
        topics: the topics of the store.
        watching: topic filters whose messages ``Client.watch`` gives.
        asks: whether it asks services; the ops role may not.
        until_lost: whether ``Client.watch`` ends when the connection is lost.
        patience_s: how long to try at first.

    Raises:
        BrokerAway: no broker answered in time.
        LoginRefused: the broker does not know this login.
    """
    client = Client(login, topics, watching, asks=asks, until_lost=until_lost)
    work = asyncio.create_task(client.bus.run(client), name="bus")
    work.add_done_callback(lambda _: client.given_up())
    online = asyncio.create_task(client.online.wait(), name="until online")
    try:
        await asyncio.wait((work, online), timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            await work
        if not client.online.is_set():
            raise BrokerAway(f"no broker answers on {login.host} port {login.port}")
        yield client
    finally:
        for task in (work, online):
            task.cancel()
        await asyncio.gather(work, online, return_exceptions=True)
