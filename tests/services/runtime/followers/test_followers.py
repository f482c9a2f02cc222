"""Followers on the real runtime: a toy mirror follows a toy leader through everything that can go wrong."""

import asyncio
import shutil
from dataclasses import replace

import pytest
from sqlalchemy import Connection, delete, func, select

from contracts.base import Rejected
from contracts.every_service import (
    FollowedPlace,
    FollowedPlaces,
    JournalPage,
    ListParkedEvents,
    ParkedEvents,
    ReadFollowed,
    ReadJournal,
    SettleParkedEvent,
)
from services.runtime import tables
from services.runtime.bus import Outgoing
from services.runtime.ids import RandomIds
from services.runtime.running import Running
from services.runtime.service import SnapshotPiece
from services.runtime.transactions import Tx, View
from tests.toy import leader, mirror
from tests.toy.leader import Count
from tests.under_test import StoreUnderTest, until


@pytest.fixture
async def pair(store: StoreUnderTest) -> StoreUnderTest:
    await store.start(leader.make_leader())
    await store.start(mirror.make_mirror())
    return store


async def move(store: StoreUnderTest, *names: str, by: int = 1) -> None:
    for name in names:
        await store.send(Count(name, by))


async def seen(store: StoreUnderTest) -> tuple[dict[str, int], int]:
    """What projection and reaction hold once they have caught up."""
    await store.followed("leader", "mirror")
    return await store.read("mirror", mirror.totals), await store.read("mirror", mirror.noted_sum)


def notes(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(mirror.noted)).scalar_one()


async def test_events_are_applied_as_they_come(pair: StoreUnderTest) -> None:
    await move(pair, "a", "b", "a")

    assert await seen(pair) == ({"a": 2, "b": 1}, 3)


async def test_a_follower_that_was_away_reads_what_it_missed(pair: StoreUnderTest) -> None:
    await move(pair, "a")
    await seen(pair)
    await pair.stop("mirror")
    await move(pair, *["b"] * 40)

    await pair.start(mirror.make_mirror())

    assert await seen(pair) == ({"a": 1, "b": 40}, 41)


async def test_a_gap_on_the_bus_is_read_from_the_journal(store: StoreUnderTest) -> None:
    """The broker loses everything between two events; the next one shows that something is missing."""
    await store.start(leader.make_leader(), heartbeat_s=3600)
    await store.start(mirror.make_mirror())
    await move(store, "a")
    await seen(store)
    store.broker.deafen("mirror", store.topics.events_of("leader"))
    await move(store, "b", "c")
    store.broker.deafen("mirror", None)

    await move(store, "d")

    assert await seen(store) == ({"a": 1, "b": 1, "c": 1, "d": 1}, 4)


async def test_a_status_with_a_higher_head_is_enough(store: StoreUnderTest) -> None:
    """The very last event is lost on the bus; the leader's next heartbeat tells that it was told."""
    await store.start(leader.make_leader())
    await store.start(mirror.make_mirror())
    store.broker.deafen("mirror", store.topics.events_of("leader"))

    await move(store, "a")

    assert await seen(store) == ({"a": 1}, 1)


async def test_a_service_tells_how_far_it_has_come_in_anothers_journal(pair: StoreUnderTest) -> None:
    await move(pair, "a", "b")
    await seen(pair)

    followed = await pair.send(ReadFollowed("leader"), service="mirror", caller="leader-2")
    others = await pair.send(ReadFollowed("somebody"), service="mirror", caller="leader-2")

    journal = await pair.send(ReadJournal(after=1), service="leader", caller="mirror-2")
    assert isinstance(journal, JournalPage)
    newest = journal.entries[-1].event_id
    assert followed == FollowedPlaces(tuple(FollowedPlace(each, 1, 2, newest) for each in follower_names(pair)))
    assert others == FollowedPlaces(())


def follower_names(pair: StoreUnderTest) -> list[str]:
    return [follower.follow.name for follower in pair.services["mirror"].followers]


