"""``backup``, ``contracts`` and ``bench``: what is kept, what is published, how fast it is."""

import importlib
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from contracts.every_service import BackUp
from contracts.topics import SERVICES
from services.hub import files
from services.hub.terminal import AsJson, DataFolder, as_hub, data_folder, print_plain
from services.runtime.requester import NoAnswer

BACKUP_PATIENCE_S = 120.0
COPY_MODE = 0o640


async def backup(*, data: DataFolder = None) -> int:
    """Have every service copy its database into the data directory's backups/, while it works.

    Beside them lies the list of who was erased, by which a restored database forgets again.
    """
    # Imported here: only this command opens what a service keeps.
    from services.customers.erased_file import ErasedFile  # noqa: PLC0415

    folder = data_folder(data)
    failed = 0
    async with as_hub(folder) as (_, client):
        for service in SERVICES:
            try:
                copied = await client.ask(BackUp(), service=service, patience_s=BACKUP_PATIENCE_S, attempts=1)
            except NoAnswer:
                failed = 1
                print_plain(f"{service}: no answer, no copy")
                continue
            print_plain(f"{service}: {folder / 'backups' / copied.file}, {copied.size_bytes} bytes")
    # Made after the databases' copies, so that it knows whom they may remember.
    erased = ErasedFile(folder).copy()
    if erased is not None:
        files.write(*erased, COPY_MODE)
        print_plain(f"who was erased: {erased[0]}, kept with the copies of the databases")
    return failed


def contracts(
    *, out: Annotated[Path, Parameter(help="The directory to write to.")] = Path("contracts-published")
) -> None:
    """Write the contracts as JSON Schema and as an AsyncAPI document."""
    # Imported here: only this command describes every message.
    from services.hub.published import write_contracts  # noqa: PLC0415

    for file in write_contracts(out):
        print_plain(str(file))


def bench(*names: str, as_json: AsJson = False) -> int:
    """Measure how fast the hub is here; without names everything is measured."""
    # By name: it is a tool of this project's tree that stands above the hub.
    measured = importlib.import_module("bench").main(list(names), as_json)
    return int(measured or 0)
