"""Every topic of the hub, spelled here and nowhere else.

``tillwire/v1/{store}/{class}/...`` with the class before the owner, so that a rule or an eye
can take one class. Segments are a-z, 0-9 and hyphens; anything else is refused.
"""

import re
from typing import NamedTuple

from contracts.base import Event, Message, PrivateState, State

ROOT = "tillwire/v1"
SERVICES = ("checkout", "policy", "customers", "staff", "devices")
FOLLOWS: dict[str, tuple[str, ...]] = {
    "checkout": ("customers", "staff", "policy"),
    "policy": ("checkout", "staff"),
    "customers": ("checkout", "staff"),
    "staff": ("checkout",),
    "devices": ("checkout", "staff"),
}
"""Whose journal each service follows; the broker's access rules let it read just those events."""

_SEGMENT = re.compile(r"[a-z0-9-]{1,64}")


class BadSegment(ValueError):
    """A topic segment holds something other than a-z, 0-9 and hyphens."""


def segment(text: str) -> str:
    """Return the text if it may stand in a topic, else raise ``BadSegment``."""
    if not _SEGMENT.fullmatch(text):
        msg = "a name in a topic has 1 to 64 of a-z, 0-9 and hyphens"
        raise BadSegment(msg)
    return text


class RequestTopic(NamedTuple):
    """The parts of a request's topic that a service reads."""

    service: str
    name: str
    caller: str


class EventTopic(NamedTuple):
    """The parts of an event's topic that a follower reads."""

    service: str
    name: str


class Topics:
    """The topics of one store."""

    def __init__(self, store: str) -> None:
        self.store = segment(store)
        self.root = f"{ROOT}/{store}"

    def request(self, service: str, request: type[Message] | str, caller: str) -> str:
        """Where a caller publishes a command or a query."""
        name = request if isinstance(request, str) else request.wire_name()
        return f"{self.root}/request/{segment(service)}/{segment(name)}/{segment(caller)}"

    def requests_to(self, service: str) -> str:
        """What a service subscribes to, to hear its requests."""
        return f"{self.root}/request/{segment(service)}/+/+"

    def parse_request(self, topic: str) -> RequestTopic | None:
        """Read a request's topic, or None when it is none of this store's."""
        parts = self._below("request", topic)
        return RequestTopic(*parts) if parts is not None and len(parts) == len(RequestTopic._fields) else None

    def reply(self, caller: str, service: str) -> str:
        """Where a service answers a caller."""
        return f"{self.root}/reply/{segment(caller)}/{segment(service)}"

    def replies_to(self, caller: str) -> str:
        """What a caller subscribes to, once, to hear every reply."""
        return f"{self.root}/reply/{segment(caller)}/+"

    def event(self, service: str, name: str) -> str:
        """Where a service tells a fact."""
        return f"{self.root}/event/{segment(service)}/{segment(name)}"

    def event_of(self, event: type[Event]) -> str:
        """Where an event of that kind is told."""
        return self.event(event.owner(), event.wire_name())

    def events_of_all(self, event: type[Event]) -> str:
        """Where any service tells an event of that kind."""
        return f"{self.root}/event/+/{event.wire_name()}"

    def events_of(self, service: str) -> str:
        """What a follower of a service subscribes to."""
        return f"{self.root}/event/{segment(service)}/+"

    def parse_event(self, topic: str) -> EventTopic | None:
        """Read an event's topic, or None when it is none of this store's."""
        parts = self._below("event", topic)
        return EventTopic(*parts) if parts is not None and len(parts) == len(EventTopic._fields) else None

    def state(self, state: type[State], **segments: str) -> str:
        """Where a state is retained; the keywords fill the places of its path."""
        path = state.path.format(**{name: segment(text) for name, text in segments.items()})
        return f"{self.root}/state/{state.owner()}/{path}"

    def states_of(self, service: str) -> str:
        """All states a service retains."""
        return f"{self.root}/state/{segment(service)}/#"

    def private(self, state: type[PrivateState], register: str) -> str:
        """Where something meant for one register alone is retained."""
        return f"{self.root}/private/{state.owner()}/{segment(register)}/{segment(state.thing)}"

    def privates_of(self, service: str) -> str:
        """All private states a service retains."""
        return f"{self.root}/private/{segment(service)}/#"

    def privates_everywhere(self, state: type[PrivateState]) -> str:
        """One kind of private state, at every register."""
        return f"{self.root}/private/{state.owner()}/+/{segment(state.thing)}"

    def privates_for(self, register: str) -> str:
        """All private states meant for one register."""
        return f"{self.root}/private/+/{segment(register)}/+"

    def status(self, client: str) -> str:
        """Where a client tells that it is there."""
        return f"{self.root}/status/{segment(client)}"

    def statuses(self) -> str:
        """The statuses of all clients."""
        return f"{self.root}/status/+"

    def parse_status(self, topic: str) -> str | None:
        """The client whose status that topic is, or None."""
        parts = self._below("status", topic)
        return parts[0] if parts is not None and len(parts) == 1 else None

    def everything_open(self) -> tuple[str, str, str]:
        """The three classes that the ops role may read: events, states and statuses."""
        return f"{self.root}/event/#", f"{self.root}/state/#", f"{self.root}/status/#"

    def _below(self, kind: str, topic: str) -> list[str] | None:
        prefix = f"{self.root}/{kind}/"
        if not topic.startswith(prefix):
            return None
        parts = topic[len(prefix) :].split("/")
        return parts if all(_SEGMENT.fullmatch(part) for part in parts) else None
