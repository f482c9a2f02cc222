"""``./tillwire up`` as a person starts it, in a process of its own on a folder of its own."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

READY_PATIENCE_S = 60


@dataclass(frozen=True)
class HubProcess:
    """A hub that came up, and how long it took until every service was online."""

    pid: int
    ready_s: float


@asynccontextmanager
async def hub_process(folder: Path) -> AsyncIterator[HubProcess]:
    """Start ``up`` on a folder and wait until it says that all services are online; stopped at the end."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("TILLWIRE_")}
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.hub", "up", "--data", str(folder), "--port", "0",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment,
    )  # fmt: skip
    try:
        async with asyncio.timeout(READY_PATIENCE_S):
            await _all_online(process)
        yield HubProcess(process.pid, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGINT)
        await process.communicate()


async def _all_online(process: asyncio.subprocess.Process) -> None:
    """Read what ``up`` says until its table of services is complete."""
    if process.stdout is None:
        raise RuntimeError("up has no output")
    online = 0
    said: list[str] = []
    while online < len(SERVICES_SHOWN):
        line = (await process.stdout.readline()).decode()
        if not line:
            raise RuntimeError("up ended early: " + "".join(said[-5:]))
        said.append(line)
        online += "online" in line and any(name in line for name in SERVICES_SHOWN)


SERVICES_SHOWN = ("checkout", "policy", "customers", "staff", "devices")


@asynccontextmanager
async def own_folder() -> AsyncIterator[Path]:
    """A folder that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="tillwire-bench-") as folder:
        yield Path(folder)
