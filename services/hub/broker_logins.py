"""The logins as the broker knows them: the plugin's own file, and what a running broker is told when they change.

Never here: how the broker runs (``broker.py``) or how it is reached: the caller passes in what sends a control message.

The plugin writes its file in place, so a power cut may empty it; therefore that file is never the truth and is rendered
anew before each start of the broker.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from contracts.base import Role
from contracts.topics import Topics
from services.hub import access, files
from services.hub.client_files import file_of, read_login
from services.hub.logins import Credentials, list_logins, make_login, make_temporary_login, remove_login

Commands = list[dict[str, Any]]
SendControl = Callable[[Commands], Awaitable[list[dict[str, Any]]]]
"""Sends the commands in one message to ``access.CONTROL`` and gives back the ``responses`` of its answer."""


class BrokerRefused(Exception):
    """The broker did not do what it was told; the sentence names its reason."""


def render_dynamic_security(data: Path, topics: Topics) -> bytes:
    """Write the plugin's whole file from the client files that are whole; the same files give the same bytes."""
    logins = list_logins(data).logins
    document = {
        "defaultACLAccess": access.DENY_BY_DEFAULT,
        "clients": [
            {
                "username": each.username,
                **_pinned(each.client_id),
                "roles": [{"rolename": each.username}],
                "password": each.hash,
                "salt": each.salt,
                "iterations": each.iterations,
            }
            for each in logins
        ],
        "groups": [],
        "roles": [_role(each.username, each.role, each.login, topics) for each in logins],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


async def add_login(data: Path, topics: Topics, login: str, role: Role, send_control: SendControl) -> Credentials:
    """Make a login and have the running broker know it at once.

    Raises:
        LoginRefused: as ``make_login`` does.
        BrokerRefused: the broker did not take it; no login was made.
    """
    return await _announce(data, topics, make_login(data, login, role), role, send_control)


async def add_temporary_login(data: Path, topics: Topics, login: str, send_control: SendControl) -> Credentials:
    """Make second credentials for a login and have the running broker know them at once.

    Raises:
        LoginRefused: as ``make_temporary_login`` does.
        BrokerRefused: the broker did not take them; none were made.
    """
    made = make_temporary_login(data, login)
    return await _announce(data, topics, made, read_login(file_of(data, made.username)).role, send_control)


async def cut_off_login(data: Path, login: str, send_control: SendControl) -> tuple[str, ...]:
    """Remove a login and have the running broker drop whoever uses it or its temporary credentials.

    Gives back the usernames removed.

    Raises:
        LoginRefused: as ``remove_login`` does.
        BrokerRefused: the files are gone, but the broker knows the login until its next start.
    """
    removed = remove_login(data, login)
    await _tell([command for username in removed for command in _forget(username)], send_control)
    return removed


async def _announce(
    data: Path, topics: Topics, made: Credentials, role: Role, send_control: SendControl
) -> Credentials:
    commands: Commands = [
        # What the broker may remember of an earlier login of that name would stand in the way.
        *_forget(made.username),
        {"command": "createRole", **_role(made.username, role, made.login, topics)},
        {
            "command": "createClient",
            "username": made.username,
            "password": made.password,
            **_pinned(made.client_id),
            "roles": [{"rolename": made.username}],
        },
    ]
    try:
        await _tell(commands, send_control)
    except BaseException:
        # Nobody has been told the password, so the login is of no use to anyone.
        files.remove(file_of(data, made.username))
        raise
    return made


def _forget(username: str) -> Commands:
    # The client first: that is what ends its connection; a role alone would leave it idle but there.
    return [{"command": "deleteClient", "username": username}, {"command": "deleteRole", "rolename": username}]


async def _tell(commands: Commands, send_control: SendControl) -> None:
    """Send the commands as one message and hold the answers, one for each in their order, against them."""
    responses = await send_control(commands)
    told = [command["command"] for command in commands]
    if [response.get("command") for response in responses] != told:
        raise BrokerRefused(f"the broker was told {', '.join(told)} and answered something else")
    for response in responses:
        fault = response.get("error")
        if fault is not None and fault not in ("Client not found", "Role not found"):
            raise BrokerRefused(f"the broker refused {response['command']}: {fault}")


def _pinned(client_id: str | None) -> dict[str, str]:
    return {} if client_id is None else {"clientid": client_id}


def _role(username: str, role: Role, login: str, topics: Topics) -> dict[str, Any]:
    return {"rolename": username, "acls": access.rules(role, login, topics).acls()}
