"""What only a real broker does to a client: refusing, dying, standing still and letting another in."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from contracts.topics import Topics
from services.hub import logins
from services.hub.broker import Broker
from services.runtime.bus import ConnectionLost, Login, LoginRefused, Outgoing, PublishRefused, Subscription, TakenOver
from services.runtime.bus.mqtt import MqttBus
from services.runtime.ids import RandomIds
from services.runtime.log import Log
from tests.ports import kept_port
from tests.services.runtime.brokers import Client, Mosquitto, socket_of, wait_online
from tests.under_test import until

TOPICS = Topics("store")


@pytest_asyncio.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Broker]:
    """A broker with the hub's own logins and access rules."""
    with kept_port() as port:
        broker = Broker(tmp_path, TOPICS, port)
        await broker.start()
        yield broker
        await broker.stop()


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that the test may kill."""
    with kept_port() as port:
        broker = Mosquitto(tmp_path, port)
        broker.start()
        yield broker
        broker.kill()


def bus_of(broker: Broker, data: Path, name: str, password: str | None = None) -> MqttBus:
    own = logins.own_credentials(data, name)
    return MqttBus(Login(broker.host, broker.port, name, password or own.password, own.client_id), Log(name))


def faults(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, object]]:
    return [
        vars(record)["fields"]
        for record in caplog.records
        if record.levelno == logging.ERROR and record.getMessage() == event
    ]


async def test_a_refused_publish_is_raised_and_logged(
    guarded: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The hook into aiomqtt that reads the reason code of a PUBACK still bites."""
    foreign = TOPICS.event("checkout", "sale-completed")
    async with Client(bus_of(guarded, tmp_path, "staff")).running() as staff:
        with pytest.raises(PublishRefused, match=r"sale-completed with code 0x87"):
            await staff.bus.send(Outgoing(foreign, b"{}"))

    assert faults(caplog, "publish-refused") == [{"topic": foreign, "code": "0x87"}]


async def test_a_refused_post_is_logged_and_what_is_allowed_goes_on(
    guarded: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    foreign = TOPICS.event("checkout", "sale-completed")
    async with Client(bus_of(guarded, tmp_path, "staff")).running() as staff:
        staff.bus.post(Outgoing(foreign, b"{}"))
        await staff.bus.send(Outgoing(TOPICS.event("staff", "session-ended"), b"{}"))

    assert faults(caplog, "publish-refused") == [{"topic": foreign, "code": "0x87"}]


async def test_a_refused_subscription_is_logged_and_the_others_are_in_force(
    guarded: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    foreign, own = f"{TOPICS.root}/reply/+/checkout", TOPICS.replies_to("staff")
    staff = Client(
        bus_of(guarded, tmp_path, "staff"), Subscription(foreign, retained=False), Subscription(own, retained=False)
    )
    async with staff.running(), Client(bus_of(guarded, tmp_path, "checkout")).running() as checkout:
        await checkout.bus.send(Outgoing(TOPICS.reply("staff", "checkout"), b"answer"))
        await staff.hears(b"answer")

    assert faults(caplog, "subscription-refused") == [{"topic": foreign, "code": "0x87"}]


async def test_a_wrong_password_ends_the_bus(guarded: Broker, tmp_path: Path) -> None:
    staff = Client(bus_of(guarded, tmp_path, "staff", password="guessed"))

    with pytest.raises(LoginRefused):
        await staff.bus.run(staff)


async def test_what_was_not_acknowledged_is_lost_when_the_broker_dies(fragile: Mosquitto) -> None:
    async with Client(fragile.bus("client")).running() as client:
        fragile.freeze()
        sent = client.bus.send(Outgoing("topic", b"on its way"))

        fragile.kill()

        with pytest.raises(ConnectionLost):
            await sent
        assert not client.online.is_set()
        fragile.start()
        await until(lambda: client.connects == 2)


async def test_a_connection_lost_while_subscribing_is_made_anew_at_once(fragile: Mosquitto) -> None:
    """The library alone would wait for the answer for ten seconds."""

    class Unlucky(Client):
        tries = 0

        def subscriptions(self) -> list[Subscription]:
            self.tries += 1
            if self.tries == 1:
                fragile.freeze()
                asyncio.get_running_loop().call_later(0.2, self.restart)  # the request is on its way by then
            return super().subscriptions()

        def restart(self) -> None:
            fragile.kill()
            fragile.start()

    unlucky = Unlucky(fragile.bus("client"), Subscription("topic", retained=False))
    async with asyncio.timeout(8), unlucky.running():
        pass

    assert unlucky.tries == 2


async def test_a_bus_can_be_stopped_while_the_broker_stands_still(fragile: Mosquitto) -> None:
    async with Client(fragile.bus("first")).running():  # it answers
        fragile.freeze()
    waiting = Client(fragile.bus("client"))
    work = asyncio.create_task(waiting.bus.run(waiting))
    await until(lambda: len(asyncio.all_tasks()) > 2)

    work.cancel()
    await asyncio.wait((work,))

    assert work.cancelled()


async def test_of_two_with_one_client_id_one_gives_up(mosquitto: Mosquitto) -> None:
    """Mosquitto 2.0.11 does not say why it ends a connection that another took over."""
    name = RandomIds().new()
    both = [Client(mosquitto.bus(name)) for _ in range(2)]
    fights = []
    for client in both:
        fights.append(asyncio.create_task(client.bus.run(client)))
        await wait_online(client, fights[-1])

    ended, lasting = await asyncio.wait(fights, timeout=15, return_when=asyncio.FIRST_COMPLETED)

    assert [type(fight.exception()) for fight in ended] == [TakenOver]
    (winner,) = (client for client, fight in zip(both, fights, strict=True) if fight in lasting)
    await until(winner.online.is_set)
    await winner.bus.send(Outgoing("topic", b"still here"))
    for fight in lasting:
        fight.cancel()
    await asyncio.wait(lasting)


async def test_a_broker_that_dies_again_and_again_is_no_takeover(fragile: Mosquitto) -> None:
    async with Client(fragile.bus("client")).running() as client:
        for deaths in range(1, 5):
            fragile.kill()
            await until(lambda: not client.online.is_set())
            fragile.start()
            await until(lambda deaths=deaths: client.connects == deaths + 1)  # type: ignore[misc] # a default binds it

        await client.bus.send(Outgoing("topic", b"still here"))


async def test_nothing_waits_for_nagle(mosquitto: Mosquitto) -> None:
    """Without TCP_NODELAY a request takes 88 ms instead of one."""
    async with Client(mosquitto.bus(RandomIds().new())).running() as client:
        assert socket_of(client.bus).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
