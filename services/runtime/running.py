"""A running service: the parts put together, and what happens on connect, on a message and at the end."""

import asyncio
import contextlib
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import func, select

from contracts.base import Event, Reply
from contracts.every_service import (
    BackedUp,
    BackUp,
    EventNotParked,
    FollowedPlace,
    FollowedPlaces,
    JournalDiverged,
    JournalEntry,
    JournalPage,
    ListParkedEvents,
    ParkedEvents,
    ParkedEventSettled,
    ReadFollowed,
    ReadJournal,
    ReadSnapshot,
    SettleParkedEvent,
    SnapshotPage,
    Status,
)
from contracts.ids import EventId
from contracts.topics import FOLLOWS, Topics
from services.runtime import followers, journal, tables
from services.runtime.asking import Ask
from services.runtime.bus import Bus, ConnectionLost, Incoming, NotConnected, Outgoing, Subscription
from services.runtime.clock import Clock, stamp
from services.runtime.database import Readers, back_up, is_database_fault, uri
from services.runtime.dispatch import Dispatch
from services.runtime.followers import Follower
from services.runtime.ids import Ids
from services.runtime.log import Log
from services.runtime.maintenance import forget_old
from services.runtime.presence import last_will, status_message
from services.runtime.publisher import Publisher
from services.runtime.requester import Requester
from services.runtime.seams import Seams
from services.runtime.service import Service, SnapshotPiece, Watch, command, query
from services.runtime.session_uses import SessionUses
from services.runtime.settings import RuntimeSettings
from services.runtime.states import PRIVATE_REFRESH_S, Shown, States
from services.runtime.tokens import TokenVerifier
from services.runtime.transactions import EventSource, Request, Surroundings, Tx, View
from services.runtime.writer import DatabaseFault, Scope, Writer

X = TypeVar("X", bound=Tx)
V = TypeVar("V", bound=View)
T = TypeVar("T")

MAINTENANCE_S = 3600.0


@dataclass(frozen=True)
class Outside:
    """What a service is given from outside: the seams of DESIGN 4.11."""

    clock: Clock
    ids: Ids
    make_bus: Callable[[Outgoing], Bus]
    """Makes the bus, given the last will."""
    digest_key: bytes
    token_key_file: Path
    seams: Seams


@dataclass(frozen=True)
class Context(Generic[X, V]):
    """What a worker beside the bus (a scanner, a printer) is given."""

    clock: Clock
    ids: Ids
    log: Log
    data: Path
    view: Callable[[], V]
    write: Callable[[Callable[[X], T]], Coroutine[Any, Any, T]]
    ask: Callable[[str], Ask]
    """Makes an ``Ask`` whose ids follow from the id given."""


