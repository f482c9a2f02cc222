"""The whole hub on one box: made ready, started, watched, and stopped without leaving anything behind.

Belongs here: in which order, and what happens when something dies. Never here: how the broker runs
(``broker.py``), how a service is forked (``offspring.py``), what a person sees (``commands/``).
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from contracts.topics import SERVICES, Topics
from services.hub import files, logins, running_hub
from services.hub.broker import Broker, BrokerFault, choose_port
from services.hub.client import Client, connected
from services.hub.offspring import FORK_SERVER_GONE, PROJECT, NotForked, Offspring, how_it_ended, make_ready, preload
from services.hub.presence import Presence
from services.hub.running_hub import DEMO_PRINTER, DEMO_REGISTER, OPS, RunningHub
from services.hub.service_logs import ServiceLog
from services.runtime.settings import HubSettings, load

EXIT_SETTINGS: Final = os.EX_CONFIG
"""A service that ends with it cannot be helped by starting it again."""
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0
HEALTHY_AFTER_S: Final = 60.0
ONLINE_PATIENCE_S: Final = 60.0
STOP_PATIENCE_S: Final = 4.0
LOG_LOOK_S: Final = 600.0
"""How often the broker's log is looked at; the services' are whenever something is written."""

Say = Callable[[str], None]


class GaveUp(Exception):
    """The hub cannot go on; the sentence says why, ``exit_code`` is what it ends with."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


class _ShopPrinters(msgspec.Struct, frozen=True):
    """What the hub looks at of the table ``[devices]``: whether the shop has named printers."""

    printers: tuple[Any, ...] = ()


class Backoff:
    """How long to wait before something that died is started again: 0.2 s, doubling to 10 s."""

    def __init__(self) -> None:
        self._next_s = FIRST_PAUSE_S

    def after(self, lived_s: float) -> float:
        """The pause after it lived for so long; a minute of health begins anew with 0.2 s."""
        if lived_s >= HEALTHY_AFTER_S:
            self._next_s = FIRST_PAUSE_S
        pause_s, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_PAUSE_S)
        return pause_s


