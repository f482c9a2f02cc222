"""The tools' client on a real broker: connecting, watching, and telling the broker of logins."""

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.checkout.catalogue import CountCatalogue
from contracts.every_service import Status
from contracts.topics import Topics
from services.hub import access, broker_logins, logins
from services.hub.broker import Broker, choose_port
from services.hub.client import BrokerAway, connected
from services.runtime.bus import ConnectionLost, Login, LoginRefused, NotConnected
from services.runtime.presence import status_message
from services.runtime.requester import NoAnswer


def login_of(broker: Broker, made: logins.Credentials) -> Login:
    return Login(broker.host, broker.port, made.username, made.password, made.client_id)


@pytest.fixture
def hub_login(broker: Broker, tmp_path: Path) -> Login:
    return login_of(broker, logins.own_credentials(tmp_path, "hub"))


async def test_what_is_retained_is_heard_before_what_comes(topics: Topics, hub_login: Login) -> None:
    first, second = (status_message(topics, "hub", Status("online", each), heartbeat_s=20) for each in ("a", "b"))
    async with connected(replace(hub_login, client_id="hub-teller"), topics) as teller:
        await teller.bus.send(first)
        async with connected(hub_login, topics, watching=(topics.statuses(),)) as client:
            await teller.bus.send(second)

            heard = client.watch()
            payloads = [(await anext(heard)).payload, (await anext(heard)).payload]

    assert payloads == [first.payload, second.payload]


async def test_a_login_made_while_the_broker_runs_works_at_once_and_is_cut_off_at_once(
    broker: Broker, topics: Topics, hub_login: Login, tmp_path: Path
) -> None:
    async with connected(hub_login, topics, watching=(access.CONTROL_RESPONSE,)) as hub:
        made = await broker_logins.add_login(tmp_path, topics, "till-1", "register", hub.send_control)
        async with connected(login_of(broker, made), topics) as till:
            assert till.caller == "till-1"

            await broker_logins.cut_off_login(tmp_path, "till-1", hub.send_control)

            with pytest.raises((ConnectionLost, NotConnected)):
                await till.bus.send(status_message(topics, "till-1", Status("online", "a"), heartbeat_s=20))
            assert [message async for message in till.watch()] == []
        with pytest.raises(LoginRefused):
            async with connected(login_of(broker, made), topics):
                pass


async def test_temporary_credentials_speak_in_the_name_of_their_login(
    broker: Broker, topics: Topics, hub_login: Login, tmp_path: Path
) -> None:
    async with connected(hub_login, topics, watching=(access.CONTROL_RESPONSE,)) as hub:
        await broker_logins.add_login(tmp_path, topics, "till-1", "register", hub.send_control)
        made = await broker_logins.add_temporary_login(tmp_path, topics, "till-1", hub.send_control)

        async with connected(login_of(broker, made), topics) as client:
            assert client.caller == "till-1"
            await client.bus.send(status_message(topics, "till-1", Status("online", "a"), heartbeat_s=20))


async def test_a_service_that_is_not_there_gives_no_answer(topics: Topics, hub_login: Login) -> None:
    async with connected(hub_login, topics) as client:
        with pytest.raises(NoAnswer):
            await client.ask(CountCatalogue(), patience_s=0.1, attempts=2)


async def test_a_broker_that_is_not_there_is_said_with_its_address(topics: Topics) -> None:
    port = choose_port(0).port
    with pytest.raises(BrokerAway, match=f"127.0.0.1 port {port}"):
        async with connected(Login("127.0.0.1", port, "hub", "", "hub-1"), topics, patience_s=0.2):
            pass
