"""A service's process as the hub sees it: started from the fork server, heard, and stopped.

The standard library's fork server loads the services' modules once and forks each service from
there, so that they share the memory of their programs.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

from services.hub.forked import prepare, serve
from services.hub.service_logs import ServiceLog

PROJECT: Final = Path(__file__).parents[2]
FORK_SERVER_GONE: Final = 255
"""The exit code that multiprocessing gives when the fork server died before it could tell."""


class NotForked(Exception):
    """A process was not forked: the one that it is forked from died meanwhile, and is there again at the next try."""


_context = multiprocessing.get_context("forkserver")
_one_at_a_time = threading.Lock()


def preload(services: Sequence[str]) -> None:
    """Start the parent that the services are forked from; it loads their modules meanwhile."""
    modules = [f"services.{service}.{part}" for service in services for part in ("service", "settings")]
    everywhere = ["services.hub.forked", "services.hub.keys", "services.runtime.run", "aiosqlite"]
    start_fork_server([*everywhere, *modules, "services.hub.frozen"])


def start_fork_server(modules: Sequence[str]) -> None:
    """Have a fork server with these modules loaded; one that runs already stays as it is."""
    _context.set_forkserver_preload(list(modules))
    # It passes over in silence what it does not find, and looks where a fresh Python does.
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(PROJECT), before)))
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def make_ready(data: Path, services: Sequence[str]) -> bool:
    """Have the store's keys and up-to-date databases, by a short-lived process; False when that failed and was told.

    Raises:
        NotForked: the process that it is forked from died.
    """
    process = _context.Process(target=prepare, args=(data, tuple(services)), name="tillwire-prepare")
    _fork(process)
    process.join()
    return process.exitcode == 0


class Offspring:
    """One started process of a service.

    Args:
        service: its name.
        environment: the whole environment it gets.
        log: takes what it says.
    """

    def __init__(self, service: str, environment: Mapping[str, str], log: ServiceLog) -> None:
        self.service = service
        self.log = log
        self._ear, output = _context.Pipe(duplex=False)
        self._output = output
        self._process = _context.Process(
            target=serve, args=(service, dict(environment), output), name=f"tillwire-{service}"
        )

    @property
    def pid(self) -> int | None:
        """Its process id once it was started."""
        return self._process.pid

    async def start(self) -> None:
        """Start it; comes back when it was forked, which waits for the modules the first time.

        Raises:
            NotForked: the process that it is forked from died; another offspring may be tried.
        """
        forking = asyncio.ensure_future(asyncio.to_thread(_fork, self._process))
        try:
            await asyncio.shield(forking)
        except asyncio.CancelledError:
            with suppress(NotForked):
                await forking
                self.kill()
            raise
        except NotForked:
            self._ear.close()
            self._output.close()
            raise
        self._output.close()
        self._hearing = asyncio.create_task(self._hear(), name=f"hear {self.service}")

    async def ended(self) -> int:
        """Wait until it ends; its exit code, or minus the number of the signal that killed it."""
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(self._process.sentinel, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        await self._hearing
        code = self._process.exitcode
        return FORK_SERVER_GONE if code is None else code

    def tell_to_stop(self) -> None:
        """Ask it to finish what it does and end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once; nothing that was committed is lost."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None and self._process.is_alive():
            os.kill(self.pid, number)

    async def _hear(self) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        pipe = os.fdopen(os.dup(self._ear.fileno()), "rb", buffering=0)
        self._ear.close()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            while said := await reader.read(65536):
                self.log.write(said)
        finally:
            transport.close()


def _fork(process: ForkServerProcess) -> None:
    with _one_at_a_time:
        try:
            process.start()
        except (EOFError, OSError) as error:
            raise NotForked from error


def how_it_ended(code: int) -> str:
    """Tell an exit code in words."""
    if code == FORK_SERVER_GONE:
        return "ended with the process that services are forked from"
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"
