"""A service reads along what another one shows of a register, if its contract lets it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from services.runtime.bus import Outgoing
from services.runtime.service import Watch
from tests.toy import leader
from tests.toy.leader import Count, CounterForRegister
from tests.under_test import StoreUnderTest, until


@asynccontextmanager
async def watching(store: StoreUnderTest, register: str = "till-1") -> AsyncIterator[list[CounterForRegister]]:
    """A service that reads along what the leader shows of one register."""
    seen: list[CounterForRegister] = []
    watch = Watch(CounterForRegister, register, seen.append)
    await store.start(replace(leader.make_leader(name="watcher"), watches=(watch,)))
    yield seen
    await store.stop("watcher")


async def test_what_a_register_is_shown_is_read_along_what_was_retained_too(store: StoreUnderTest) -> None:
    await store.start(leader.make_leader())
    await store.send(Count("till-1", 2))
    await until(lambda: store.retained(CounterForRegister, register="till-1") is not None)

    async with watching(store) as seen:
        await until(lambda: seen)
        await store.send(Count("till-2", 3))
        await store.send(Count("till-1", 4))
        await until(lambda: len(seen) > 1)

        assert [each.total for each in seen] == [2, 6]


async def test_what_cannot_be_read_or_was_cleared_is_nothing(store: StoreUnderTest) -> None:
    await store.start(leader.make_leader())
    topic = store.topics.private(CounterForRegister, "till-1")

    async with watching(store) as seen:
        for payload in (b"{", b'{"revision":"high"}', b""):
            store.services["leader"].bus.post(Outgoing(topic, payload, retain=True))
        await store.send(Count("till-1", 2))
        await until(lambda: seen)

        assert [each.total for each in seen] == [2]
