"""What every bus promises: one suite for the broker in memory and for a real Mosquitto."""

import asyncio
from collections.abc import Iterator

import pytest

from services.runtime.bus import Incoming, NotConnected, Outgoing, Subscription
from services.runtime.bus.client import MAX_INFLIGHT
from services.runtime.bus.memory import topic_matches
from services.runtime.ids import RandomIds
from tests.services.runtime.brokers import Client, InMemory, Mosquitto, Real
from tests.under_test import until

World = InMemory | Real

END = b"the end"


@pytest.fixture(params=["memory", "mosquitto"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        yield InMemory()
        return
    broker: Mosquitto = request.getfixturevalue("mosquitto")
    yield Real(broker)


@pytest.fixture
def root() -> str:
    """A topic that no other test uses."""
    return RandomIds().new()


@pytest.fixture
def name() -> str:
    """A client id that no other test uses."""
    return RandomIds().new()


def listener(world: World, *subscriptions: Subscription) -> Client:
    return Client(world.bus(RandomIds().new()), *subscriptions)


def test_filters_take_in_what_the_standard_says() -> None:
    """The examples of MQTT 5.0, 4.7.1.2 and 4.7.1.3."""
    assert topic_matches("sport/tennis/player1/#", "sport/tennis/player1")
    assert topic_matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon")
    assert topic_matches("sport/tennis/+", "sport/tennis/player1")
    assert topic_matches("+/+", "/finance")
    assert not topic_matches("sport/tennis/+", "sport/tennis/player1/ranking")
    assert not topic_matches("sport/+", "sport")
    assert not topic_matches("+", "/finance")


async def test_messages_keep_their_order(world: World, root: str) -> None:
    async with listener(world, Subscription(f"{root}/+", retained=False)).running() as client:
        sent = [b"%d" % number for number in range(400)]

        for number, payload in enumerate(sent):
            client.bus.post(Outgoing(f"{root}/{number % 3}", payload))

        await client.hears(sent[-1])
        assert client.payloads == sent


@pytest.mark.parametrize(
    ("topic_filter", "heard"),
    [("{}/a/+", [b"a/1", b"a/2"]), ("{}/+/1", [b"a/1", b"b/1"]), ("{}/#", [b"a/1", b"a/2", b"b/1", b"a/b/1"])],
)
async def test_wildcards_take_in_what_they_should(
    world: World, root: str, topic_filter: str, heard: list[bytes]
) -> None:
    wanted = Subscription(topic_filter.format(root), retained=False)
    async with listener(world, wanted, Subscription(f"{root}-end", retained=False)).running() as client:
        for path in ("a/1", "a/2", "b/1", "a/b/1"):
            client.bus.post(Outgoing(f"{root}/{path}", path.encode()))
        client.bus.post(Outgoing(f"{root}-end", END))

        await client.hears(END)

    assert client.payloads == [*heard, END]


async def test_more_than_may_be_under_way_arrives_in_its_order(world: World, root: str) -> None:
    async with listener(world, Subscription(root, retained=False)).running() as client:
        sent = [b"%d" % number for number in range(2 * MAX_INFLIGHT + 1)]

        acknowledged = [client.bus.send(Outgoing(root, payload)) for payload in sent]

        await client.hears(sent[-1])
        assert client.payloads == sent
        assert all(await asyncio.gather(*acknowledged))


async def test_all_that_a_message_carries_crosses_unchanged(world: World, root: str) -> None:
    """Bytes are bytes, and a property's text may hold anything."""
    async with listener(world, Subscription(root, retained=False)).running() as client:
        await client.bus.send(
            Outgoing(
                root,
                bytes(range(256)),
                response_topic=f"{root}/reply",
                correlation=b"\x00\xff",
                expiry_s=60,
                properties=(("id", "1"), ("token", "ü= ☕")),
            )
        )

        await until(lambda: client.heard)

    (heard,) = client.heard
    assert heard.expiry_s in range(30, 61)
    assert heard == Incoming(
        root,
        bytes(range(256)),
        retained=False,
        response_topic=f"{root}/reply",
        correlation=b"\x00\xff",
        expiry_s=heard.expiry_s,
        properties={"id": "1", "token": "ü= ☕"},
    )


async def test_a_bare_message_carries_nothing(world: World, root: str) -> None:
    async with listener(world, Subscription(root, retained=False)).running() as client:
        await client.bus.send(Outgoing(root, b"bare"))

        await until(lambda: client.heard)

    assert client.heard == [Incoming(root, b"bare", properties={})]


async def test_what_is_retained_is_replayed_only_where_it_is_wanted(world: World, root: str) -> None:
    async with listener(world).running() as owner:
        await owner.bus.send(Outgoing(f"{root}/state", b"kept", retain=True))
        curious = listener(world, Subscription(f"{root}/#", retained=True))
        deaf = listener(world, Subscription(f"{root}/#", retained=False))
        async with curious.running(), deaf.running():
            await owner.bus.send(Outgoing(f"{root}/end", END))
            await curious.hears(END)
            await deaf.hears(END)

    assert [(each.payload, each.retained) for each in curious.heard] == [(b"kept", True), (END, False)]
    assert deaf.payloads == [END]


async def test_a_request_sent_to_be_retained_is_recognised(world: World, root: str) -> None:
    async with listener(world, Subscription(root, retained=False)).running() as service:
        await service.bus.send(Outgoing(root, b"request", retain=True))

        await until(lambda: service.heard)

    assert service.heard[0].retained


async def test_own_messages_do_not_come_back_where_they_are_not_wanted(world: World, root: str) -> None:
    quiet = listener(world, Subscription(f"{root}/#", retained=True, own=False))
    async with quiet.running(), listener(world).running() as other:
        await quiet.bus.send(Outgoing(f"{root}/own", b"own", retain=True))
        await other.bus.send(Outgoing(f"{root}/end", END))
        await quiet.hears(END)

    assert quiet.payloads == [END]


async def test_what_this_client_retained_earlier_is_replayed_even_so(world: World, root: str, name: str) -> None:
    """So it finds and clears what its earlier self has left behind."""
    async with Client(world.bus(name)).running() as earlier:
        await earlier.bus.send(Outgoing(f"{root}/stale", b"stale", retain=True))

    later = Client(world.bus(name), Subscription(f"{root}/#", retained=True, own=False))
    async with later.running():
        await later.hears(b"stale")

    assert later.heard[0].retained


async def test_an_empty_message_clears_what_is_retained(world: World, root: str) -> None:
    async with listener(world).running() as owner:
        await owner.bus.send(Outgoing(f"{root}/state", b"kept", retain=True))
        await owner.bus.send(Outgoing(f"{root}/state", b"", retain=True))
        async with listener(world, Subscription(f"{root}/#", retained=True)).running() as late:
            await owner.bus.send(Outgoing(f"{root}/end", END))
            await late.hears(END)

    assert late.payloads == [END]


async def test_what_is_retained_ends_with_its_expiry(world: World, root: str) -> None:
    async with listener(world).running() as owner:
        await owner.bus.send(Outgoing(f"{root}/short", b"short", retain=True, expiry_s=1))
        await owner.bus.send(Outgoing(f"{root}/long", b"long", retain=True, expiry_s=600))

        async def replayed() -> list[bytes]:
            async with listener(world, Subscription(f"{root}/#", retained=True)).running() as late:
                await owner.bus.send(Outgoing(f"{root}/end", END))
                await late.hears(END)
            return late.payloads

        async with asyncio.timeout(15):
            while b"short" in (seen := await replayed()):
                pass

    assert seen == [b"long", END]


async def test_a_clean_goodbye_publishes_no_will(world: World, root: str, name: str) -> None:
    async with listener(world, Subscription(f"{root}/#", retained=False)).running() as watcher:
        async with Client(world.bus(name, will=Outgoing(f"{root}/will", b"will"))).running():
            pass
        async with Client(world.bus(name)).running() as again:  # the broker has settled what was before
            await again.bus.send(Outgoing(f"{root}/end", END))
            await watcher.hears(END)

    assert watcher.payloads == [END]


async def test_a_cut_publishes_the_will(world: World, root: str, name: str) -> None:
    will = Outgoing(f"{root}/will", b"will", retain=True, expiry_s=600)
    async with listener(world, Subscription(f"{root}/#", retained=False)).running() as watcher:
        doomed = Client(world.bus(name, will=will))
        work = asyncio.create_task(doomed.bus.run(doomed))
        await doomed.online.wait()

        world.cut(doomed.bus)
        work.cancel()
        await asyncio.wait((work,))
        await watcher.hears(b"will")

    assert watcher.heard[0].retained
    assert watcher.heard[0].expiry_s in range(500, 601)


async def test_sent_means_that_the_broker_has_it(world: World, root: str) -> None:
    """What is retained is there for a newcomer as soon as the sender knows that it was taken."""
    async with listener(world).running() as owner:
        await owner.bus.send(Outgoing(f"{root}/state", b"kept", retain=True))
        async with listener(world, Subscription(f"{root}/#", retained=True)).running() as late:
            await late.hears(b"kept")


async def test_a_sender_learns_whether_anybody_listens(world: World, root: str) -> None:
    async with listener(world).running() as owner:
        alone = await owner.bus.send(Outgoing(root, b"1"))
        async with listener(world, Subscription(root, retained=False)).running():
            together = await owner.bus.send(Outgoing(root, b"2"))

    assert (alone, together) == (False, True)


async def test_who_is_not_connected_is_told_so(world: World, root: str, name: str) -> None:
    client = Client(world.bus(name))
    with pytest.raises(NotConnected):
        client.bus.send(Outgoing(root, b"early"))
    async with client.running():
        pass

    with pytest.raises(NotConnected):
        client.bus.send(Outgoing(root, b"late"))
    client.bus.post(Outgoing(root, b"nobody is told"))


async def test_a_broker_that_comes_back_is_listened_to_again(world: World, root: str) -> None:
    """It forgot the subscriptions with all the rest."""
    async with listener(world, Subscription(f"{root}/#", retained=True)).running() as client:
        await client.bus.send(Outgoing(f"{root}/state", b"kept", retain=True))
        await client.hears(b"kept")

        world.lose_everything()
        await until(lambda: client.connects == 2)
        await client.bus.send(Outgoing(f"{root}/end", END))
        await client.hears(END)

    assert client.payloads == [b"kept", END]


async def test_what_was_published_while_away_is_never_delivered(world: World, root: str) -> None:
    """Not by a connection made later either, as paho would do with one client object."""

    class Haunted(Client):
        def on_disconnected(self) -> None:
            super().on_disconnected()
            self.bus.post(Outgoing(f"{root}/ghost", b"ghost"))
            with pytest.raises(NotConnected):
                self.bus.send(Outgoing(f"{root}/ghost", b"ghost"))

    client = Haunted(world.bus(RandomIds().new()), Subscription(f"{root}/#", retained=False))
    async with client.running():
        world.lose_everything()
        await until(lambda: client.connects == 2)
        await client.bus.send(Outgoing(f"{root}/end", END))
        await client.hears(END)

    assert client.payloads == [END]


async def test_a_listener_may_send_from_what_it_hears(world: World, root: str) -> None:
    """What is replayed comes when the bus is already fit to send."""

    class Clearing(Client):
        def on_message(self, message: Incoming) -> None:
            super().on_message(message)
            if message.payload == b"stale":
                self.bus.post(Outgoing(message.topic, b"", retain=True))

    async with listener(world, Subscription(f"{root}/#", retained=False)).running() as owner:
        await owner.bus.send(Outgoing(f"{root}/state", b"stale", retain=True))
        clearing = Clearing(world.bus(RandomIds().new()), Subscription(f"{root}/#", retained=True, own=False))
        async with clearing.running():
            await owner.hears(b"")
