"""A running service: the parts put together, and what happens on connect, on a message and at the end.

Never here: what a request is answered, what an event does.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import select

from contracts.base import Event
from contracts.every_service import Status
from contracts.topics import Topics
from services.runtime import tables
from services.runtime.asking import Ask
from services.runtime.bus import Bus, ConnectionLost, Incoming, NotConnected, Outgoing, Subscription
from services.runtime.clock import Clock, stamp
from services.runtime.database import Readers, is_database_fault
from services.runtime.dispatch import Dispatch
from services.runtime.every_service import EveryService
from services.runtime.followers import Follower
from services.runtime.followers.places import read_place
from services.runtime.ids import Ids
from services.runtime.log import Log
from services.runtime.maintenance import forget_old
from services.runtime.presence import OwnPresence
from services.runtime.publisher import Publisher
from services.runtime.requester import Requester
from services.runtime.seams import Seams
from services.runtime.service import Service, Watch
from services.runtime.session_uses import SessionUses
from services.runtime.settings import RuntimeSettings
from services.runtime.states import PRIVATE_REFRESH_S, Shown, States
from services.runtime.tokens import TokenVerifier
from services.runtime.transactions import EventSource, Request, Surroundings, Tx, View
from services.runtime.workers import Context
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


class Running(Generic[X, V]):
    """One service at work."""

    def __init__(self, service: Service[X, V], settings: RuntimeSettings, outside: Outside) -> None:
        self.service = service
        self.settings = settings
        self._outside = outside
        self.log = Log(service.name)
        self.topics = Topics(settings.store)
        self._presence = OwnPresence(self.topics, settings)
        self.bus = outside.make_bus(self._presence.last_will())
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
        self.connected = asyncio.Event()
        self.followers = [self._follower(follow) for follow in service.follows]
        self._every_service = EveryService(
            service,
            settings,
            clock=outside.clock,
            writer=self.writer,
            followers=self.followers,
            say_status=self._say_status,
            count_parked=self._presence.count_parked,
        )
        self.dispatch: Dispatch[X, V] = Dispatch(
            settings,
            (*service.routes, *self._every_service.routes()),
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
            follower.start_at(read_place(scope.connection, follower.follow.name))
        self._presence.count_parked(scope)
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
            below = self._every_service.journal_below()
            now = self._outside.clock.now()
            try:
                await self.writer.run(partial(forget_old, settings=self.settings, now=now, journal_below=below))
            except DatabaseFault as fault:  # what is old today is old in an hour, too
                self.log.warning("nothing-forgotten", fault=str(fault))

    async def _say_offline(self) -> None:
        """A broker publishes no last will for a clean goodbye, so say it before going."""
        if self.connected.is_set():
            with contextlib.suppress(NotConnected):  # the connection broke this very moment; the last will tells it
                await asyncio.wait((self.bus.send(self._presence.offline()),), timeout=1)

    def _say_status(self) -> None:
        self.bus.post(self._presence.online(self.writer.journal))

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
            on_parked=self._presence.count_parked,
            clock=self._outside.clock,
            log=self.log,
        )


async def _until_done(task: "asyncio.Task[None]") -> None:
    """Wait for a task that outlives the group; its error ends the group."""
    await asyncio.shield(task)


async def _as_coroutine(work: Awaitable[None]) -> None:
    await work
