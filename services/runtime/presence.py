"""Presence: a client tells that it is there, and where its journal stands, and notices who is gone.

A status is retained for three heartbeats, so silence shows as absence even when broker and
client die together; a last will tells it sooner. A clean stop says offline itself. Never here: sending it.
"""

import secrets

import msgspec
from sqlalchemy import func, select

from contracts.every_service import Status
from contracts.topics import Topics
from services.runtime import tables
from services.runtime.bus import Outgoing
from services.runtime.journal import Journal
from services.runtime.settings import RuntimeSettings
from services.runtime.writer import Scope

HEARTBEATS_KEPT = 3


def status_message(topics: Topics, client: str, status: Status, *, heartbeat_s: float) -> Outgoing:
    """The retained message that says how a client is."""
    return Outgoing(
        topics.status(client),
        msgspec.json.encode(status),
        retain=True,
        expiry_s=max(1, round(HEARTBEATS_KEPT * heartbeat_s)),
    )


def last_will(topics: Topics, client: str, session: str, *, heartbeat_s: float) -> Outgoing:
    """What the broker says for a client that went without a word."""
    return status_message(topics, client, Status("offline", session), heartbeat_s=heartbeat_s)


class OwnPresence:
    """What one service says of itself, from its start to its end."""

    def __init__(self, topics: Topics, settings: RuntimeSettings) -> None:
        self._topics = topics
        self._settings = settings
        self._session = secrets.token_hex(4)
        self._parked = 0

    def last_will(self) -> Outgoing:
        """What the broker says in its place."""
        heartbeat_s = self._settings.heartbeat_s
        return last_will(self._topics, self._settings.service, self._session, heartbeat_s=heartbeat_s)

    def online(self, at: Journal) -> Outgoing:
        """It is there, its journal stands there, and so many events wait for a person."""
        return self._message(Status("online", self._session, self._settings.version, at.epoch, at.head, self._parked))

    def offline(self) -> Outgoing:
        """It goes."""
        return self._message(Status("offline", self._session, self._settings.version))

    def count_parked(self, scope: Scope) -> None:
        """Count anew the events that wait for a person."""
        self._parked = scope.connection.execute(select(func.count()).select_from(tables.parked_event)).scalar_one()

    def _message(self, status: Status) -> Outgoing:
        heartbeat_s = self._settings.heartbeat_s
        return status_message(self._topics, self._settings.service, status, heartbeat_s=heartbeat_s)