async def test_duplicates_and_stale_events_change_nothing(pair: StoreUnderTest) -> None:
    await move(pair, "a", "b", "c")
    await seen(pair)
    told = [each for each in pair.broker.published if each.topic == pair.topics.event_of(leader.CounterMoved)]

    for each in [*reversed(told), *told]:
        pair.broker.pass_on(each)
    await move(pair, "d")

    assert await seen(pair) == ({"a": 1, "b": 1, "c": 1, "d": 1}, 4)


async def test_events_out_of_order_are_applied_in_order(store: StoreUnderTest) -> None:
    await store.start(leader.make_leader(), heartbeat_s=3600)
    await store.start(mirror.make_mirror())
    await move(store, "x")
    await seen(store)
    store.broker.deafen("mirror", store.topics.events_of("leader"))
    await move(store, "a", by=1)
    await move(store, "a", by=10)
    await move(store, "a", by=100)
    store.broker.deafen("mirror", None)
    told = [each for each in store.broker.published if each.topic == store.topics.event_of(leader.CounterMoved)]

    for place in (3, 1, 2):
        store.broker.pass_on(told[place])

    assert await seen(store) == ({"x": 1, "a": 111}, 112)


@pytest.mark.parametrize("forged", [{"sequence": "9999999", "epoch": "1"}, {"sequence": "x"}, {"sequence": "²"}, {}])
async def test_a_forged_event_is_no_more_than_a_hint(pair: StoreUnderTest, forged: dict[str, str]) -> None:
    """Nothing on the bus is applied that does not follow in the leader's own numbers."""
    await move(pair, "a")
    properties = {"id": RandomIds().new(), **forged}

    pair.broker.pass_on(
        Outgoing(
            pair.topics.event_of(leader.CounterMoved),
            b'{"counter":"a","by":5,"total":500}',
            properties=tuple(properties.items()),
        )
    )
    await move(pair, "b")

    assert await seen(pair) == ({"a": 1, "b": 1}, 2)


async def test_the_broker_may_forget_everything(pair: StoreUnderTest) -> None:
    await move(pair, "a")
    pair.broker.forget()
    caller = await pair.caller("till-1")
    await until(caller.online.is_set)
    await until(pair.services["leader"].connected.is_set)

    await move(pair, "b")

    assert await seen(pair) == ({"a": 1, "b": 1}, 2)
    assert pair.retained(leader.CounterNow, counter="b").total == 1


async def test_a_projection_rebuilt_equals_the_live_one(pair: StoreUnderTest) -> None:
    await move(pair, *"abcabca")
    live = await seen(pair)
    projection = pair.services["mirror"].followers[0]

    await projection.rebuild()

    assert (await seen(pair))[0] == live[0] == {"a": 3, "b": 2, "c": 2}


async def test_a_reaction_replayed_adds_nothing(pair: StoreUnderTest) -> None:
    await move(pair, "a", "b")
    await seen(pair)
    await pair.stop("mirror")
    running = await _forget_place(pair)

    assert (await seen(pair))[1] == 2
    assert await running.readers.read(notes) == 2


async def _forget_place(store: StoreUnderTest) -> Running[Tx, View]:
    """Start the mirror on a file that has forgotten how far its reaction came."""
    running = await store.start(mirror.make_mirror())
    await running.writer.run(
        lambda scope: scope.connection.execute(delete(tables.follower).where(tables.follower.c.name == "notes"))
    )
    await store.stop("mirror")
    return await store.start(mirror.make_mirror())


async def test_a_poison_event_is_parked_and_does_not_stop_the_others(pair: StoreUnderTest) -> None:
    await move(pair, "a", mirror.POISON, "b")

    totals, noted = await seen(pair)
    parked = await pair.send(ListParkedEvents(), service="mirror", caller="hub")

    assert totals == {"a": 1, mirror.POISON: 1, "b": 1}
    assert noted == 2
    assert isinstance(parked, ParkedEvents)
    assert [(each.follower, each.tries) for each in parked.parked] == [("notes", 5)]
    await until(lambda: b'"parked":1' in pair.broker.retained()[pair.topics.status("mirror")])


