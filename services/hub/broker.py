"""The hub's own Mosquitto: found, configured, started, watched and stopped.

Belongs here: how the broker runs on this machine. Never here: who may log in (``logins.py``) and
what they may do (``access.py``). It stands beside any broker that the system runs: own port, own
files, nothing shared.
"""

import asyncio
import errno
import ipaddress
import logging
import os
import shutil
import socket
import sysconfig
from asyncio.subprocess import Process
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.topics import Topics
from services.hub import broker_logins, files, logins
from services.runtime.bus.mqtt import refuses_strangers

log = logging.getLogger(__name__)

PORTS_TRIED: Final = 100
"""How many ports after the wanted one are looked at."""
START_PATIENCE_S: Final = 20.0
STOP_PATIENCE_S: Final = 5.0
LOG_BYTES: Final = 1024 * 1024
"""A longer log is put aside as ``mosquitto.log.1``."""

_BETWEEN_PROBES_S: Final = 0.02
_INSTALL: Final = "on Debian and Raspberry Pi OS: sudo apt install mosquitto"
_BINARY_FOLDERS: Final = ("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin")
"""Debian keeps mosquitto in /usr/sbin, which is not on everybody's PATH."""
_PLUGIN: Final = "mosquitto_dynamic_security.so"

_CONFIG: Final = """\
# Written by Tillwire before each start of the broker; changes made here are lost.
per_listener_settings false
listener {port} {bind}
{user}allow_anonymous false
allow_zero_length_clientid false
plugin {plugin}
plugin_opt_config_file dynamic-security.json

# Without it a request of QoS 1 waits some 40 ms for Nagle's algorithm at each hop.
set_tcp_nodelay true

# The databases are the truth; a broker that forgets spares the SD card.
persistence false
persistent_client_expiration 1d
# Past it messages are dropped unseen; 0 does not mean unlimited in every version.
max_queued_messages 100000
max_inflight_messages 500
# Told to each client when it connects (MQTT 5), unlike message_size_limit.
max_packet_size 4194304

sys_interval 10
# None of these types tells topics or payloads.
log_type error
log_type warning
log_type notice
log_dest stderr
log_timestamp_format %Y-%m-%dT%H:%M:%S%z
"""


class BrokerFault(Exception):
    """The broker cannot run here as things are; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where Mosquitto and its dynamic-security plugin are on this machine."""

    mosquitto: Path
    plugin: Path
    setpriv: Path


@dataclass(frozen=True, slots=True)
class PortChoice:
    """The port to use; ``sentence`` tells a person when it is not the one that was wanted."""

    port: int
    sentence: str | None = None


def find_programs(
    *, binary_folders: Sequence[str] | None = None, root: Path = Path("/"), multiarch: str | None = None
) -> Programs:
    """Find Mosquitto, its plugin, and util-linux's setpriv.

    Args:
        binary_folders: where to look for programs; PATH and the system's own folders if left out.
        root: what the library folders are looked for below.
        multiarch: Debian's name of the architecture (``aarch64-linux-gnu``); this machine's if left out.

    Raises:
        BrokerFault: one is missing; the sentence says which and what to install.
    """
    if binary_folders is None:
        binary_folders = (*os.get_exec_path(), *_BINARY_FOLDERS)
    path = os.pathsep.join(binary_folders)
    found = shutil.which("mosquitto", path=path)
    if found is None:
        raise BrokerFault(f"the MQTT broker Mosquitto is not installed; {_INSTALL}")
    mosquitto = Path(found).resolve()
    setpriv = shutil.which("setpriv", path=path)
    if setpriv is None:
        raise BrokerFault("the program setpriv is not installed; on Debian it is in the package util-linux")
    # Debian keeps libraries apart by architecture (x86_64-linux-gnu, aarch64-linux-gnu), others do not.
    # What lies beside the program comes first: a Mosquitto built by hand needs the plugin of its own version.
    multiarch = multiarch or sysconfig.get_config_var("MULTIARCH") or f"{os.uname().machine}-linux-gnu"
    own = mosquitto.parent.parent
    folders = [own / "lib" / multiarch, own / "lib64", own / "lib"]
    folders += [root / name for name in (f"usr/lib/{multiarch}", "usr/lib64", "usr/lib", "usr/local/lib")]
    for folder in folders:
        if (folder / _PLUGIN).is_file():
            return Programs(mosquitto, folder / _PLUGIN, Path(setpriv))
    raise BrokerFault(f"Mosquitto is here, but its plugin {_PLUGIN} is not; {_INSTALL}")


def choose_port(wanted: int, bind: str = "127.0.0.1") -> PortChoice:
    """Take the wanted port if it is free, else the next that is; 0 takes any.

    Raises:
        BrokerFault: the address is none of this machine's, the port may not be used, or 100 in a row are taken.
    """
    for port in range(wanted, min(wanted + PORTS_TRIED, 65536)):
        free = _free_port(port, bind)
        if free is not None:
            taken = f"port {wanted} is taken by another program; the broker uses port {free} instead"
            return PortChoice(free, None if wanted in (0, free) else taken)
    raise BrokerFault(f"port {wanted} is taken, and so are those after it; set another port")


