"""Which hub runs on a data directory: ``hub.json`` says how to reach it, a lock on ``hub.lock`` that it lives.

The lock ends with the process that holds it, however it ends; so a file left behind misleads nobody.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from contracts.ids import CurrencyCode, DeviceId, RegisterId
from contracts.topics import Topics
from services.hub import addresses, files, logins
from services.runtime.bus import Login

DEMO_REGISTER: Final = RegisterId("demo-till")
"""The register that the demo plays on."""
DEMO_PRINTER: Final = DeviceId("demo-printer")
"""The printer that a hub expects for it while the shop has set up no printer."""
OPS: Final = "ops"
"""The login whose temporary credentials ``watch`` takes."""
_LOOKS: Final = 10
_LOOK_S: Final = 0.05


class NoHub(Exception):
    """No hub runs on that data directory; the sentence says how to start one."""


class HubRuns(Exception):
    """A hub runs on that data directory already; the sentence names its process."""


class RunningHub(msgspec.Struct, frozen=True):
    """How a running hub is reached from this machine.

    ``demo_printer_port`` is where it expects the demo's printer; None when the shop has printers of its own.
    ``bind`` is the address its broker listens on; empty when that is ``host``. ``currency`` is that of all its money,
    whatever the settings say where a command is called.
    """

    pid: int
    host: str
    port: int
    store: str
    currency: CurrencyCode
    demo_printer_port: int | None = None
    bind: str = ""

    @property
    def topics(self) -> Topics:
        """The topics of its store."""
        return Topics(self.store)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The addresses that a register reaches it at: one, or all of this machine's where it listens on all."""
        return addresses.of_listener(self.bind) or (self.host,)

    def login(self, credentials: logins.Credentials) -> Login:
        """How a client with these credentials reaches it."""
        return Login(self.host, self.port, credentials.username, credentials.password, credentials.client_id)


def find(data: Path) -> RunningHub:
    """Read how the hub that runs on this data directory is reached.

    Raises:
        NoHub: none runs.
    """
    absent = f"no hub runs on {data}; './tillwire up --data {data}' starts it"
    try:
        with (data / "hub.lock").open("rb") as lock:
            if _take(lock.fileno(), fcntl.LOCK_SH):
                raise NoHub(absent)
        return msgspec.json.decode(files.read(data / "hub.json"), type=RunningHub)
    except (FileNotFoundError, PermissionError) as error:
        raise NoHub(absent) from error
    except (msgspec.DecodeError, files.FileDamaged) as error:
        raise NoHub(f"{data / 'hub.json'} cannot be read; stop the hub and start it again") from error


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Be the one hub of this data directory.

    Raises:
        HubRuns: another is.
    """
    with (data / "hub.lock").open("ab") as lock:
        looks = _LOOKS
        # Whoever looks whether a hub runs holds the lock for a moment, too.
        while looks and not _take(lock.fileno(), fcntl.LOCK_EX):
            looks -= 1
            time.sleep(_LOOK_S)
        if not looks:
            raise HubRuns(f"a hub runs on {data} already; stop it first, or start this one with another --data")
        try:
            yield
        finally:
            files.remove(data / "hub.json")


def announce(data: Path, hub: RunningHub) -> None:
    """Tell other commands how this hub is reached."""
    files.write(data / "hub.json", msgspec.json.format(msgspec.json.encode(hub)) + b"\n", 0o640)


def _take(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
