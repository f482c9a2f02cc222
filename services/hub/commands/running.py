"""``up`` runs the hub, ``status`` tells how a running one is."""

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.table import Table

from contracts.checkout.catalogue import CountCatalogue
from contracts.staff import ListStaff
from contracts.topics import SERVICES
from services.hub.commands.catalogue import fill
from services.hub.supervisor import EXIT_SETTINGS, GaveUp, Hub, hub_at_work
from services.hub.terminal import DataFolder, console, print_plain
from services.runtime.requester import NoAnswer
from services.runtime.settings import HubSettings, SettingsRefused, in_words, load

STATUS_PATIENCE_S = 1.5


async def up(
    *,
    data: DataFolder = None,
    port: Annotated[int | None, Parameter(help="Where the broker listens; the next free port if it is taken.")] = None,
    store: Annotated[str | None, Parameter(help="The store's name in topics.")] = None,
    bind: Annotated[str | None, Parameter(help="The address the broker listens on; 127.0.0.1 if left out.")] = None,
) -> int:
    """Start the broker and all services, and watch over them until Ctrl+C."""
    settings = _settings(data=data, port=port, store=store)
    _echo_warnings()
    work = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, work.cancel if work is not None else loop.stop)
    try:
        async with hub_at_work(settings, _say, bind=bind or "") as hub:
            await _tell_ready(hub)
            await hub.until_given_up()
    except asyncio.CancelledError:
        _say("stopped")
        return 0
    except GaveUp as reason:
        _say(str(reason))
        return reason.exit_code
    return EXIT_SETTINGS


def _settings(**flags: Any) -> HubSettings:
    settings = load(HubSettings, None)
    for name, value in flags.items():
        if value is None:
            continue
        try:
            fields = {**msgspec.structs.asdict(settings), name: str(value) if name == "data" else value}
            settings = msgspec.convert(fields, HubSettings)
        except msgspec.ValidationError as error:
            raise SettingsRefused(f"--{name}: {in_words(str(error), HubSettings)}") from error
    return settings


def _say(sentence: str) -> None:
    print_plain(f"tillwire: {sentence}")


class _Echo(logging.Handler):
    """Tells a person what the hub's own process logs."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it, unless it is told already: that the broker went."""
        if record.getMessage() in ("broker-lost", "broker-refused"):
            return
        fields = " ".join(f"{name}={value}" for name, value in getattr(record, "fields", {}).items())
        _say(f"{record.getMessage()} {fields}".rstrip())


def _echo_warnings() -> None:
    logging.getLogger().addHandler(_Echo(logging.WARNING))


async def _tell_ready(hub: Hub) -> None:
    missing = await hub.until_online()
    _show_ready(hub)
    if missing:
        _say(f"not online within a minute: {', '.join(missing)}; their logs in {hub.data / 'logs'} may say why")
    elif hub.is_new:
        taken = await fill(hub.client, None)
        _say(f"the catalogue was empty; the {taken.created} sample items are in it now")
    for line in await _next_lines(hub):
        print_plain(f"  {line}")


def _show_ready(hub: Hub) -> None:
    running = hub.running
    table = Table(title=f"Tillwire, store {running.store}", title_justify="left")
    for column in ("service", "state", "data file", "login"):
        table.add_column(column, overflow="fold")
    broker = Path(os.path.relpath(hub.data / "broker"))
    table.add_row("broker", "online", str(broker), f"{running.host} port {running.port}")
    for service in SERVICES:
        state = hub.presence.state(service)
        table.add_row(service, state, os.path.relpath(hub.data / f"{service}.sqlite3"), service)
    console().print(table)


async def _next_lines(hub: Hub) -> list[str]:
    """What a newcomer needs next, three lines."""
    lines = [
        ("register add till-1", "a login for a till, told once"),
        ("demo", "one shop scene, step by step"),
        ("status", "how everything is; 'watch' shows it live"),
    ]
    try:
        staff = (await hub.client.ask(ListStaff(), patience_s=STATUS_PATIENCE_S)).staff
        items = (await hub.client.ask(CountCatalogue(), patience_s=STATUS_PATIENCE_S)).items
    except NoAnswer:
        staff, items = (), 1
    else:
        if not any(member.role == "owner" for member in staff):
            lines.insert(0, ("staff add-owner", "the first person who may sign on"))
    if not items:
        lines.insert(0, ("items import FILE.csv", "the catalogue is empty"))
    option = _data_option(hub.data)
    return [f"./tillwire {command + option:<32} {why}" for command, why in lines[:3]]


def _data_option(data: Path) -> str:
    """What must be added to a command to mean this data directory."""
    return "" if data == load(HubSettings, None).data_folder else f" --data {os.path.relpath(data)}"
