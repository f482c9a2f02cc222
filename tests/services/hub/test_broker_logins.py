"""The logins as the broker knows them: what the plugin is given, and what a running broker is told."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import Topics
from services.hub import broker_logins, logins
from services.hub.broker import Broker
from services.hub.broker_logins import BrokerRefused
from tests.services.hub.clients import PATIENCE_S, Connect, Control

ACCEPTED = 0x00
NOT_AUTHORISED = 0x87


async def nobody(_commands: broker_logins.Commands) -> list[dict[str, Any]]:
    """Stand for a connection that is gone."""
    raise ConnectionError


def test_same_files_render_the_same_bytes_whatever_order_they_were_made_in(tmp_path: Path, topics: Topics) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for name in ("till-1", "till-2", "till-3"):
        logins.make_login(first, name, "register")
    (second / "clients").mkdir(parents=True)
    for name in ("till-3", "till-1", "till-2"):
        (second / "clients" / f"{name}.json").write_bytes((first / "clients" / f"{name}.json").read_bytes())

    assert broker_logins.render_dynamic_security(first, topics) == broker_logins.render_dynamic_security(second, topics)


async def test_new_register_logs_in_at_once_and_after_a_restart(
    broker: Broker, tmp_path: Path, topics: Topics, connect: Connect, control: Control
) -> None:
    made = await broker_logins.add_login(tmp_path, topics, "till-1", "register", control(broker, tmp_path))

    register = connect(broker, made)
    assert register.connect_code == ACCEPTED
    assert register.subscribe(topics.replies_to("till-1"), topics.replies_to("till-2")) == [1, NOT_AUTHORISED]
    await broker.restart()
    assert connect(broker, made).connect_code == ACCEPTED


async def test_removed_register_is_cut_off_at_once_with_all_its_credentials(
    broker: Broker, tmp_path: Path, topics: Topics, connect: Connect, control: Control
) -> None:
    send = control(broker, tmp_path)
    made = await broker_logins.add_login(tmp_path, topics, "till-1", "register", send)
    temporary = await broker_logins.add_temporary_login(tmp_path, topics, "till-1", send)
    other = await broker_logins.add_login(tmp_path, topics, "till-2", "register", send)
    connections = [connect(broker, each) for each in (made, temporary)]
    stays = connect(broker, other)

    await broker_logins.cut_off_login(tmp_path, "till-1", send)

    assert all(connection.ended.wait(PATIENCE_S) for connection in connections)
    assert [connect(broker, each).connect_code for each in (made, temporary)] == [NOT_AUTHORISED] * 2
    assert stays.publish(topics.status("till-2")) != [NOT_AUTHORISED]
    assert not stays.ended.is_set()


async def test_change_of_one_login_leaves_all_others_connected(
    broker: Broker, tmp_path: Path, topics: Topics, connect: Connect, control: Control
) -> None:
    send = control(broker, tmp_path)
    service = connect(broker, logins.own_credentials(tmp_path, "checkout"))

    await broker_logins.add_login(tmp_path, topics, "till-1", "register", send)
    await broker_logins.cut_off_login(tmp_path, "till-1", send)

    assert service.publish(topics.status("checkout")) != [NOT_AUTHORISED]
    assert not service.ended.is_set()


async def test_temporary_login_speaks_for_its_register_beside_it(
    broker: Broker, tmp_path: Path, topics: Topics, connect: Connect, control: Control
) -> None:
    send = control(broker, tmp_path)
    register = connect(broker, await broker_logins.add_login(tmp_path, topics, "till-1", "register", send))

    temporary = connect(broker, await broker_logins.add_temporary_login(tmp_path, topics, "till-1", send))

    assert temporary.subscribe(topics.replies_to("till-1")) == [1]
    own, other = (topics.request("checkout", "open-sale", caller) for caller in ("till-1", "till-2"))
    codes = temporary.publish(own, other)
    assert codes[0] != NOT_AUTHORISED
    assert codes[1] == NOT_AUTHORISED
    assert not register.ended.is_set()


async def test_login_the_broker_never_heard_of_is_not_made(tmp_path: Path, topics: Topics) -> None:
    with pytest.raises(ConnectionError):
        await broker_logins.add_login(tmp_path, topics, "till-1", "register", nobody)

    assert logins.list_logins(tmp_path).logins == ()


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [{"command": "createRole"}],
        [
            {"command": "deleteClient", "error": "Client not found"},
            {"command": "deleteRole", "error": "Role not found"},
            {"command": "createRole", "error": "Internal error"},
            {"command": "createClient"},
        ],
    ],
)
async def test_login_the_broker_refused_is_not_made(
    tmp_path: Path, topics: Topics, answer: list[dict[str, Any]]
) -> None:
    async def refuse(_commands: broker_logins.Commands) -> list[dict[str, Any]]:
        return answer

    with pytest.raises(BrokerRefused):
        await broker_logins.add_login(tmp_path, topics, "till-1", "register", refuse)

    assert logins.list_logins(tmp_path).logins == ()


async def test_register_removed_while_the_broker_did_not_hear_is_gone_after_its_next_start(
    broker: Broker, tmp_path: Path, topics: Topics, connect: Connect, control: Control
) -> None:
    made = await broker_logins.add_login(tmp_path, topics, "till-1", "register", control(broker, tmp_path))

    with pytest.raises(ConnectionError):
        await broker_logins.cut_off_login(tmp_path, "till-1", nobody)
    await broker.restart()

    assert connect(broker, made).connect_code == NOT_AUTHORISED


async def test_register_made_again_after_an_unheard_removal_has_only_its_new_password(
    broker: Broker, tmp_path: Path, topics: Topics, connect: Connect, control: Control
) -> None:
    send = control(broker, tmp_path)
    old = await broker_logins.add_login(tmp_path, topics, "till-1", "register", send)
    with pytest.raises(ConnectionError):
        await broker_logins.cut_off_login(tmp_path, "till-1", nobody)

    new = await broker_logins.add_login(tmp_path, topics, "till-1", "ops", send)

    assert connect(broker, old).connect_code == NOT_AUTHORISED
    assert connect(broker, new).connect_code == ACCEPTED


async def test_each_change_is_one_message(tmp_path: Path, topics: Topics) -> None:
    messages: list[broker_logins.Commands] = []

    async def keep(commands: broker_logins.Commands) -> list[dict[str, Any]]:
        messages.append(commands)
        return [{"command": command["command"]} for command in commands]

    await broker_logins.add_login(tmp_path, topics, "till-1", "register", keep)
    await broker_logins.add_temporary_login(tmp_path, topics, "till-1", keep)
    await broker_logins.cut_off_login(tmp_path, "till-1", keep)

    assert len(messages) == 3


async def test_login_whose_making_is_cancelled_is_not_made(tmp_path: Path, topics: Topics) -> None:
    asked = asyncio.Event()

    async def never(_commands: broker_logins.Commands) -> list[dict[str, Any]]:
        asked.set()
        return await asyncio.Future[list[dict[str, Any]]]()

    making = asyncio.create_task(broker_logins.add_login(tmp_path, topics, "till-1", "register", never))
    await asked.wait()
    making.cancel()

    with pytest.raises(asyncio.CancelledError):
        await making
    assert logins.list_logins(tmp_path).logins == ()
