"""A broker and its clients inside one process, for handler tests and simulations.

It keeps the same promises as the real one and passes the same suite: retained messages,
wildcards, message expiry, wills, retain handling. It has no logins and refuses nothing.
"""

import asyncio
from dataclasses import dataclass, replace

from services.runtime.bus import (
    BACKOFF_S,
    LARGEST_PAYLOAD,
    ConnectionLost,
    Incoming,
    Listener,
    NotConnected,
    Outgoing,
    Subscription,
    prove_size,
)
from services.runtime.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class _Retained:
    message: Outgoing
    kept_at: float


def topic_matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic filter with + and # takes in a topic (MQTT 5.0, 4.7)."""
    wanted, given = topic_filter.split("/"), topic.split("/")
    for place, part in enumerate(wanted):
        if part == "#":
            return True
        if place >= len(given) or part not in ("+", given[place]):
            return False
    return len(wanted) == len(given)


class MemoryBroker:
    """Keeps what is retained and passes on the rest, in order."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._clients: dict[str, tuple[MemoryBus, list[Subscription]]] = {}
        self._retained: dict[str, _Retained] = {}
        self._deaf: dict[str, str] = {}
        self.published: list[Outgoing] = []
        """Everything that was ever published, for a test to look at."""

    def join(self, bus: "MemoryBus", subscriptions: list[Subscription]) -> None:
        """Let a client in, and give it what is retained for it."""
        previous = self._clients.pop(bus.client_id, None)
        if previous is not None:
            previous[0].drop()
        self._clients[bus.client_id] = (bus, subscriptions)
        for each in subscriptions:
            for topic, kept in list(self._retained.items()):
                if each.retained and topic_matches(each.topic, topic):
                    left = self._left(kept)
                    if left is None or left > 0:
                        bus.deliver(_incoming(replace(kept.message, expiry_s=left), retained=True))

    def leave(self, bus: "MemoryBus", will: Outgoing | None) -> None:
        """Let a client go; its will is published when it went without a word."""
        if self._clients.get(bus.client_id, (None,))[0] is bus:
            del self._clients[bus.client_id]
            if will is not None:
                self.pass_on(will)

    def pass_on(self, message: Outgoing, sender: "MemoryBus | None" = None) -> bool:
        """Keep a message if it is to be retained, and give it to every subscriber once; False when there is none."""
        self.published.append(message)
        if message.retain:
            if message.payload:
                self._retained[message.topic] = _Retained(message, self._clock.monotonic())
            else:
                self._retained.pop(message.topic, None)
        heard = False
        for bus, subscriptions in list(self._clients.values()):
            wanted = any(
                topic_matches(each.topic, message.topic) and (each.own or bus is not sender) for each in subscriptions
            )
            heard = heard or wanted
            if wanted and not topic_matches(self._deaf.get(bus.client_id, ""), message.topic):
                bus.deliver(_incoming(message, retained=message.retain))
        return heard

    def deafen(self, client_id: str, topic_filter: str | None) -> None:
        """Lose what a client should get of some topics from now on, or nothing any more for None."""
        if topic_filter is None:
            self._deaf.pop(client_id, None)
        else:
            self._deaf[client_id] = topic_filter

    def forget(self) -> None:
        """Lose everything, as a broker without persistence does when it is killed; every client is cut off."""
        self._retained.clear()
        for bus, _subscriptions in list(self._clients.values()):
            bus.drop()
        self._clients.clear()

    def retained(self) -> dict[str, bytes]:
        """What a newcomer would be given, by topic."""
        return {
            topic: kept.message.payload
            for topic, kept in self._retained.items()
            if (left := self._left(kept)) is None or left > 0
        }

    def _left(self, kept: _Retained) -> int | None:
        if kept.message.expiry_s is None:
            return None
        return max(0, kept.message.expiry_s - int(self._clock.monotonic() - kept.kept_at))


def _incoming(message: Outgoing, *, retained: bool) -> Incoming:
    return Incoming(
        topic=message.topic,
        payload=message.payload,
        retained=retained,
        response_topic=message.response_topic,
        correlation=message.correlation,
        expiry_s=message.expiry_s,
        properties=dict(message.properties),
    )


class MemoryBus:
    """One client's connection to a broker in memory."""

    def __init__(self, broker: MemoryBroker, client_id: str, *, will: Outgoing | None = None) -> None:
        self.client_id = client_id
        self._broker = broker
        self._will = will
        self._listener: Listener | None = None
        self._dropped: asyncio.Event | None = None

    async def run(self, listener: Listener) -> None:
        """Stay connected until cancelled."""
        while True:
            self._dropped = asyncio.Event()
            self._listener = listener
            self._broker.join(self, listener.subscriptions())
            try:
                await listener.on_connected()
                await self._dropped.wait()
            except ConnectionLost:  # who listens wants a new one
                await asyncio.sleep(BACKOFF_S[0])
            finally:
                self._broker.leave(self, self._will if self._dropped.is_set() else None)
                self._listener = None
                listener.on_disconnected()

    def post(self, message: Outgoing) -> None:
        """Send without waiting; nothing is sent when not connected or too large."""
        if self._listener is not None and len(message.payload) <= LARGEST_PAYLOAD:
            asyncio.get_running_loop().call_soon(self._broker.pass_on, message, self)

    def send(self, message: Outgoing) -> asyncio.Future[bool]:
        """Send now; the future is done when the broker has passed it on, and tells whether anybody listens."""
        prove_size(message)
        if self._listener is None:
            raise NotConnected
        loop = asyncio.get_running_loop()
        passed_on: asyncio.Future[bool] = loop.create_future()

        def pass_on() -> None:
            heard = self._broker.pass_on(message, self)
            if not passed_on.done():
                passed_on.set_result(heard)

        loop.call_soon(pass_on)
        return passed_on

    def deliver(self, message: Incoming) -> None:
        """Take a message from the broker, after what is already on its way."""
        if self._listener is not None:
            asyncio.get_running_loop().call_soon(self._listener.on_message, message)

    def drop(self) -> None:
        """Lose the connection; from this moment nothing is sent or heard."""
        self._listener = None
        if self._dropped is not None:
            self._dropped.set()