class Hub:
    """The broker and the five services of one store; made and started by ``hub_at_work``.

    Args:
        settings: the hub's settings; port 0 takes any free one.
        bind: the address the broker listens on.
        environment: the environment of the services, before the hub's own settings are put in.
        say: tells a person what happens, a sentence at a time.
    """

    def __init__(self, settings: HubSettings, bind: str, environment: Mapping[str, str], say: Say) -> None:
        self.data = settings.data_folder
        self.topics = Topics(settings.store)
        self.presence = Presence(self.topics)
        self.is_new = not (self.data / "checkout.sqlite3").exists()
        """Whether this store was never started before."""
        self._settings = settings
        self._bind = bind
        self._environment = dict(environment)
        self._say = say
        self._changed = asyncio.Event()
        self._given_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._keepers: list[asyncio.Task[None]] = []
        self._offspring: dict[str, Offspring] = {}
        self._died: dict[str, str] = {}
        """Services that were started again and have not come online yet, with the session they had before."""
        self._broker: Broker | None = None
        self._kept_port: socket.socket | None = None
        """Holds the port of the demo's printer."""
        self.running: RunningHub

    @property
    def client(self) -> Client:
        """A client with the hub's own login."""
        return self._client

    @property
    def pids(self) -> dict[str, int | None]:
        """The process ids of the broker and the services that run."""
        broker = None if self._broker is None else self._broker.pid
        return {"broker": broker, **{name: each.pid for name, each in self._offspring.items()}}

    async def until_given_up(self) -> None:
        """Wait for as long as the hub goes on.

        Raises:
            GaveUp: something ended that is of no use to start again.
        """
        await asyncio.shield(self._given_up)

    async def until_online(self) -> tuple[str, ...]:
        """Wait until all services are online; names those that are not after a minute.

        Raises:
            GaveUp: one of them cannot be started.
        """
        try:
            async with asyncio.timeout(ONLINE_PATIENCE_S):
                while missing := self._missing():
                    self._changed.clear()
                    waiting = asyncio.ensure_future(self._changed.wait())
                    await asyncio.wait((waiting, self._given_up), return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
                    if self._given_up.done():
                        await self._given_up
        except TimeoutError:
            pass
        return missing

    # Starting and stopping

    def prepare(self) -> None:
        """Have the folders and the logins that broker and services need."""
        logins.ensure_logins(self.data)
        if not any(each.username == OPS for each in logins.list_logins(self.data).logins):
            if (self.data / "clients" / f"{OPS}.json").exists():  # damaged
                logins.remove_login(self.data, OPS)
            logins.make_login(self.data, OPS, "ops")
        files.make_folder(self.data / "backups", 0o750)
        files.make_folder(self.data / "logs", 0o750)

    async def start(self) -> None:
        """Start the broker, then the services; comes back when they are forked.

        Raises:
            BrokerFault: the broker cannot run.
            GaveUp: a key is damaged, or a database cannot be brought up to date.
        """
        preload(SERVICES)
        chosen = choose_port(self._settings.port, self._bind)
        if chosen.sentence:
            self._say(chosen.sentence)
        broker = self._broker = Broker(self.data, self.topics, chosen.port, bind=self._bind)
        started, ready = await asyncio.gather(
            broker.start(), asyncio.to_thread(make_ready, self.data, SERVICES), return_exceptions=True
        )
        if isinstance(started, BaseException):
            raise started
        if isinstance(ready, NotForked):
            raise GaveUp("the process that services are forked from died at once; start the hub again", 1) from ready
        if ready is not True:
            raise GaveUp("the store's keys and databases could not be made ready; the lines above say why", 1)
        self.running = RunningHub(
            os.getpid(),
            broker.host,
            chosen.port,
            self.topics.store,
            self._settings.currency,
            self._demo_printer_port(),
            broker.bind,
        )
        self._keep(self._keep_broker(broker), "broker")
        self._keep(self._keep_log_small(broker), "broker's log")
        for service in SERVICES:
            self._offspring[service] = await self._fork(service, self._child_environment(service))
            self._keep(self._keep_service(service), service)

    async def listen(self, client: Client) -> None:
        """Follow with the hub's own client who is online."""
        self._client = client
        running_hub.announce(self.data, self.running)
        self._keep(self._hear(client), "presence")

    async def stop(self) -> None:
        """Stop the services, then the broker; whoever does not stop in time is killed."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        ends = {asyncio.ensure_future(each.ended()): each for each in self._offspring.values()}
        for each in self._offspring.values():
            each.tell_to_stop()
        if ends:
            _, late = await asyncio.wait(ends, timeout=STOP_PATIENCE_S)
            for end in late:
                self._say(f"{ends[end].service} does not stop; it is killed")
                ends[end].kill()
            await asyncio.gather(*ends)
        if self._broker is not None:
            await self._broker.stop()
        if self._kept_port is not None:
            self._kept_port.close()

    # What goes on meanwhile

    def _keep(self, work: Coroutine[Any, Any, None], name: str) -> None:
        keeper = asyncio.create_task(work, name=f"keep {name}")
        keeper.add_done_callback(self._keeper_ended)
        self._keepers.append(keeper)

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        error = None if keeper.cancelled() else keeper.exception()
        if error is not None and not self._given_up.done():
            self._given_up.set_exception(error)
            self._given_up.exception()  # whoever waits sees it; without anybody asyncio need not complain

    async def _keep_broker(self, broker: Broker) -> None:
        backoff = Backoff()
        loop = asyncio.get_running_loop()
        since = loop.time()
        while True:
            code = await broker.ended()
            ended, pause_s = how_it_ended(code), backoff.after(loop.time() - since)
            while True:
                self._say(f"the broker {ended}; starting it again in {pause_s:g} s")
                await asyncio.sleep(pause_s)
                try:
                    since = loop.time()
                    await broker.start()
                except BrokerFault as fault:
                    ended, pause_s = f"cannot start ({fault})", backoff.after(0)
                else:
                    break
            self._say("the broker is online again")

    async def _keep_log_small(self, broker: Broker) -> None:
        while True:
            await asyncio.sleep(LOG_LOOK_S)
            broker.keep_log_small()

    async def _keep_service(self, service: str) -> None:
        backoff = Backoff()
        loop = asyncio.get_running_loop()
        # A seam that a test set is for the first process alone, or the service would never come back.
        environment = {
            name: text for name, text in self._child_environment(service).items() if name != "TILLWIRE_CRASH_AT"
        }
        while True:
            since = loop.time()
            offspring = self._offspring[service]
            code = await offspring.ended()
            if code == EXIT_SETTINGS:
                raise GaveUp(f"{service} cannot start: {offspring.log.last_words}", EXIT_SETTINGS)
            pause_s = backoff.after(loop.time() - since)
            status = self.presence.status(service)
            self._died[service] = "" if status is None else status.session
            self._say(f"{service} {how_it_ended(code)}; starting it again in {pause_s:g} s{_more(offspring, code)}")
            await asyncio.sleep(pause_s)
            self._offspring[service] = await self._fork(service, environment)

    async def _fork(self, service: str, environment: Mapping[str, str]) -> Offspring:
        """Start a service; when what it is forked from dies meanwhile, try again for as long as it takes."""
        backoff = Backoff()
        while True:
            log = ServiceLog(self.data / "logs" / f"{service}.log", lambda entry: self._say(f"{service}: {entry}"))
            offspring = Offspring(service, environment, log)
            try:
                await offspring.start()
            except NotForked:
                pause_s = backoff.after(0)
                self._say(f"the process that services are forked from died; starting {service} again in {pause_s:g} s")
                await asyncio.sleep(pause_s)
            else:
                return offspring

    async def _hear(self, client: Client) -> None:
        async for message in client.watch():
            changed = self.presence.take(message)
            if changed is None:
                continue
            self._changed.set()
            status = self.presence.status(changed)
            before = self._died.get(changed)
            if before is not None and status is not None and status.state == "online" and status.session != before:
                del self._died[changed]
                self._say(f"{changed} is online again")

    def _missing(self) -> tuple[str, ...]:
        return tuple(service for service in SERVICES if not self.presence.is_online(service))

    # What is handed to the services

    def _child_environment(self, service: str) -> dict[str, str]:
        environment = {
            **self._environment,
            "TILLWIRE_STORE": self.running.store,
            "TILLWIRE_DATA": str(self.data),
            "TILLWIRE_HOST": self.running.host,
            "TILLWIRE_PORT": str(self.running.port),
            "PYTHONPATH": os.pathsep.join(filter(None, (str(PROJECT), self._environment.get("PYTHONPATH")))),
        }
        if service == "devices" and self.running.demo_printer_port is not None:
            printer = {
                "device": DEMO_PRINTER,
                "host": "127.0.0.1",
                "port": self.running.demo_printer_port,
                "registers": [DEMO_REGISTER],
            }
            environment["TILLWIRE_DEVICES_PRINTERS"] = msgspec.json.encode([printer]).decode()
            environment["TILLWIRE_DEVICES_REGISTERS_TO_COME"] = msgspec.json.encode([DEMO_REGISTER]).decode()
        return environment

    def _demo_printer_port(self) -> int | None:
        """A port kept free for the demo's printer, unless the shop has set up printers of its own.

        As long as a socket is bound to it that does not listen, Linux gives it to nobody who takes any port;
        who asks for it by its number, and for a reused address, may listen.
        """
        if load(_ShopPrinters, "devices", variables=self._environment).printers:
            return None
        self._kept_port = socket.socket()
        self._kept_port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept_port.bind(("127.0.0.1", 0))
        return int(self._kept_port.getsockname()[1])


@asynccontextmanager
async def hub_at_work(
    settings: HubSettings, say: Say, *, bind: str = "", environment: Mapping[str, str] | None = None
) -> AsyncIterator[Hub]:
    """Start a hub, and stop it whole at the end, however that comes.

    Args:
        settings: the hub's settings; port 0 takes any free one.
        say: tells a person what happens.
        bind: the address the broker listens on; the settings' host if left out.
        environment: the environment of the services; this process's if left out.

    Raises:
        HubRuns: one runs on that data directory already.
        BrokerFault: the broker cannot run.
        GaveUp: a key, a database or a service stands in the way; ``exit_code`` 78 means settings.
    """
    files.make_folder(settings.data_folder, 0o750)
    with running_hub.held(settings.data_folder):
        hub = Hub(settings, bind or settings.host, os.environ if environment is None else environment, say)
        hub.prepare()
        try:
            await hub.start()
            login = hub.running.login(logins.own_credentials(hub.data, "hub"))
            async with connected(login, hub.topics, watching=(hub.topics.statuses(),)) as client:
                await hub.listen(client)
                yield hub
        finally:
            await hub.stop()


def _more(offspring: Offspring, code: int) -> str:
    return f"; more in {offspring.log.file}" if 0 < code < FORK_SERVER_GONE else ""
