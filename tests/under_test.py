"""Services under test: the real runtime and real SQLite files on a bus in memory.

``StoreUnderTest`` runs any number of real services on one broker in memory and speaks to them
as a register would. Nothing of the runtime is replaced but the broker and, if wanted, the clock.
Its writers do not wait for the disk: no test here cuts the power.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import Connection, event

from contracts.base import Event, PrivateState, Rejected, Reply, State, Unavailable
from contracts.base import Request as RequestMessage
from contracts.topics import Topics
from services.runtime.bus import Incoming, Outgoing, Subscription
from services.runtime.bus.memory import MemoryBroker, MemoryBus
from services.runtime.clock import Clock, SystemClock
from services.runtime.ids import RandomIds
from services.runtime.migrate import chains, migrate
from services.runtime.requester import Refused, Requester
from services.runtime.running import Outside, Running
from services.runtime.seams import Seams
from services.runtime.service import Service
from services.runtime.settings import RuntimeSettings
from services.runtime.tokens import Approval, Claims, TokenSigner
from services.runtime.writer import _driver

R = TypeVar("R", bound=Reply)
T = TypeVar("T")

STORE = "test-store"
DIGEST_KEY = b"a key of the tests"
FAR_FUTURE = 4_102_444_800
"""2100-01-01, when test tokens expire."""


class Caller:
    """A client of the bus in memory: a register, say."""

    def __init__(self, name: str, topics: Topics, broker: MemoryBroker) -> None:
        self.name = name
        self.bus = MemoryBus(broker, name)
        self.requester = Requester(name, topics, self.bus, RandomIds())
        self.online = asyncio.Event()

    def subscriptions(self) -> list[Subscription]:
        return self.requester.subscriptions()

    async def on_connected(self) -> None:
        self.online.set()

    def on_message(self, message: Incoming) -> None:
        self.requester.on_message(message)

    def on_disconnected(self) -> None:
        self.online.clear()


class Unwell:
    """A service that is there and answers everything with ``unavailable``, as one does whose disk is full.

    Whoever asks it gives up at once; for one that is not there at all they wait as long as their patience lasts.
    """

    def __init__(self, service: str, topics: Topics, broker: MemoryBroker) -> None:
        self.bus = MemoryBus(broker, service)
        self.online = asyncio.Event()
        self._subscription = Subscription(topics.requests_to(service), retained=False)
        self._answer = msgspec.json.encode(Rejected(Unavailable.wire_code(), "Away for now.", {"service": service}))

    def subscriptions(self) -> list[Subscription]:
        return [self._subscription]

    async def on_connected(self) -> None:
        self.online.set()

    def on_message(self, message: Incoming) -> None:
        if message.response_topic is not None:
            self.bus.post(Outgoing(message.response_topic, self._answer, correlation=message.correlation))

    def on_disconnected(self) -> None:
        self.online.clear()


class StoreUnderTest:
    """A store of real services on a broker in memory."""

    def __init__(self, folder: Path, tasks: asyncio.TaskGroup, clock: Clock | None = None) -> None:
        self.folder = folder
        self.clock = clock or SystemClock()
        self.topics = Topics(STORE)
        self.broker = MemoryBroker()
        self.services: dict[str, Running[Any, Any]] = {}
        self._callers: dict[str, Caller] = {}
        self._tasks = tasks
        self._work: dict[str, asyncio.Task[None]] = {}
        key = Ed25519PrivateKey.generate()
        self.private_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "staff-token.pub").write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        (folder / "secrets").mkdir(exist_ok=True)
        (folder / "secrets" / "staff-token.key").write_bytes(self.private_key)
        if not (folder / "secrets" / "digest.key").exists():
            (folder / "secrets" / "digest.key").write_bytes(DIGEST_KEY)

    async def start(self, service: Service[Any, Any], **settings: Any) -> Running[Any, Any]:
        """Migrate the service's database and start it; returns when it is online. One that was unwell goes before."""
        if (unwell := self._work.pop(f"unwell {service.name}", None)) is not None:
            unwell.cancel()
            await asyncio.wait((unwell,))
        lay_database(self.folder / f"{service.name}.sqlite3", chains(service.name, service.migrations))
        running = Running(
            service,
            RuntimeSettings(service=service.name, store=STORE, data=self.folder, **{"heartbeat_s": 0.05, **settings}),
            Outside(
                clock=self.clock,
                ids=RandomIds(),
                make_bus=lambda will: MemoryBus(self.broker, service.name, will=will),
                digest_key=DIGEST_KEY,
                token_key_file=self.folder / "staff-token.pub",
                seams=Seams(),
            ),
        )
        _driver(running.writer.connection).execute("PRAGMA synchronous=OFF")
        self.services[service.name] = running
        self._work[service.name] = self._tasks.create_task(_until_cancelled(running), name=service.name)
        await running.connected.wait()
        return running

    async def stop(self, name: str) -> None:
        """Stop a service cleanly."""
        work = self._work.pop(name)
        work.cancel()
        await asyncio.wait((work,))
        del self.services[name]

    async def unwell(self, service: str) -> None:
        """Let a service that does not run be there and answer everything with ``unavailable``."""
        unwell = Unwell(service, self.topics, self.broker)
        self._work[f"unwell {service}"] = self._tasks.create_task(_until_cancelled_bus(unwell))
        await unwell.online.wait()

    async def stop_all(self) -> None:
        """Stop everything."""
        for name in list(self._work):
            if name in self.services:
                await self.stop(name)
        for work in self._work.values():
            work.cancel()

    async def caller(self, name: str) -> Caller:
        """A client of that name, connected."""
        if name not in self._callers:
            caller = Caller(name, self.topics, self.broker)
            self._callers[name] = caller
            self._work[f"caller {name}"] = self._tasks.create_task(_until_cancelled_bus(caller))
        await self._callers[name].online.wait()
        return self._callers[name]

    async def send(
        self,
        request: RequestMessage[R],
        *,
        caller: str = "till-1",
        service: str | None = None,
        message_id: str | None = None,
        token: str | None = None,
        approval: str | None = None,
        attempts: int = 1,
    ) -> R | Rejected:
        """Send a command or query and return its reply, or the rejection."""
        requester = (await self.caller(caller)).requester
        try:
            return await requester.ask(
                request,
                service=service,
                message_id=message_id,
                token=token,
                approval=approval,
                patience_s=5,
                attempts=attempts,
            )
        except Refused as refused:
            return refused.rejected

    async def raw(
        self, service: str, name: str, payload: bytes, *, caller: str = "till-1", message_id: str | None = None
    ) -> Any:
        """Send any bytes and return what comes back as plain JSON."""
        requester = (await self.caller(caller)).requester
        try:
            return msgspec.json.decode(
                await requester.ask_raw(service, name, payload, message_id=message_id, patience_s=5, attempts=1)
            )
        except Refused as refused:
            return msgspec.to_builtins(refused.rejected)

    def token(
        self,
        *permissions: str,
        caller: str = "till-1",
        staff_id: str | None = None,
        session: int = 1,
        role: str = "owner",
        needs_approval: tuple[str, ...] = (),
    ) -> str:
        """A token as the staff service would give it."""
        return TokenSigner(self.private_key).sign(
            Claims(
                sub=staff_id or RandomIds().new(),
                client=caller,
                session=session,
                role=role,
                permissions=permissions,
                exp=FAR_FUTURE,
                needs_approval=needs_approval,
            )
        )

    def approval(
        self,
        permission: str,
        command: str,
        *,
        sale_id: str | None = None,
        caller: str = "till-1",
        approved_by: str | None = None,
        session: int = 1,
        exp: int = FAR_FUTURE,
    ) -> str:
        """An approval as the staff service would give it."""
        return TokenSigner(self.private_key).sign(
            Approval(
                sub=approved_by or RandomIds().new(),
                client=caller,
                session=session,
                approves=(permission,),
                command=command,
                sale=sale_id,
                exp=exp,
            )
        )

    def add_register(self, name: str) -> None:
        """Let the store have a register of that name, as the hub's file of its login would."""
        (self.folder / "clients").mkdir(exist_ok=True)
        (self.folder / "clients" / f"{name}.json").write_bytes(msgspec.json.encode({"login": name, "role": "register"}))

    def told(self, kind: type[Event]) -> list[Any]:
        """All events of a kind that were published so far, decoded."""
        topic = self.topics.event_of(kind)
        return [msgspec.json.decode(each.payload, type=kind) for each in self.broker.published if each.topic == topic]

    def retained(self, kind: type[State] | type[PrivateState], **segments: str) -> Any:
        """What the broker retains of a state, decoded, or None."""
        if issubclass(kind, PrivateState):
            topic = self.topics.private(kind, segments["register"])
        else:
            topic = self.topics.state(kind, **segments)
        payload = self.broker.retained().get(topic)
        return None if payload is None else msgspec.json.decode(payload, type=kind)

    async def read(self, service: str, function: Callable[[Connection], T]) -> T:
        """Read a service's database."""
        return await self.services[service].readers.read(function)

    async def followed(self, leader: str, service: str) -> None:
        """Wait until every follower of a leader in a service has applied the leader's whole journal."""
        head = self.services[leader].writer.journal.head
        for follower in self.services[service].followers:
            if follower.follow.leader == leader:
                await follower.caught_up(head)

    @contextmanager
    def statements(self, service: str) -> Iterator[list[str]]:
        """Collect the statements that a service's writer runs."""
        engine = self.services[service].writer.connection.engine
        collected: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith("BEGIN"):
                collected.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield collected
        finally:
            event.remove(engine, "before_cursor_execute", note)


def lay_database(file: Path, parts: tuple[tuple[str, Path], ...]) -> None:
    """Migrate a database as every start does; a new one is the copy of an empty one that was migrated before.

    Migrating it takes a hundred times as long as copying it, and most tests need one.
    """
    if file.exists():
        migrate(file, parts)
    else:
        file.write_bytes(_empty_database(parts))


@cache
def _empty_database(parts: tuple[tuple[str, Path], ...]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite3"
        migrate(file, parts)
        return file.read_bytes()


async def until(fact: Callable[[], object], *, within_s: float = 20) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within_s):
        while not fact():
            await asyncio.sleep(0.005)


async def _until_cancelled(running: Running[Any, Any]) -> None:
    try:
        await running.run()
    except asyncio.CancelledError:
        return


async def _until_cancelled_bus(client: Caller | Unwell) -> None:
    try:
        await client.bus.run(client)
    except asyncio.CancelledError:
        return


@asynccontextmanager
async def store_under_test(folder: Path, clock: Clock | None = None) -> AsyncIterator[StoreUnderTest]:
    """A store that is stopped at the end."""
    async with asyncio.TaskGroup() as tasks:
        store = StoreUnderTest(folder, tasks, clock)
        try:
            yield store
        finally:
            await store.stop_all()
