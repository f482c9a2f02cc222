"""What every service says and answers: its presence, its journal, its parked events, its backup.

These requests go to ``request/{service}/...`` of the service that is meant, whichever it is.
"""

from typing import ClassVar, Literal

from msgspec import UNSET, Raw, UnsetType

from contracts.base import Command, Event, Message, Query, Rejection, Reply, Role
from contracts.ids import EventId, RegisterId, Segment, Timestamp, Version

SERVICE_ROLES: tuple[Role, ...] = ("checkout", "policy", "customers", "staff", "devices", "hub")


class Status(Message, frozen=True, omit_defaults=True):
    """Whether a client is there. Retained, refreshed by heartbeats; no message means unknown.

    ``epoch``, ``head`` and ``parked`` are told by services that keep a journal or follow one.
    ``offline`` of another session than the one last seen is to be ignored.
    """

    state: Literal["online", "offline"]
    session: Segment
    version: Version = ""
    epoch: int | UnsetType = UNSET
    head: int | UnsetType = UNSET
    parked: int | UnsetType = UNSET


class SessionUsed(Event, frozen=True):
    """Somebody did something at a register; told at most every 30 seconds by each service that was asked."""

    journaled: ClassVar = False
    heard_by: ClassVar[tuple[Role, ...]] = ("staff",)

    register: RegisterId
    session: int


class JournalTrimmed(Rejection):
    """The journal no longer holds what follows that number; start from a snapshot."""


class JournalDiverged(Rejection):
    """The journal does not hold the event you name as your last; go back to the last one shared."""


class JournalEntry(Message, frozen=True):
    """One event as the journal keeps it; ``number`` has no gaps, ``payload`` is the event itself."""

    epoch: int
    number: int
    event_id: EventId
    name: str
    time: Timestamp
    payload: Raw


class JournalPage(Reply, frozen=True):
    """The events after a number, oldest first, at most 256 kB; ``head`` is the newest number there is."""

    epoch: int
    head: int
    entries: tuple[JournalEntry, ...]


class ReadJournal(Query[JournalPage], frozen=True):
    """Read the events after ``after``; ``event_id`` proves that the reader's last one is held here too.

    Reading from the start has ``after`` 0 and no ``event_id``. ``epoch`` is the one the reader's last
    event is of; a leader that did not know of a divergence within its own epoch opens a new one.
    """

    asked_by = SERVICE_ROLES
    rejections = (JournalTrimmed, JournalDiverged)

    after: int
    event_id: EventId | None = None
    epoch: int | None = None
    limit: int = 500


class SnapshotPage(Reply, frozen=True):
    """A piece of the state as events that, applied in order, rebuild it as of journal number ``number``.

    ``next`` asks for the following piece; None means that this was the last.
    """

    epoch: int
    number: int
    event_id: EventId | None
    entries: tuple[JournalEntry, ...]
    next: str | None


class ReadSnapshot(Query[SnapshotPage], frozen=True):
    """Read the state as it was at journal number ``number`` (None: as it is now), piece by piece."""

    asked_by = SERVICE_ROLES

    number: int | None = None
    next: str | None = None


class ParkedEvent(Message, frozen=True):
    """An event of another service that could not be applied and waits for a person."""

    leader: Segment
    follower: Segment
    number: int
    event_id: EventId
    name: str
    tries: int
    fault: str


class ParkedEvents(Reply, frozen=True):
    """All events that wait for a person."""

    parked: tuple[ParkedEvent, ...]


class FollowedPlace(Message, frozen=True):
    """How far one follower has come: the last event that it applied, or passed over because it is none of its.

    A leader whose journal holds no such event at that number was taken back since: the number says nothing then.
    """

    follower: str
    epoch: int
    number: int
    event_id: EventId | None = None


class FollowedPlaces(Reply, frozen=True):
    """How far a service has come in another's journal; nothing where it does not follow it."""

    places: tuple[FollowedPlace, ...]


class ReadFollowed(Query[FollowedPlaces], frozen=True):
    """Ask a service how far it has come in another one's journal."""

    asked_by = SERVICE_ROLES

    leader: Segment


class ListParkedEvents(Query[ParkedEvents], frozen=True):
    """Which events of other services could not be applied."""

    asked_by = ("hub", "backoffice")


class EventNotParked(Rejection):
    """No event of that follower with that id is parked."""


class ParkedEventSettled(Reply, frozen=True):
    """The parked event was applied, or set aside for good."""

    event_id: EventId
    outcome: Literal["applied", "skipped"]


class SettleParkedEvent(Command[ParkedEventSettled], frozen=True):
    """Try a parked event again, or skip it for good."""

    lane: ClassVar = "event_id"
    asked_by = ("hub", "backoffice")
    rejections = (EventNotParked,)

    follower: Segment
    event_id: EventId
    action: Literal["retry", "skip"]


class BackedUp(Reply, frozen=True):
    """A whole, checked copy of the service's database lies in the data directory's ``backups/``."""

    file: str
    size_bytes: int
    epoch: int
    head: int


class BackUp(Command[BackedUp], frozen=True):
    """Make a copy of the service's database while it works."""

    asked_by = ("hub", "backoffice")
