"""Presence: a service tells that it is there and where its journal stands, and never just falls silent."""

import sqlite3
from dataclasses import replace

import msgspec

from contracts.every_service import Status
from contracts.topics import Topics
from services.runtime.bus.memory import MemoryBus
from services.runtime.presence import last_will, status_message
from services.runtime.states import Shown
from services.runtime.transactions import View
from tests.toy import leader
from tests.toy.leader import Count, Counted
from tests.under_test import StoreUnderTest, until


def told(store: StoreUnderTest) -> list[Status]:
    """All that was said of the leader's presence, in its order."""
    topic = store.topics.status("leader")
    return [msgspec.json.decode(each.payload, type=Status) for each in store.broker.published if each.topic == topic]


def test_a_status_is_kept_for_three_heartbeats() -> None:
    message = status_message(Topics("s"), "till-1", Status("online", "1f"), heartbeat_s=5)

    assert (message.topic, message.retain, message.expiry_s) == ("tillwire/v1/s/status/till-1", True, 15)
    assert msgspec.json.decode(message.payload) == {"state": "online", "session": "1f"}


def test_a_status_is_never_kept_for_ever() -> None:
    """An expiry of 0 would be none at all to some brokers."""
    assert status_message(Topics("s"), "till-1", Status("online", "1f"), heartbeat_s=0.01).expiry_s == 1


def test_the_last_will_is_kept_no_longer_than_a_status() -> None:
    message = last_will(Topics("s"), "till-1", "1f", heartbeat_s=5)

    assert (message.retain, message.expiry_s) == (True, 15)
    assert msgspec.json.decode(message.payload) == {"state": "offline", "session": "1f"}


async def test_a_service_tells_who_it_is_and_where_its_journal_stands(store: StoreUnderTest) -> None:
    running = await store.start(leader.make_leader())
    await store.send(Count("a"))
    await store.send(Count("a"))

    await until(lambda: told(store)[-1].head == 2)

    now = told(store)[-1]
    assert (now.state, now.version, now.epoch, now.parked) == ("online", running.settings.version, 1, 0)
    assert {status.session for status in told(store)} == {now.session}


async def test_a_service_keeps_saying_that_it_is_there(store: StoreUnderTest) -> None:
    await store.start(leader.make_leader())

    await until(lambda: len(told(store)) >= 4)

    assert {status.state for status in told(store)} == {"online"}


async def test_a_service_that_is_stopped_says_so_itself(store: StoreUnderTest) -> None:
    """A broker publishes no last will for a clean goodbye."""
    await store.start(leader.make_leader())
    session = told(store)[-1].session

    await store.stop("leader")

    assert (told(store)[-1].state, told(store)[-1].session) == ("offline", session)
    await store.start(leader.make_leader())
    assert told(store)[-1].state == "online"
    assert told(store)[-1].session != session


async def test_of_a_service_that_is_cut_off_the_broker_says_so(store: StoreUnderTest) -> None:
    running = await store.start(leader.make_leader(), heartbeat_s=3600)
    session = told(store)[-1].session
    assert isinstance(running.bus, MemoryBus)

    running.bus.drop()
    await until(lambda: len(told(store)) >= 3)

    assert [(status.state, status.session) for status in told(store)] == [
        ("online", session),
        ("offline", session),
        ("online", session),
    ]


async def test_a_database_that_cannot_be_read_for_a_moment_costs_a_connection_not_the_service(
    store: StoreUnderTest,
) -> None:
    """The states are shown as soon as it can be read again."""
    asked = 0

    async def shown(view: View) -> list[Shown]:
        nonlocal asked
        asked += 1
        if asked == 1:
            busy = sqlite3.OperationalError("busy")
            busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise busy
        return await leader.shown(view)

    await store.start(replace(leader.make_leader(), shown=shown))

    assert asked == 2
    assert await store.send(Count("a")) == Counted("a", 1)
