"""Who is online, as the statuses on the bus tell it.

Pure: statuses in, what is known out. No message means unknown (DESIGN 3.7); an ``offline`` of a
session that is not the one last seen is old news and ignored.
"""

import msgspec

from contracts.every_service import Status
from contracts.topics import Topics
from services.runtime.bus import Incoming


class Presence:
    """The newest status of every client of a store."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._statuses: dict[str, Status] = {}

    def take(self, message: Incoming) -> str | None:
        """Take a message in; the client whose status it changed, or None."""
        client = self._topics.parse_status(message.topic)
        if client is None:
            return None
        if not message.payload:
            return client if self._statuses.pop(client, None) else None
        try:
            status = msgspec.json.decode(message.payload, type=Status)
        except msgspec.DecodeError:
            return None
        known = self._statuses.get(client)
        if known is not None and status.state == "offline" and status.session != known.session:
            return None
        self._statuses[client] = status
        return client

    def status(self, client: str) -> Status | None:
        """What is known of a client; None is unknown."""
        return self._statuses.get(client)

    def is_online(self, client: str) -> bool:
        """Whether it says that it is there."""
        status = self._statuses.get(client)
        return status is not None and status.state == "online"

    def state(self, client: str) -> str:
        """``online``, ``offline`` or ``unknown``."""
        status = self._statuses.get(client)
        return "unknown" if status is None else status.state
