"""Retained states: shown, shown again, cleared when stale, never older than what is held."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest_asyncio

from contracts.topics import Topics
from services.runtime import states
from services.runtime.bus import Outgoing, Subscription
from services.runtime.bus.memory import MemoryBroker, MemoryBus
from services.runtime.clock import SystemClock
from services.runtime.ids import RandomIds
from services.runtime.migrate import chains, migrate
from services.runtime.running import Outside, Running
from services.runtime.seams import Seams
from services.runtime.settings import RuntimeSettings
from services.runtime.states import Shown, States
from services.runtime.transactions import Tx, View
from services.runtime.writer import Scope
from tests.services.runtime.brokers import Client, Mosquitto
from tests.toy import leader
from tests.toy.leader import Count, CounterForRegister, CounterNow, JustCounted
from tests.under_test import StoreUnderTest, until

TOPICS = Topics("test-store")


class Shop:
    """The states of one service on a connection that stands, and what it has published."""

    def __init__(self, bus: MemoryBus, broker: MemoryBroker) -> None:
        self.broker = broker
        self.states = States("leader", TOPICS, bus)

    def published(self, topic: str) -> list[int]:
        """The totals that were published to a topic, in their order."""
        return [msgspec.json.decode(each.payload)["total"] for each in self.broker.published if each.topic == topic]


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Shop]:
    broker = MemoryBroker()
    bus = MemoryBus(broker, "leader")
    async with Client(bus).running():
        yield Shop(bus, broker)


def now(total: int, revision: int, counter: str = "a") -> Shown:
    return Shown(CounterNow(revision, total), {"counter": counter})


def private(total: int, revision: int = 1, register: str = "till-1") -> Shown:
    return Shown(CounterForRegister(revision, total), {"register": register})


STATE = TOPICS.state(CounterNow, counter="a")
PRIVATE = TOPICS.private(CounterForRegister, "till-1")


async def test_a_lower_revision_is_ignored_and_the_same_one_is_not(shop: Shop) -> None:
    shop.states.connected([])
    for total, revision in ((5, 5), (4, 4), (50, 5), (6, 6)):
        shop.states.show(now(total, revision))

    await until(lambda: shop.published(STATE)[-1:] == [6])

    assert shop.published(STATE) == [5, 50, 6]


async def test_what_the_database_shows_on_connect_does_not_beat_what_is_newer(shop: Shop) -> None:
    shop.states.show(now(9, 9))

    shop.states.connected([now(8, 8), now(1, 1, counter="b")])

    await until(lambda: len(shop.broker.published) == 2)
    assert shop.published(STATE) == [9]


async def test_what_changes_while_away_is_shown_on_connect(shop: Shop) -> None:
    shop.states.connected([])
    shop.states.disconnected()
    shop.states.show(now(1, 1))
    shop.states.show(private(1))

    shop.states.connected([])

    await until(lambda: len(shop.broker.published) == 2)
    assert (shop.published(STATE), shop.published(PRIVATE)) == ([1], [1])


async def test_private_states_are_published_once_for_all_changes_of_a_moment(shop: Shop) -> None:
    shop.states.connected([])
    for total in range(10):
        shop.states.show(private(total, revision=total))
    shop.states.show(private(77, register="till-2"))
    await until(lambda: shop.published(PRIVATE))
    shop.states.show(private(10, revision=10))

    await until(lambda: len(shop.published(PRIVATE)) == 2)

    assert shop.published(PRIVATE) == [9, 10]
    assert shop.published(TOPICS.private(CounterForRegister, "till-2")) == [77]


async def test_private_states_expire_and_are_refreshed_well_before(shop: Shop) -> None:
    assert states.PRIVATE_REFRESH_S * 2 < states.PRIVATE_EXPIRY_S
    shop.states.connected([now(1, 1), private(1)])

    shop.states.refresh_private()

    await until(lambda: len(shop.broker.published) == 3)
    assert [(each.topic, each.expiry_s, each.retain) for each in shop.broker.published] == [
        (STATE, None, True),
        (PRIVATE, states.PRIVATE_EXPIRY_S, True),
        (PRIVATE, states.PRIVATE_EXPIRY_S, True),
    ]


async def test_what_just_happened_is_told_each_time_and_never_again_when_its_time_is_over(shop: Shop) -> None:
    topic = TOPICS.private(JustCounted, "till-1")
    shop.states.connected([])

    for revision in (1, 2, 3):
        shop.states.show(Shown(JustCounted(revision, revision), {"register": "till-1"}))
    shop.states.refresh_private()
    shop.states.connected([])

    await until(lambda: len(shop.published(topic)) == 4)
    assert shop.published(topic) == [1, 2, 3, 3]
    assert {each.expiry_s for each in shop.broker.published} == {1}
    await until(lambda: not _shown_on_connect(shop, topic))


def _shown_on_connect(shop: Shop, topic: str) -> bool:
    before = len(shop.published(topic))
    shop.states.connected([])
    return len(shop.published(topic)) > before


async def test_everything_is_shown_again_after_the_broker_forgot_it(store: StoreUnderTest) -> None:
    await store.start(leader.make_leader())
    await store.send(Count("a", 3))
    await until(lambda: store.retained(CounterForRegister, register="a"))

    store.broker.forget()
    await until(lambda: store.retained(CounterNow, counter="a") and store.retained(CounterForRegister, register="a"))

    assert store.retained(CounterNow, counter="a").total == 3


async def test_what_a_service_no_longer_has_is_cleared_when_it_starts(store: StoreUnderTest) -> None:
    await store.start(leader.make_leader())
    await store.send(Count("a"))
    await store.stop("leader")
    stale = [store.topics.state(CounterNow, counter="gone"), store.topics.private(CounterForRegister, "gone")]
    other = f"{store.topics.root}/state/other/thing"
    for topic in (*stale, other):
        store.broker.pass_on(Outgoing(topic, b"{}", retain=True))

    await store.start(leader.make_leader())
    await until(lambda: not store.broker.retained().keys() & set(stale))

    assert store.retained(CounterNow, counter="a").total == 1
    assert other in store.broker.retained()


async def test_a_message_that_only_looks_like_a_state_is_let_be(store: StoreUnderTest) -> None:
    """A reply without correlation data would otherwise be cleared from another's topic."""
    await store.start(leader.make_leader())
    topic = store.topics.reply("leader", "stranger")

    store.broker.pass_on(Outgoing(topic, b"{}"))
    await store.send(Count("a"))

    assert [each.payload for each in store.broker.published if each.topic == topic] == [b"{}"]


