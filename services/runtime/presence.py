"""Presence: a client tells that it is there, and where its journal stands, and notices who is gone.

A status is retained for three heartbeats, so silence shows as absence even when broker and
client die together; a last will tells it sooner. A clean stop says offline itself.
"""

import msgspec

from contracts.every_service import Status
from contracts.topics import Topics
from services.runtime.bus import Outgoing

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
