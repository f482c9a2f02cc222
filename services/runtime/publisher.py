"""The publisher: tells the journal's events on the bus, after the commit, in order, at least once while it runs.

What the broker did not acknowledge is told again after a reconnect; what a crash swallows the
followers read from the journal.
"""

import asyncio
from collections import OrderedDict, deque
from functools import partial

from contracts.topics import Topics
from services.runtime.bus import Bus, MessageTooLarge, NotConnected, Outgoing, PublishRefused
from services.runtime.journal import Entry
from services.runtime.log import Log

MOST_WAITING = 10_000


class Publisher:
    """Publishes events of one service."""

    def __init__(self, service: str, topics: Topics, bus: Bus) -> None:
        self._source = f"/{topics.root}/{service}"
        self._service = service
        self._log = Log(service)
        self._topics = topics
        self._bus = bus
        self._waiting: deque[Entry] = deque(maxlen=MOST_WAITING)
        self._in_flight: OrderedDict[str, Entry] = OrderedDict()
        self._connected = False

    def offer(self, entries: list[Entry]) -> None:
        """Tell committed events as soon as there is a connection."""
        self._waiting.extend(entries)
        self._send()

    def connected(self) -> None:
        """Tell again what was not acknowledged, then what waits."""
        self._connected = True
        self._waiting.extendleft(reversed(self._in_flight.values()))
        self._in_flight.clear()
        self._send()

    def disconnected(self) -> None:
        """Keep events until the next connect."""
        self._connected = False

    def _send(self) -> None:
        while self._connected and self._waiting:
            entry = self._waiting[0]
            try:
                acknowledged = self._bus.send(self._message(entry))
            except NotConnected:
                return
            except MessageTooLarge:  # followers read it from the journal, piece by piece
                self._waiting.popleft()
                self._log.error("event-too-large", event_id=entry.event_id, bytes=len(entry.payload))
                continue
            self._waiting.popleft()
            self._in_flight[entry.event_id] = entry
            acknowledged.add_done_callback(partial(self._settle, entry))

    def _settle(self, entry: Entry, acknowledged: "asyncio.Future[bool]") -> None:
        if acknowledged.cancelled():
            return
        error = acknowledged.exception()
        if error is None or isinstance(error, PublishRefused):
            self._in_flight.pop(entry.event_id, None)

    def _message(self, entry: Entry) -> Outgoing:
        # CloudEvents 1.0, MQTT protocol binding, binary mode; sequence and epoch are its extensions.
        properties = [
            ("specversion", "1.0"),
            ("id", entry.event_id),
            ("source", self._source),
            ("type", f"tillwire.{self._service}.{entry.name}"),
            ("time", entry.time),
        ]
        if entry.number:
            properties += [("epoch", str(entry.epoch)), ("sequence", str(entry.number))]
        return Outgoing(self._topics.event(self._service, entry.name), entry.payload, properties=tuple(properties))
