"""A hub in parts: its broker and its five services, each started, rigged to crash and ended by the test."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from contracts.every_service import FollowedPlaces, ReadFollowed, ReadJournal
from contracts.topics import FOLLOWS, SERVICES, Topics
from services.hub import logins
from services.hub.broker import Broker
from services.hub.client import connected
from services.hub.offspring import Offspring, make_ready
from services.hub.presence import Presence
from services.hub.running_hub import RunningHub
from services.hub.service_logs import ServiceLog
from services.hub.supervisor import Hub
from services.runtime.seams import CrashPoint
from services.runtime.settings import HubSettings
from tests.hub.shop import PATIENCE_S, Shop, until
from tests.hub_process import environment, start_parent
from tests.ports import kept_port

STOP_PATIENCE_S = 5.0


class Parts:
    """The parts of one hub; ``shop`` is what runs on them."""

    shop: Shop

    def __init__(self, data: Path, broker: Broker, presence: Presence, own: Mapping[str, str]) -> None:
        self.data = data
        self.broker = broker
        self.presence = presence
        self._environment = own
        self._offspring: dict[str, Offspring] = {}
        self._heard = asyncio.Event()

    def pid(self, service: str) -> int:
        """The process id of a service."""
        pid = self._offspring[service].pid
        assert pid is not None
        return pid

    async def start(self, service: str, crash_at: str = "") -> None:
        """Start a service; comes back when it is online."""
        before = self.session(service)
        log = ServiceLog(self.data / "logs" / f"{service}.log", lambda _entry: None)
        own = {**self._environment, "TILLWIRE_CRASH_AT": f"{service}/{crash_at}"} if crash_at else self._environment
        self._offspring[service] = offspring = Offspring(service, own, log)
        await offspring.start()
        await self.until_heard(lambda: self.presence.is_online(service) and self.session(service) != before)

    async def stop(self, service: str) -> None:
        """Stop a service cleanly."""
        self._offspring[service].tell_to_stop()
        assert await self._offspring[service].ended() == 0

    async def kill(self, service: str) -> None:
        """End a service without a word."""
        self._offspring[service].kill()
        assert await self._offspring[service].ended() == -signal.SIGKILL

    async def rig(self, service: str, point: CrashPoint, passing: int) -> "asyncio.Task[None]":
        """Start a service anew so that it crashes at a point; the task ends when it did and is online again.

        It has passed all that it follows before, so that the point is one of what the test does next.
        """
        for leader in FOLLOWS[service]:
            await self._passed(service, leader)
        await self.stop(service)
        await self.start(service, f"{point}:{passing}")
        rigged = self._offspring[service]

        async def crashed() -> None:
            async with asyncio.timeout(PATIENCE_S):
                assert await rigged.ended() == -signal.SIGKILL
            await self.start(service)

        return asyncio.create_task(crashed(), name=f"{service} crashes at {point}")

    async def _passed(self, service: str, leader: str) -> None:
        """Wait until a service has passed all that another has told by now."""
        head = (await self.shop.hub.ask(ReadJournal(after=0, limit=1), service=leader)).head

        def all_of_it(followed: FollowedPlaces) -> bool:
            return all(place.number >= head for place in followed.places)

        ask = partial(self.shop.hub.ask, ReadFollowed(leader), service=service)
        await until(ask, all_of_it, f"{service} to have passed what {leader} told")

    async def kill_broker(self) -> None:
        """End the broker without a word."""
        assert self.broker.pid is not None
        os.kill(self.broker.pid, signal.SIGKILL)
        await self.broker.ended()

    def session(self, service: str) -> str | None:
        """The session that a service last said it has."""
        status = self.presence.status(service)
        return None if status is None else status.session

    async def until_heard(self, fact: Callable[[], bool]) -> None:
        """Wait until the statuses say something."""
        async with asyncio.timeout(PATIENCE_S):
            while not fact():
                self._heard.clear()
                await self._heard.wait()

    async def hear(self) -> None:
        """Follow who is online."""
        async for message in self.shop.hub.watch():
            if self.presence.take(message) is not None:
                self._heard.set()

    async def end(self) -> None:
        """Stop whatever runs; what stands still is killed."""
        for offspring in self._offspring.values():
            offspring.tell_to_stop()
        ends = {asyncio.ensure_future(offspring.ended()): offspring for offspring in self._offspring.values()}
        _, late = await asyncio.wait(ends, timeout=STOP_PATIENCE_S)
        for end in late:
            ends[end].kill()
        await asyncio.gather(*ends)
        await self.broker.stop()


@asynccontextmanager
async def parts_at_work(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[Parts]:
    """Start the parts of a new hub, and fill its shop; ``settings`` are variables of the services."""
    async with AsyncExitStack() as stack:
        hub = HubSettings(data=str(folder / "data"), port=stack.enter_context(kept_port()))
        data, topics = hub.data_folder, Topics(hub.store)
        data.mkdir()
        Hub(hub, hub.host, {}, lambda _sentence: None).prepare()
        start_parent()
        assert await asyncio.to_thread(make_ready, data, SERVICES)
        broker = Broker(data, topics, hub.port)
        own = {
            **environment(settings),
            "TILLWIRE_DATA": str(data),
            "TILLWIRE_STORE": hub.store,
            "TILLWIRE_PORT": str(hub.port),
        }
        parts = Parts(data, broker, Presence(topics), own)
        stack.push_async_callback(parts.end)
        await broker.start()
        running = RunningHub(os.getpid(), broker.host, hub.port, hub.store, hub.currency)
        login = running.login(logins.own_credentials(data, "hub"))
        client = await stack.enter_async_context(connected(login, topics, watching=(topics.statuses(),)))
        parts.shop = Shop(data, running, client, stack)
        hearing = asyncio.create_task(parts.hear(), name="hear who is online")
        stack.callback(hearing.cancel)
        await asyncio.gather(*(parts.start(service) for service in SERVICES))
        await parts.shop.fill()
        yield parts