@asynccontextmanager
async def leader_on(broker: Mosquitto, folder: Path) -> AsyncIterator[Running[Tx, View]]:
    """The toy leader on a real broker."""
    service = leader.make_leader()
    migrate(folder / "leader.sqlite3", chains("leader", service.migrations))
    running = Running(
        service,
        RuntimeSettings(service="leader", store="test-store", data=folder),
        Outside(
            clock=SystemClock(),
            ids=RandomIds(),
            make_bus=lambda will: broker.bus("leader", will=will),
            digest_key=b"a key of the tests",
            token_key_file=folder / "staff-token.pub",
            seams=Seams(),
        ),
    )
    async with Client(broker.bus("till-1")).running():
        work = asyncio.create_task(running.run())
        try:
            await running.connected.wait()
            yield running
        finally:
            work.cancel()
            await asyncio.wait((work,))


async def test_on_a_real_broker_stale_states_are_cleared_and_valid_ones_never_vanish(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """What is retained comes before the service has read what it has."""
    stale, valid = TOPICS.state(CounterNow, counter="gone"), TOPICS.state(CounterNow, counter="a")

    def count(scope: Scope) -> None:
        scope.connection.execute(leader.counter_table.insert().values(name="a", total=1))

    async with leader_on(mosquitto, tmp_path) as running:
        await running.writer.run(count)
        await running.bus.send(Outgoing(stale, b"{}", retain=True))
        await running.bus.send(Outgoing(valid, b"{}", retain=True))
    watcher = Client(mosquitto.bus("watcher"), Subscription(f"{TOPICS.root}/state/#", retained=False))
    async with watcher.running(), leader_on(mosquitto, tmp_path):
        await until(lambda: (stale, b"") in [(each.topic, each.payload) for each in watcher.heard])

    assert [msgspec.json.decode(each.payload) for each in watcher.heard if each.topic == valid] == [
        {"revision": 0, "total": 1}
    ]