class Running(Generic[X, V]):
    """One service at work."""

    def __init__(self, service: Service[X, V], settings: RuntimeSettings, outside: Outside) -> None:
        self.service = service
        self.settings = settings
        self._outside = outside
        self.log = Log(service.name)
        self.topics = Topics(settings.store)
        self._session = secrets.token_hex(4)
        self.bus = outside.make_bus(
            last_will(self.topics, service.name, self._session, heartbeat_s=settings.heartbeat_s)
        )
        self.publisher = Publisher(service.name, self.topics, self.bus)
        self.states = States(service.name, self.topics, self.bus)
        self.requester = Requester(service.name, self.topics, self.bus, outside.ids)
        self.verifier = TokenVerifier(outside.token_key_file, outside.clock)
        self.readers = Readers(settings.database_file)
        self.writer = Writer(
            settings, loop=asyncio.get_running_loop(), publish=self.publisher.offer, seams=outside.seams
        )
        uses = SessionUses(outside.clock, self._tell_hint)
        self._around = Surroundings(outside.ids, self.states, self.verifier, self.readers, settings.data, uses)
        self._watched = {self.topics.private(each.state, each.register): each for each in service.watches}
        self._parked = 0
        self._read_up_to: dict[str, int] = {}
        self.connected = asyncio.Event()
        self.followers = [self._follower(follow) for follow in service.follows]
        self.dispatch: Dispatch[X, V] = Dispatch(
            settings,
            (*service.routes, *self._own_routes()),
            transaction=service.transaction,
            view=service.view,
            around=self._around,
            writer=self.writer,
            bus=self.bus,
            topics=self.topics,
            requester=self.requester,
            clock=outside.clock,
            digest_key=outside.digest_key,
            uses=uses,
            log=self.log,
        )

    async def run(self) -> None:
        """Work until cancelled, then finish what waits and say offline."""
        self.writer.start()
        bus: asyncio.Task[None] | None = None
        try:
            await self.readers.open()
            await self.writer.run(self._begin)
            bus = asyncio.create_task(self.bus.run(self), name="bus")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_until_done(bus), name="until the bus ends")
                for follower in self.followers:
                    tasks.create_task(follower.run(), name=f"follower {follower.follow.name}")
                for worker in self.service.workers:
                    tasks.create_task(_as_coroutine(worker(self._worker_context())), name="worker")
                tasks.create_task(self._beat(), name="heartbeat")
                tasks.create_task(self._refresh(), name="refresh")
                tasks.create_task(self._maintain(), name="maintenance")
        finally:
            await self.dispatch.stop()
            await self.writer.finish()
            if bus is not None:
                await self._say_offline()
                bus.cancel()
                await asyncio.wait((bus,))
            await self.readers.close()
            self.writer.close()

    # The bus's listener

    def subscriptions(self) -> list[Subscription]:
        """Everything this service hears."""
        wanted = [Subscription(self.topics.requests_to(self.service.name), retained=False)]
        wanted += self.requester.subscriptions()
        wanted += self.states.subscriptions()
        for follower in self.followers:
            wanted += [each for each in follower.subscriptions() if each not in wanted]
        wanted += [Subscription(self.topics.events_of_all(hint), retained=False) for hint in self.service.hears]
        wanted += [Subscription(topic, retained=True) for topic in self._watched]
        return wanted

    async def on_connected(self) -> None:
        """Tell that this service is there, and show everything again."""
        self.publisher.connected()
        self.states.connected(await self._shown())
        for follower in self.followers:
            follower.connected()
        self._say_status()
        self.connected.set()
        self.log.info("online", head=self.writer.journal.head)

    async def _shown(self) -> list[Shown]:
        """All states of the service; when they cannot be read the connection is made anew, a moment later."""
        if self.service.shown is None:
            return []
        try:
            return await self.service.shown(self._view(self._outside.ids.new()))
        except Exception as error:
            if not is_database_fault(error):
                raise
            self.log.warning("states-not-read", fault=type(error).__name__)
            raise ConnectionLost from error

    def on_disconnected(self) -> None:
        """Hold on to what is to be published."""
        self.connected.clear()
        self.publisher.disconnected()
        self.states.disconnected()

    def on_message(self, message: Incoming) -> None:
        """Pass a message to whom it is for."""
        if self.topics.parse_request(message.topic) is not None:
            self.dispatch.on_message(message)
            return
        event = self.topics.parse_event(message.topic)
        if event is not None:
            self._hear(event.name, message)
            for follower in self.followers:
                if follower.follow.leader == event.service:
                    follower.on_event(event.name, message)
            return
        client = self.topics.parse_status(message.topic)
        if client is not None:
            self._on_status(client, message.payload)
        elif self.states.owns(message.topic):
            self.states.on_message(message)
        elif message.topic in self._watched:
            self._see(self._watched[message.topic], message)
        else:
            self.requester.on_message(message)

    def _hear(self, name: str, message: Incoming) -> None:
        """Pass a hint on; one that cannot be read is none."""
        for hint, heard in self.service.hears.items():
            if hint.wire_name() == name and not message.retained:
                try:
                    heard(msgspec.json.decode(message.payload, type=hint))
                except msgspec.DecodeError:
                    self.log.warning("hint-unreadable", topic=message.topic)

    def _see(self, watch: Watch, message: Incoming) -> None:
        """Pass a private state on; one that was cleared, or cannot be read, is none."""
        if not message.payload:
            return
        try:
            state = msgspec.json.decode(message.payload, type=watch.state)
        except msgspec.DecodeError:
            self.log.warning("state-unreadable", topic=message.topic)
            return
        watch.seen(state)

    def _tell_hint(self, hint: Event) -> None:
        entry = self.writer.journal.entry(hint, self._outside.ids.new(), stamp(self._outside.clock.now()))
        self.publisher.offer([entry])

    def _on_status(self, client: str, payload: bytes) -> None:
        try:
            status = msgspec.json.decode(payload, type=Status)
        except msgspec.DecodeError:
            self.log.warning("status-unreadable", client=client)
            return
        for follower in self.followers:
            if follower.follow.leader == client:
                follower.on_status(status)

    # What runs beside

    def _begin(self, scope: Scope) -> None:
        """Read what is kept in memory, and let the service seed its tables, before anything is answered."""
        for row in scope.connection.execute(select(tables.ended_session)):
            self.verifier.void_below(row.client, row.below)
        for follower in self.followers:
            follower.start_at(followers.read_place(scope.connection, follower.follow.name))
        self._count_parked(scope)
        if self.service.start is not None:
            self.service.start(self._transaction(scope, self._outside.ids.new()))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.settings.heartbeat_s)
            self._say_status()

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(PRIVATE_REFRESH_S)
            self.states.refresh_private()

    async def _maintain(self) -> None:
        while True:
            await asyncio.sleep(MAINTENANCE_S)
            readers = [name for name, leaders in FOLLOWS.items() if self.service.name in leaders]
            below = min((self._read_up_to.get(name, 0) for name in readers), default=self.writer.journal.head)
            now = self._outside.clock.now()
            try:
                await self.writer.run(partial(forget_old, settings=self.settings, now=now, journal_below=below))
            except DatabaseFault as fault:  # what is old today is old in an hour, too
                self.log.warning("nothing-forgotten", fault=str(fault))

    async def _say_offline(self) -> None:
        """A broker publishes no last will for a clean goodbye, so say it before going."""
        if self.connected.is_set():
            offline = Status("offline", self._session, self.settings.version)
            with contextlib.suppress(NotConnected):  # the connection broke this very moment; the last will tells it
                await asyncio.wait((self.bus.send(self._status_message(offline)),), timeout=1)

    def _say_status(self) -> None:
        at = self.writer.journal
        status = Status("online", self._session, self.settings.version, at.epoch, at.head, self._parked)
        self.bus.post(self._status_message(status))

    def _status_message(self, status: Status) -> Outgoing:
        return status_message(self.topics, self.service.name, status, heartbeat_s=self.settings.heartbeat_s)

    def _count_parked(self, scope: Scope) -> None:
        self._parked = scope.connection.execute(select(func.count()).select_from(tables.parked_event)).scalar_one()

    # Making what handlers are given

    def _transaction(self, scope: Scope, message_id: str, source: EventSource | None = None) -> X:
        request = Request(now=self._outside.clock.now(), caller=self.service.name, message_id=message_id, source=source)
        return self.service.transaction(scope, self._around, request)

    def _view(self, message_id: str) -> V:
        request = Request(now=self._outside.clock.now(), caller=self.service.name, message_id=message_id)
        return self.service.view(self._around, request)

    def _worker_context(self) -> Context[X, V]:
        async def write(function: Callable[[X], T]) -> T:
            message_id = self._outside.ids.new()
            return await self.writer.run(lambda scope: function(self._transaction(scope, message_id)))

        return Context(
            clock=self._outside.clock,
            ids=self._outside.ids,
            log=self.log,
            data=self.settings.data,
            view=lambda: self._view(self._outside.ids.new()),
            write=write,
            ask=lambda message_id: Ask(self.requester, self._outside.ids, message_id, ()),
        )

    def _follower(self, follow: Any) -> Follower[X]:
        return Follower(
            follow,
            topics=self.topics,
            requester=self.requester,
            writer=self.writer,
            begin=lambda scope, source: self._transaction(scope, source.event_id, source),
            on_parked=self._count_parked,
            clock=self._outside.clock,
            log=self.log,
        )

    # What every service answers

    def _own_routes(self) -> tuple[Any, ...]:
        return (
            query(ReadJournal, self._read_journal),
            query(ReadSnapshot, self._read_snapshot),
            query(ReadFollowed, self._read_followed),
            query(ListParkedEvents, self._list_parked_events),
            command(SettleParkedEvent, self._settle_parked_event),
            command(BackUp, self._backed_up, prepare=self._back_up),
        )

    async def _read_journal(self, asked: ReadJournal, view: V) -> JournalPage:
        """Read the journal; on a divergence that this side did not know of, open a new epoch."""
        try:
            page = await view.read(lambda connection: journal.read_after(connection, asked))
        except JournalDiverged as diverged:
            epoch: int = diverged.details["epoch"]
            if asked.epoch == epoch:
                await self.writer.run(lambda scope: self._leave_epoch(scope, epoch))
                self._say_status()
            raise
        self._read_up_to[view.caller] = asked.after
        return page

    def _leave_epoch(self, scope: Scope, epoch: int) -> None:
        """Open a new epoch unless another follower's divergence has done so already."""
        if scope.journal.epoch == epoch:
            scope.journal.open_epoch(scope.connection, "diverged", stamp(self._outside.clock.now()))

    def _read_followed(self, asked: ReadFollowed, view: V) -> FollowedPlaces:  # noqa: ARG002 - followers know it by heart
        return FollowedPlaces(
            tuple(
                FollowedPlace(
                    follower.follow.name,
                    follower.place.epoch,
                    follower.place.number,
                    None if follower.place.event_id is None else EventId(follower.place.event_id),
                )
                for follower in self.followers
                if follower.follow.leader == asked.leader
            )
        )

    async def _read_snapshot(self, asked: ReadSnapshot, view: V) -> SnapshotPage:
        number = asked.number
        if number is None:
            number = await view.read(journal.head_of)
        at = await view.read(lambda connection: journal.place_of(connection, number))
        nothing: SnapshotPiece = ([], None)
        snapshot = self.service.snapshot
        events, following = nothing if snapshot is None else await snapshot(view, number, asked.next)
        return SnapshotPage(
            epoch=at.epoch,
            number=number,
            event_id=EventId(at.event_id) if at.event_id else None,
            entries=tuple(
                JournalEntry(
                    at.epoch,
                    number,
                    EventId(event_id),
                    event.wire_name(),
                    time,
                    msgspec.Raw(msgspec.json.encode(event)),
                )
                for event, event_id, time in events
            ),
            next=following,
        )

    async def _list_parked_events(self, asked: ListParkedEvents, view: V) -> ParkedEvents:  # noqa: ARG002
        return ParkedEvents(tuple(await view.read(followers.parked_events)))

    def _settle_parked_event(self, asked: SettleParkedEvent, tx: X) -> Reply:
        entry = followers.take_parked(tx.connection, asked.follower, asked.event_id)
        follower = next((each for each in self.followers if each.follow.name == asked.follower), None)
        if entry is None or follower is None:
            raise EventNotParked(follower=asked.follower, event_id=asked.event_id)
        if asked.action == "retry":
            follower.apply_entry(tx.scope, entry)
        self._count_parked(tx.scope)
        return ParkedEventSettled(asked.event_id, "applied" if asked.action == "retry" else "skipped")

    async def _back_up(self, asked: BackUp, view: V, ask: Ask) -> BackedUp:  # noqa: ARG002
        target = self.settings.data / "backups" / f"{self.service.name}-{view.message_id}.sqlite3"

        def copy() -> BackedUp:
            source = sqlite3.connect(uri(self.settings.database_file, "ro"), uri=True)
            try:
                size = back_up(source, target)
            finally:
                source.close()
            return BackedUp(target.name, size, *journal.stand_of(target))

        return await asyncio.to_thread(copy)

    def _backed_up(self, asked: BackUp, copied: BackedUp, tx: X) -> Reply:  # noqa: ARG002
        return copied


async def _until_done(task: "asyncio.Task[None]") -> None:
    """Wait for a task that outlives the group; its error ends the group."""
    await asyncio.shield(task)


async def _as_coroutine(work: Awaitable[None]) -> None:
    await work
