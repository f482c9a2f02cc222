"""``status``: how the hub, its services and its registers are."""

import asyncio
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.table import Table

from contracts.every_service import ListParkedEvents, ParkedEvents
from contracts.topics import SERVICES
from services.hub import logins
from services.hub.client import Client, connected
from services.hub.presence import Presence
from services.hub.running_hub import NoHub, RunningHub, find
from services.hub.terminal import AsJson, DataFolder, console, data_folder, print_plain
from services.runtime.requester import NoAnswer

PATIENCE_S: Final = 1.5


async def status(*, data: DataFolder = None, as_json: AsJson = False) -> int:
    """Tell how the running hub is; the exit code is 0 only when all services are online.

    Raises:
        NoHub: none runs, and a person asked.
    """
    folder = data_folder(data)
    try:
        hub = find(folder)
    except NoHub:
        if not as_json:
            raise
        print_plain(msgspec.json.encode(_nothing_known(folder)).decode())
        return 1
    found = await _found(folder, hub)
    if as_json:
        print_plain(msgspec.json.encode(found).decode())
    else:
        _show_status(found)
    return 0 if all(each["state"] == "online" for each in found["services"]) else 1


async def _found(data: Path, hub: RunningHub) -> dict[str, Any]:
    """All that ``status`` tells."""
    presence = Presence(hub.topics)
    login = hub.login(logins.own_credentials(data, "hub"))
    async with connected(login, hub.topics, watching=(hub.topics.statuses(),)) as client:
        hearing = asyncio.create_task(_hear(client, presence))
        # Their answers come after what the broker retains, and prove that the services work.
        parked = await asyncio.gather(*(_parked(client, service) for service in SERVICES))
        hearing.cancel()
    return {
        "store": hub.store,
        "broker": {"state": "online", "host": hub.host, "port": hub.port},
        "services": [_service(presence, name, events) for name, events in zip(SERVICES, parked, strict=True)],
        "registers": _registers(data, presence),
    }


def _nothing_known(data: Path) -> dict[str, Any]:
    return {
        "store": None,
        "broker": {"state": "offline", "host": None, "port": None},
        "services": [{"name": name, "state": "unknown", "answers": False} for name in SERVICES],
        "registers": [{"name": name, "role": role, "state": "unknown"} for name, role in _given(data)],
    }


async def _hear(client: Client, presence: Presence) -> None:
    async for message in client.watch():
        presence.take(message)


async def _parked(client: Client, service: str) -> ParkedEvents | None:
    try:
        return await client.ask(ListParkedEvents(), service=service, patience_s=PATIENCE_S, attempts=1)
    except NoAnswer:
        return None


def _service(presence: Presence, name: str, parked: ParkedEvents | None) -> dict[str, Any]:
    told = presence.status(name)
    known = {} if told is None else msgspec.to_builtins(told)
    return {
        "name": name,
        "state": presence.state(name),
        "answers": parked is not None,
        **{key: known[key] for key in ("version", "epoch", "head") if key in known},
        "parked": [] if parked is None else msgspec.to_builtins(parked.parked),
    }


def _registers(data: Path, presence: Presence) -> list[dict[str, str]]:
    return [{"name": name, "role": role, "state": presence.state(name)} for name, role in _given(data)]


def _given(data: Path) -> list[tuple[str, str]]:
    listed = logins.list_logins(data).logins
    return [(each.login, each.role) for each in listed if each.role in ("register", "display") and not each.temporary]


def _show_status(found: dict[str, Any]) -> None:
    broker = found["broker"]
    where = f"{broker['host']} port {broker['port']}"
    table = Table(title=f"Store {found['store']}, broker {broker['state']}: {where}", title_justify="left")
    for column in ("client", "state", "journal", "parked events"):
        table.add_column(column)
    for each in found["services"]:
        head = f"{each['epoch']}/{each['head']}" if "head" in each else "-"
        state = each["state"] if each["answers"] or each["state"] != "online" else "online, does not answer"
        parked = ", ".join(f"{event['leader']} {event['number']}" for event in each.get("parked", ())) or "-"
        table.add_row(each["name"], _coloured(state), head, parked)
    for each in found["registers"]:
        table.add_row(f"{each['name']} ({each['role']})", _coloured(each["state"]), "-", "-")
    console().print(table)


def _coloured(state: str) -> str:
    return f"[{ {'online': 'green', 'unknown': 'yellow'}.get(state, 'red') }]{state}[/]"