class Broker:
    """One Mosquitto of the hub's own, a child that ends with the hub however the hub ends.

    It runs as whoever runs the hub: its files lie in the hub's data directory, which need not be
    open to a user ``mosquitto``; it listens on unprivileged ports and so needs no rights that could
    be dropped. Under systemd that is the hub's unprivileged user.

    Start it from the thread that lives as long as the hub: Linux ends the child with that thread.

    Args:
        data: the hub's data directory.
        topics: the topics of the store.
        port: where to listen; ``choose_port`` finds a free one.
        bind: the address to listen on. Passwords travel as they are, so any other than loopback
            belongs on a network that nobody else can read.
        programs: where Mosquitto is; found if left out.
    """

    def __init__(
        self, data: Path, topics: Topics, port: int, *, bind: str = "127.0.0.1", programs: Programs | None = None
    ) -> None:
        self.port = port
        self.bind = str(_address(bind))
        self._data = data
        self._topics = topics
        self._programs = programs
        self._folder = data / "broker"
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def log_file(self) -> Path:
        """What the broker says."""
        return self._folder / "mosquitto.log"

    @property
    def host(self) -> str:
        """The address to reach it at from this machine."""
        address = _address(self.bind)
        if address.is_unspecified:
            return "127.0.0.1" if address.version == 4 else "::1"
        return self.bind

    async def start(self) -> None:
        """Write its files anew, start it, and come back when it answers and refuses strangers.

        Temporary logins end here. The logins of the hub and its services are made if missing.

        Raises:
            BrokerFault: it cannot be found or started; the sentence says why.
        """
        if self.pid is not None:
            raise BrokerFault("the broker runs already")
        programs = self._programs or find_programs()
        self._write_files(programs)
        if _free_port(self.port, self.bind) is None:
            raise BrokerFault(f"port {self.port} is taken by another program; stop it or set another port")
        with files.open_to_append(self.log_file, 0o640) as log_file:
            self._process = await asyncio.create_subprocess_exec(
                # The kernel kills it when the hub is gone, even by kill -9; it has nothing to save.
                *(programs.setpriv, "--pdeathsig", "KILL", "--"),
                *(programs.mosquitto, "-c", "mosquitto.conf"),
                cwd=self._folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                start_new_session=True,  # a Ctrl+C at the hub's terminal is the hub's to handle
            )
        try:
            async with asyncio.timeout(START_PATIENCE_S):
                await self._answering(self._process)
        except TimeoutError as error:
            await self.stop()
            raise BrokerFault(
                f"the broker did not answer within {START_PATIENCE_S:.0f} s{self._last_words()}"
            ) from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End it, kindly at first; nothing happens when it does not run."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_PATIENCE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def restart(self) -> None:
        """Stop it and start it anew, with all its files written again."""
        await self.stop()
        await self.start()

    async def ended(self) -> int:
        """Wait until it ends by itself or by another's hand; gives back its return code.

        Raises:
            BrokerFault: it was not started.
        """
        if self._process is None:
            raise BrokerFault("the broker was not started")
        return await self._process.wait()

    def keep_log_small(self) -> None:
        """Put a long log aside, also while the broker writes to it: it goes on at the file's new end."""
        try:
            if self.log_file.stat().st_size <= LOG_BYTES:
                return
        except FileNotFoundError:
            return
        shutil.copyfile(self.log_file, self.log_file.with_suffix(".log.1"))
        os.truncate(self.log_file, 0)

    def _write_files(self, programs: Programs) -> None:
        files.make_folder(self._folder, 0o700)
        logins.remove_temporary_logins(self._data)
        logins.ensure_logins(self._data)
        for damaged in logins.list_logins(self._data).damaged:
            log.error("client file %s is damaged and its login does not work: %s", damaged.name, damaged.reason)
        # Started as root, Mosquitto would become the user mosquitto, who may not read these files.
        user = "user root\n" if os.geteuid() == 0 else ""
        config = _CONFIG.format(port=self.port, bind=self.bind, user=user, plugin=programs.plugin)
        files.write(self._folder / "mosquitto.conf", config.encode(), 0o600)
        rendered = broker_logins.render_dynamic_security(self._data, self._topics)
        files.write(self._folder / "dynamic-security.json", rendered, 0o600)
        self.keep_log_small()

    async def _answering(self, process: Process) -> None:
        """Wait until the broker refuses a stranger: it listens, and its access rules are in force."""
        while True:
            refused = await refuses_strangers(self.host, self.port)
            if process.returncode is not None:
                raise BrokerFault(f"the broker ended with code {process.returncode}{self._last_words()}")
            if refused:
                return
            if refused is False:
                raise BrokerFault(f"port {self.port} is answered by another broker, which lets strangers in")
            await asyncio.sleep(_BETWEEN_PROBES_S)

    def _last_words(self) -> str:
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return f"; the last it said: {lines[-1]}" if lines else ""


def _free_port(port: int, bind: str) -> int | None:
    """The port if it can be listened on now, or any free one for 0; None when it is taken.

    Raises:
        BrokerFault: it cannot be listened on for another reason.
    """
    address = _address(bind)
    with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Mosquitto does
        try:
            listener.bind((bind, port))
            listener.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return None
            raise BrokerFault(f"the broker cannot listen on {bind} port {port}: {error.strerror}") from error
        return int(listener.getsockname()[1])


def _address(bind: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(bind)
    except ValueError as error:
        raise BrokerFault(
            f"{bind[:80]!r} is no IP address; the broker listens on 127.0.0.1 unless told otherwise"
        ) from error
