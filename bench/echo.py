"""Answers every request of a store with its own payload, as fast as the bus lets it: the raw limit of a service.

Run by ``round_trip`` as a process of its own: ``python -m bench.echo DATA PORT STORE``.
"""

import asyncio
import sys
from pathlib import Path

import uvloop

from contracts.topics import Topics
from services.hub import logins
from services.runtime.bus import Incoming, Login, Outgoing, Subscription
from services.runtime.bus.mqtt import MqttBus
from services.runtime.log import Log

SERVICE = "checkout"


class Echo:
    """A listener that sends back what it gets."""

    def __init__(self, topics: Topics, login: Login) -> None:
        self._topics = topics
        self.bus = MqttBus(login, Log("echo"))

    def subscriptions(self) -> list[Subscription]:
        """The requests of the service whose login it has."""
        return [Subscription(self._topics.requests_to(SERVICE), retained=False)]

    async def on_connected(self) -> None:
        """Tell the parent that it listens."""
        sys.stdout.write("listening\n")
        sys.stdout.flush()

    def on_disconnected(self) -> None:
        """Nothing to keep."""

    def on_message(self, message: Incoming) -> None:
        """Send it back."""
        if message.response_topic is not None:
            self.bus.post(Outgoing(message.response_topic, message.payload, correlation=message.correlation))


def main() -> None:
    """Echo until killed."""
    data, port, store = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    made = logins.own_credentials(data, SERVICE)
    echo = Echo(Topics(store), Login("127.0.0.1", port, made.username, made.password, made.client_id))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(echo.bus.run(echo))


if __name__ == "__main__":
    main()
