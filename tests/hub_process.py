"""``./tillwire`` as a person runs it: commands, and a whole hub, as processes of their own."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.reduction import DupFd
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Self

from contracts.topics import SERVICES
from services.hub.command_line import COMMANDS, GROUPS, main
from services.hub.offspring import start_fork_server

_context = multiprocessing.get_context("forkserver")
_COMMAND_FILES = {place.partition(":")[0] for place, _ in COMMANDS.values()} | {file for _, _, file in GROUPS.values()}
_LOADED = (
    *("tests.hub_process", "services.hub.broker", "services.hub.forked", "services.hub.keys"),
    *(f"services.hub.commands.{file}" for file in sorted(_COMMAND_FILES)),
    *("services.runtime.run", "aiosqlite"),
    *(f"services.{service}.{part}" for service in SERVICES for part in ("service", "settings")),
    "services.hub.frozen",
)
ROOT = Path(__file__).parents[1]
PATIENCE_S = 60.0
NOTHING: Mapping[str, str] = MappingProxyType({})


def environment(more: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """The environment of the launcher, without settings of whoever runs the tests."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("TILLWIRE_")}
    return {**clean, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", **more}


def start_parent() -> None:
    """Start the parent of all that is forked here: commands, and the services of a hub in the tests' own process.

    Whoever starts it settles what it has loaded, and it stays for the whole run. With the modules of both,
    neither loads its own again at each start, whichever test comes first.
    """
    start_fork_server(_LOADED)


def tillwire(
    folder: Path, *arguments: str, said: str = "", more: Mapping[str, str] = NOTHING
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end in a folder, in a process that is forked with its modules loaded.

    So it runs as from a shell, but starts ten times as fast. A command that forks services itself
    is to be run ``from_scratch``.
    """
    with ExitStack() as files:
        spoken = [files.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        spoken[0].write(said.encode())
        spoken[0].seek(0)
        process = _context.Process(
            target=_run_command,
            args=(str(folder), arguments, environment(more), [DupFd(file.fileno()) for file in spoken]),
        )
        start_parent()
        process.start()
        process.join(PATIENCE_S)
        assert process.exitcode is not None, f"{arguments} did not end"
        heard = [_all_of(file) for file in spoken[1:]]
    return subprocess.CompletedProcess(arguments, process.exitcode, *heard)


def from_scratch(
    folder: Path, *arguments: str, said: str = "", more: Mapping[str, str] = NOTHING
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end in a folder, as the launcher does."""
    return subprocess.run(
        [sys.executable, "-m", "services.hub", *arguments],
        cwd=folder,
        env=environment(more),
        input=said,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def _run_command(folder: str, arguments: tuple[str, ...], environment: dict[str, str], spoken: list[Any]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for standard, file in enumerate(spoken):
        os.dup2(file.detach(), standard)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process lives
    sys.argv = ["tillwire", *arguments]
    main()


def _all_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def wait_for(fact: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits to be buried does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def children_of(pid: int) -> dict[int, str]:
    """All processes below one that run now, with their names."""
    parents: dict[int, tuple[int, str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            continue
        head, _, rest = text.rpartition(")")
        parents[int(stat.parent.name)] = (int(rest.split()[1]), head.partition("(")[2])
    found: dict[int, str] = {}
    above = {pid}
    while above:
        below = {child: name for child, (parent, name) in parents.items() if parent in above}
        found |= below
        above = set(below)
    return {child: name for child, name in found.items() if is_alive(child)}


class HubProcess:
    """A hub started by ``up`` in a folder; ``data`` below it is its data directory."""

    def __init__(self, folder: Path, *arguments: str, more: Mapping[str, str] = NOTHING) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.hub", "up", *arguments],
            cwd=folder,
            env=environment(more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> dict[str, Any]:
        """What ``hub.json`` tells."""
        told: dict[str, Any] = json.loads((self.data / "hub.json").read_text(encoding="utf-8"))
        return told

    def until_said(self, *texts: str) -> None:
        """Wait until it has said each of them."""
        for text in texts:
            wait_for(partial(self._said_or_ended, text), text)
            assert self._has_said(text), f"ended without saying {text!r}: {self.said[-5:]}"

    def until_ready(self) -> Self:
        """Wait until it has told what a newcomer needs next."""
        self.until_said("./tillwire demo")
        return self

    def pid_of(self, name: str) -> int | None:
        """The process id of a service or the broker."""
        return next((pid for pid, each in children_of(self.pid).items() if each == name), None)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        """Wait until it ends; its exit code."""
        code = self._process.wait(PATIENCE_S)
        self._listener.join(PATIENCE_S)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def stop(self) -> int:
        """Stop it as Ctrl+C does; its exit code."""
        if self._process.poll() is None:
            self.signal(signal.SIGINT)
        return self.ended()

    def _has_said(self, text: str) -> bool:
        return any(text in line for line in self.said)

    def _said_or_ended(self, text: str) -> bool:
        return self._has_said(text) or not self._listener.is_alive()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            self.said.append(line.rstrip("\n"))


@contextmanager
def hub_process(folder: Path, *arguments: str, more: Mapping[str, str] = NOTHING) -> Iterator[HubProcess]:
    """A hub that is stopped at the end; any free port unless told otherwise."""
    if "--port" not in arguments:
        arguments = (*arguments, "--port", "0")
    hub = HubProcess(folder, *arguments, more=more)
    try:
        yield hub
    finally:
        hub.stop()