async def test_a_parked_event_is_retried_or_skipped_by_command(pair: StoreUnderTest) -> None:
    await move(pair, mirror.POISON)
    await seen(pair)
    parked = await pair.send(ListParkedEvents(), service="mirror", caller="hub")
    assert isinstance(parked, ParkedEvents)
    event_id = parked.parked[0].event_id

    again = await pair.raw(
        "mirror",
        "settle-parked-event",
        b'{"follower":"notes","event_id":"%s","action":"retry"}' % event_id.encode(),
        message_id=RandomIds().new(),
    )
    skipped = await pair.send(SettleParkedEvent("notes", event_id, "skip"), service="mirror")
    gone = await pair.send(SettleParkedEvent("notes", event_id, "skip"), service="mirror")

    assert again["code"] == "internal-error"
    assert not isinstance(skipped, Rejected)
    assert isinstance(gone, Rejected)
    assert gone.code == "event-not-parked"


async def test_a_trimmed_journal_starts_a_newcomer_from_a_snapshot(store: StoreUnderTest) -> None:
    running = await store.start(leader.make_leader())
    await move(store, "a", "a", "b", "c")
    await running.writer.run(
        lambda scope: scope.connection.execute(delete(tables.journal).where(tables.journal.c.number <= 3))
    )

    await store.start(mirror.make_mirror())

    assert (await seen(store))[0] == {"a": 2, "b": 1, "c": 1}
    await move(store, "a")
    assert (await seen(store))[0] == {"a": 3, "b": 1, "c": 1}


async def test_an_older_leader_file_restored_makes_both_agree_again(pair: StoreUnderTest) -> None:
    """The leader comes back from yesterday's copy: the projection follows it, the reaction keeps its facts."""
    await move(pair, "a", "b")
    await seen(pair)
    file = pair.services["leader"].settings.database_file
    await pair.stop("leader")
    shutil.copy(file, file.with_suffix(".old"))
    await pair.start(leader.make_leader())
    await move(pair, "c", "c", "c")
    await seen(pair)
    await pair.stop("leader")
    for leftover in file.parent.glob("leader.sqlite3-*"):
        leftover.unlink()
    shutil.copy(file.with_suffix(".old"), file)

    await pair.start(leader.make_leader())
    await move(pair, "d")

    async with asyncio.timeout(20):
        while await pair.read("mirror", mirror.totals) != {"a": 1, "b": 1, "d": 1}:
            await asyncio.sleep(0.01)
        while await pair.read("mirror", notes) != 6:
            await asyncio.sleep(0.01)
    orphans = await pair.read(
        "mirror",
        lambda connection: connection.execute(
            select(func.count()).select_from(tables.orphan_event).where(tables.orphan_event.c.follower == "notes")
        ).scalar_one(),
    )
    epochs = await pair.read(
        "leader", lambda connection: list(connection.execute(select(tables.journal_epoch.c.reason)).scalars())
    )
    assert orphans == 3
    assert epochs == ["new", "diverged"]


async def test_a_leader_whose_snapshot_fails_does_not_stop_its_followers(store: StoreUnderTest) -> None:
    """The follower waits and says so; once the leader is mended it goes on by itself."""
    broken = replace(leader.make_leader(), snapshot=_broken_snapshot)
    running = await store.start(broken)
    await move(store, "a", "b")
    await running.writer.run(
        lambda scope: scope.connection.execute(delete(tables.journal).where(tables.journal.c.number <= 1))
    )
    await store.start(mirror.make_mirror())
    await until(lambda: _asked_for_snapshots(store) >= 2)

    await store.stop("leader")
    await store.start(leader.make_leader())

    assert (await seen(store))[0] == {"a": 1, "b": 1}


async def _broken_snapshot(_view: View, _number: int, _following: str | None) -> SnapshotPiece:
    raise ZeroDivisionError


def _asked_for_snapshots(store: StoreUnderTest) -> int:
    return sum("/read-snapshot/" in each.topic for each in store.broker.published)
