# ruff: noqa: PT028 - a command, and no test
"""A test page, and what became of it."""

import asyncio
import time
from typing import Annotated, Final

from cyclopts import Parameter

from contracts.devices.printing import GetPrintJob, PrintJob, PrintTest
from services.hub.client import Client
from services.hub.commands.devices.seen import IN_WORDS
from services.hub.terminal import DataFolder, as_hub, data_folder, fitting, print_plain
from services.runtime.ids import RandomIds

BETWEEN_LOOKS_S: Final = 0.2
LAST: Final = ("printed", "unknown", "failed", "expired")
SENTENCES: Final = {
    "printed": "came out",
    "unknown": "may have come out or not; look at the printer",
    "failed": "could not be set; DATA/logs/devices.log says why",
    "expired": "waited too long and will not come out any more",
    "accepted": "waits for the printer and comes out by itself",
    "printing": "is being printed",
}


async def test_print_devices(
    printer: Annotated[str, Parameter(help="The printer, as the settings call it.")],
    /,
    *,
    language: Annotated[str, Parameter(help="en, de, nl or fi.")] = "en",
    patience_s: Annotated[float, Parameter(name="--patience", help="Seconds to wait for the paper.")] = 30.0,
    data: DataFolder = None,
) -> int:
    """Print a page that shows a printer's letters, width, logo and codes; exits with 0 only when it came out."""
    wanted = {"job_id": RandomIds().new(), "printer": printer, "language": language}
    async with as_hub(data_folder(data)) as (_, client):
        job = await _settled(client, await client.ask(fitting(wanted, PrintTest)), patience_s)
    why = "" if job.reason == "none" else f" ({IN_WORDS.get(job.reason, job.reason)})"
    print_plain(f"the test page {SENTENCES[job.state]}{why}")
    return 0 if job.state == "printed" else 1


async def _settled(client: Client, job: PrintJob, patience_s: float) -> PrintJob:
    """The job when nothing more will become of it, or as it is when the patience ends."""
    until = time.monotonic() + patience_s
    while job.state not in LAST and time.monotonic() < until:
        await asyncio.sleep(BETWEEN_LOOKS_S)
        job = await client.ask(GetPrintJob(job.job_id))
    return job
