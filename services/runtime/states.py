"""Retained states: how things are now, as the broker keeps it for newcomers.

A state is published when it changes and again on every connect; what the broker retains and
this service no longer has is cleared. Private states are coalesced to one message per 50 ms,
expire after 15 minutes and are refreshed every 5 as long as they hold. One that tells what just
happened (``lives_s``) is published each time and forgotten in time.
"""

import asyncio
from dataclasses import dataclass, field

import msgspec

from contracts.base import PrivateState, State
from contracts.topics import Topics
from services.runtime.bus import Bus, Incoming, Outgoing, Subscription

PRIVATE_EXPIRY_S = 15 * 60
PRIVATE_REFRESH_S = 5 * 60
COALESCE_S = 0.05


@dataclass(frozen=True, slots=True)
class Shown:
    """A state and what fills the places of its topic; ``register`` for a private one."""

    state: State | PrivateState
    segments: dict[str, str] = field(default_factory=dict)


class States:
    """Publishes the retained states of one service."""

    def __init__(self, service: str, topics: Topics, bus: Bus) -> None:
        self._service = service
        self._topics = topics
        self._bus = bus
        self._held: dict[str, Shown] = {}
        """The newest state of every topic."""
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._told_at: dict[str, float] = {}
        """When each private state was last published, by the loop's clock."""
        self._connected = False
        self._found: set[str] = set()
        """Topics that the broker retains, heard of before it is known what this service has."""
        self._roots = topics.states_of(service)[:-1], topics.privates_of(service)[:-1]

    def subscriptions(self) -> list[Subscription]:
        """What is retained under this service's own prefixes, to find what is stale."""
        return [
            Subscription(self._topics.states_of(self._service), retained=True, own=False),
            Subscription(self._topics.privates_of(self._service), retained=True, own=False),
        ]

    def show(self, shown: Shown) -> None:
        """Retain a state, unless a newer one is held already."""
        topic = self._hold(shown)
        if topic is None or not self._connected:
            return
        if isinstance(shown.state, State) or shown.state.lives_s is not None:
            self._publish(topic)
        else:
            self._publish_soon(topic)

    def connected(self, all_shown: list[Shown]) -> None:
        """Publish everything again, for the broker may have forgotten it or hold what is older; clear the rest."""
        self._connected = True
        for shown in all_shown:
            self._hold(shown)
        for topic in self._held:
            self._publish(topic)
        for topic in sorted(self._found - self._held.keys()):
            self._clear(topic)
        self._found.clear()

    def disconnected(self) -> None:
        """Hold what changes until the next connect."""
        self._connected = False
        for waiting in self._due.values():
            waiting.cancel()
        self._due.clear()
        self._found.clear()

    def owns(self, topic: str) -> bool:
        """Whether a topic is one of this service's states."""
        return topic.startswith(self._roots)

    def on_message(self, message: Incoming) -> None:
        """Clear what the broker retains and this service no longer has."""
        if not message.payload:
            return
        if not self._connected:
            self._found.add(message.topic)
        elif message.topic not in self._held:
            self._clear(message.topic)

    def refresh_private(self) -> None:
        """Publish every private state again before it expires."""
        for topic, shown in self._held.items():
            if isinstance(shown.state, PrivateState) and shown.state.lives_s is None:
                self._publish(topic)

    def _publish_soon(self, topic: str) -> None:
        """Publish a private state at the end of this moment, but no sooner than 50 ms after the last time."""
        if topic not in self._due:
            loop = asyncio.get_running_loop()
            at = max(loop.time(), self._told_at.get(topic, 0.0) + COALESCE_S)
            self._due[topic] = loop.call_at(at, self._publish_due, topic)

    def _publish_due(self, topic: str) -> None:
        del self._due[topic]
        self._told_at[topic] = asyncio.get_running_loop().time()
        self._publish(topic)

    def _clear(self, topic: str) -> None:
        self._bus.post(Outgoing(topic, b"", retain=True))

    def _hold(self, shown: Shown) -> str | None:
        """Keep a state if it is not older than the one held; returns its topic if so."""
        if isinstance(shown.state, PrivateState):
            topic = self._topics.private(type(shown.state), shown.segments["register"])
        else:
            topic = self._topics.state(type(shown.state), **shown.segments)
        held = self._held.get(topic)
        if held is not None and _revision(held) > _revision(shown):
            return None
        self._held[topic] = shown
        lives_s = shown.state.lives_s if isinstance(shown.state, PrivateState) else None
        if lives_s is not None:
            asyncio.get_running_loop().call_later(lives_s, self._forget, topic, shown)
        return topic

    def _forget(self, topic: str, shown: Shown) -> None:
        """What just happened is over, unless something else has happened since; the broker forgets by itself."""
        if self._held.get(topic) is shown:
            del self._held[topic]

    def _publish(self, topic: str) -> None:
        state = self._held[topic].state
        expiry_s = (state.lives_s or PRIVATE_EXPIRY_S) if isinstance(state, PrivateState) else None
        self._bus.post(Outgoing(topic, msgspec.json.encode(state), retain=True, expiry_s=expiry_s))


def _revision(shown: Shown) -> int:
    revision: int = getattr(shown.state, "revision", 0)
    return revision
