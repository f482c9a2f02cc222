"""What a service or a tool does with a broker, whichever it is: the words, the promises, and what may go wrong.

Never here: a broker, a connection, what a message means.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

LARGEST_PAYLOAD = 4_000_000
"""The hub's broker ends the connection of whoever sends a packet over 4 MiB."""
BACKOFF_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came from the broker."""

    topic: str
    payload: bytes
    retained: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None
    expiry_s: int | None = None
    properties: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for the broker; everything goes out with QoS 1. An empty payload clears what is retained."""

    topic: str
    payload: bytes
    retain: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None
    expiry_s: int | None = None
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic filter.

    ``retained`` is False where what is retained must not be replayed, ``own`` where this
    client's own messages are not wanted back.
    """

    topic: str
    retained: bool
    own: bool = True


class NotConnected(Exception):
    """There is no connection to the broker now; nothing was sent."""


class ConnectionLost(Exception):
    """The connection went away before the broker acknowledged; the message may have arrived or not."""


class PublishRefused(Exception):
    """The broker took the message and refused it: this login may not publish there."""

    def __init__(self, topic: str, code: int) -> None:
        super().__init__(f"the broker refused a message to {topic} with code 0x{code:02x}")


class MessageTooLarge(Exception):
    """The message is larger than the broker takes from anyone; it would end the connection, so it is not sent."""

    def __init__(self, message: "Outgoing") -> None:
        super().__init__(f"a message of {len(message.payload)} bytes to {message.topic}")


class TakenOver(Exception):
    """Another process uses this login; two cannot share it, so this one stops."""


class LoginRefused(Exception):
    """The broker does not know this login or its password; make the login anew."""


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach the broker and as whom."""

    host: str
    port: int
    username: str
    password: str
    client_id: str


class Listener(Protocol):
    """Who works with the connection."""

    def subscriptions(self) -> list[Subscription]:
        """What to subscribe to on every connect."""
        ...

    async def on_connected(self) -> None:
        """The connection stands and the subscriptions are in force."""
        ...

    def on_message(self, message: Incoming) -> None:
        """A message came; must not block."""
        ...

    def on_disconnected(self) -> None:
        """The connection is gone; a new one is being made."""
        ...


class Bus(Protocol):
    """What every service and tool does with a broker."""

    async def run(self, listener: Listener) -> None:
        """Stay connected until cancelled; raises ``TakenOver`` or ``LoginRefused`` when that is no use."""
        ...

    def post(self, message: Outgoing) -> None:
        """Send without waiting; a refusal is logged, and nothing is sent when not connected or too large."""
        ...

    def send(self, message: Outgoing) -> "asyncio.Future[bool]":
        """Send now; the future is done when the broker has acknowledged, and tells whether anybody listens.

        It fails with ``ConnectionLost`` (it may have arrived or not) or ``PublishRefused``
        (this login may not publish there).

        Raises:
            NotConnected: nothing was sent.
            MessageTooLarge: nothing was sent, and never will be.
        """
        ...


def prove_size(message: Outgoing) -> None:
    """Check that a message is not larger than the broker takes.

    Raises:
        MessageTooLarge: it is.
    """
    if len(message.payload) > LARGEST_PAYLOAD:
        raise MessageTooLarge(message)
