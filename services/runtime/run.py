"""A service as a process: settings, migrations, signals, systemd, the event loop."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sdnotify
import uvloop

from services.runtime.bus import Bus, Login, LoginRefused, Outgoing, TakenOver
from services.runtime.bus.mqtt import MqttBus
from services.runtime.clock import SystemClock
from services.runtime.ids import RandomIds
from services.runtime.log import Log, start_logging
from services.runtime.login_secrets import SecretDamaged, read_secret
from services.runtime.migrate import CLOSED_TO_OTHERS, chains, is_current
from services.runtime.running import Outside, Running
from services.runtime.seams import Seams
from services.runtime.service import Service
from services.runtime.settings import HubSettings, RuntimeSettings, SettingsRefused, load
from services.runtime.writer import DatabaseFault

S = TypeVar("S")

EXIT_SETTINGS = 78  # EX_CONFIG of sysexits.h: starting again will not help
EXIT_DATABASE = 74  # EX_IOERR: it may, once there is space again
TOKEN_KEY = "staff-token.pub"  # noqa: S105 - the name of a public key's file


def own_login(hub: HubSettings, name: str) -> Login:
    """How a service reaches the broker: with its own name as login and client id, and the secret kept for it.

    Raises:
        SettingsRefused: there is no secret yet, or a damaged one; the sentence says how to make it.
    """
    try:
        password = read_secret(hub.data_folder, name)
    except FileNotFoundError as error:
        missing = f"{error.filename} is missing: start the hub once with './tillwire up' to make it"
        raise SettingsRefused(missing) from error
    except SecretDamaged as error:
        raise SettingsRefused(f"{error}: remove it and start the hub again") from error
    return Login(hub.host, hub.port, name, password, name)


def run(make: Callable[[S], Service[Any, Any]], own_settings: type[S], name: str) -> None:
    """Run one service until it is told to stop."""
    os.umask(CLOSED_TO_OTHERS)
    try:
        hub = load(HubSettings, None)
        settings = load(own_settings, name)
        start_logging(hub.log_level)
        data = hub.data_folder
        outside = _outside(hub, name)
    except SettingsRefused as error:
        print(error, file=sys.stderr)  # noqa: T201 - there is no log yet
        sys.exit(EXIT_SETTINGS)
    try:
        bring_up_to_date(data, (name,))
    except subprocess.CalledProcessError:
        Log(name).error("gave-up", reason="MigrationFailed", sentence="the migrations said why")
        sys.exit(EXIT_SETTINGS)
    runtime = RuntimeSettings(service=name, store=hub.store, data=data)
    try:
        _calm_collector()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(make(settings), runtime, outside))
    except* (TakenOver, LoginRefused) as given_up:
        for reason in given_up.exceptions:
            Log(name).error("gave-up", reason=type(reason).__name__, sentence=type(reason).__doc__)
        sys.exit(EXIT_SETTINGS)
    except* DatabaseFault as faults:
        for fault in faults.exceptions:
            Log(name).error("gave-up", reason=type(fault).__name__, sentence=fault)
        sys.exit(EXIT_DATABASE)


def _calm_collector() -> None:
    """Let the garbage collector pass over what is loaded for good, and look less often at what comes and goes.

    Messages hold no cycles; a collection in the middle of a sale only makes a till wait.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def bring_up_to_date(data: Path, services: tuple[str, ...]) -> None:
    """Run pending migrations in a process of their own, so that no service carries Alembic along.

    Raises:
        subprocess.CalledProcessError: one failed; that process has said why on standard error.
    """
    pending = [service for service in services if not is_current(data / f"{service}.sqlite3", chains(service))]
    if pending:
        subprocess.run(  # noqa: S603 - our own program with our own names
            [sys.executable, "-m", "services.runtime.migrate", str(data), *pending],
            check=True,
            cwd=Path(__file__).parents[2],
        )


def _outside(hub: HubSettings, name: str) -> Outside:
    data = hub.data_folder
    crash_service, _, crash_at = os.environ.get("TILLWIRE_CRASH_AT", "").partition("/")
    login = own_login(hub, name)

    def make_bus(will: Outgoing) -> Bus:
        return MqttBus(login, Log(name), will=will)

    return Outside(
        clock=SystemClock(),
        ids=RandomIds(),
        make_bus=make_bus,
        digest_key=(data / "secrets" / "digest.key").read_bytes(),
        token_key_file=data / TOKEN_KEY,
        seams=Seams(crash_at if crash_service == name else ""),
    )


async def _work(service: Service[Any, Any], settings: RuntimeSettings, outside: Outside) -> None:
    running = Running(service, settings, outside)
    work = asyncio.ensure_future(running.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    systemd = sdnotify.SystemdNotifier()
    ready = asyncio.ensure_future(_tell_ready(running, systemd))
    try:
        await work
    except asyncio.CancelledError:
        running.log.info("stopped")
    finally:
        systemd.notify("STOPPING=1")
        ready.cancel()


async def _tell_ready(running: Running[Any, Any], systemd: sdnotify.SystemdNotifier) -> None:
    await running.connected.wait()
    systemd.notify("READY=1")
