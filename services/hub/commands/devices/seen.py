"""How devices are, and what they do while somebody looks."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from rich.table import Table
from rich.text import Text

from contracts.devices import DeviceState, ListDevices
from contracts.devices.printing import PrintJobChanged
from contracts.devices.scanning import Scanned
from contracts.topics import Topics
from services.hub.client import BrokerAway
from services.hub.running_hub import OPS, find
from services.hub.terminal import AsJson, DataFolder, as_hub, console, data_folder, print_plain, temporarily
from services.runtime.bus import Incoming
from services.runtime.clock import read_stamp

COLOURS: Final = {"ready": "green", "absent": "yellow", "fault": "red"}
IN_WORDS: Final = {
    "not_connected": "not connected",
    "no_answer": "does not answer",
    "paper_out": "out of paper",
    "cover_open": "cover open",
    "offline": "offline, or of another kind",
    "in_use": "another program holds it",
    "no_permission": "may not be opened; './tillwire devices rules' makes the rules for it",
    "events_lost": "lost keys of its last scan; scan again",
    "wrong_layout": "types on another keyboard layout than its settings say",
    "closed_in_mid_job": "hung up in mid job",
    "interrupted": "interrupted in mid job",
    "stalled": "stands still",
    "never_confirms": "ready, but answers nothing behind a job: switch it off and on, or set confirms = false",
    "receipt_awaited": "checkout has yet to say what it holds",
    "receipt_not_found": "checkout has no such receipt",
    "receipt_not_set": "it cannot be put on paper; DATA/logs/devices.log says why",
}
"""What a person can do something with; another reason is told as it is."""


async def list_devices(*, data: DataFolder = None, as_json: AsJson = False) -> int:
    """List the devices of the settings; the exit code is 0 only when all are ready."""
    async with as_hub(data_folder(data)) as (_, client):
        listed = await client.ask(ListDevices())
    if as_json:
        print_plain(msgspec.json.encode(listed).decode())
    elif not listed.devices:
        print_plain("the settings name no device; services/devices/README.md shows how to")
    else:
        table = Table("device", "kind", "register", "state", "since")
        for each in listed.devices:
            since = read_stamp(each.since).astimezone()
            table.add_row(
                each.device,
                each.kind.replace("_", " "),
                each.register or "-",
                _condition(each.state, each.reason),
                f"{since:%Y-%m-%d %H:%M:%S}",
            )
        console().print(table)
    return 0 if all(each.state == "ready" for each in listed.devices) else 1


async def watch_devices(*, data: DataFolder = None) -> None:
    """Show devices coming, going and failing, scans and print jobs as they happen, until Ctrl+C.

    Never what was scanned: that is told to its register alone.
    """
    folder = data_folder(data)
    topics = find(folder).topics
    watching = (topics.states_of("devices"), topics.event_of(Scanned), topics.event_of(PrintJobChanged))
    out = console()
    async with temporarily(folder, OPS, watching=watching, asks=False) as client:
        async for message in client.watch():
            told = line(topics, message)
            if told is not None:
                now = datetime.now(UTC).astimezone()
                out.print(Text.assemble((f"{now:%H:%M:%S} ", "dim"), told), soft_wrap=True)
    raise BrokerAway("the broker is gone or was started again, and this login with it; call it again")


def line(topics: Topics, message: Incoming) -> Text | None:
    """What one message says of a device, or None when it says nothing that is understood."""
    try:
        if message.topic == topics.event_of(Scanned):
            return _scanned(msgspec.json.decode(message.payload, type=Scanned))
        if message.topic == topics.event_of(PrintJobChanged):
            return _printed(msgspec.json.decode(message.payload, type=PrintJobChanged))
        device = message.topic.rpartition("/")[2]
        if not message.payload:
            return _about(device, "-", Text("no longer in the settings", "dim"))
        state = msgspec.json.decode(message.payload, type=DeviceState)
    except msgspec.DecodeError:
        return None
    return _about(device, state.register or "-", _condition(state.state, state.reason))


def _scanned(scan: Scanned) -> Text:
    symbology = f", {scan.symbology}" if scan.symbology else ""
    kind = scan.kind.replace("_", " ")
    return _about(
        scan.device, scan.register, Text(f"scan {scan.sequence}: {kind}{symbology}, {scan.length} characters")
    )


def _printed(job: PrintJobChanged) -> Text:
    copy = ", copy" if job.copy else ""
    why = "" if job.reason == "none" else f", {_reason(job.reason)}"
    return _about(job.printer, "-", Text(f"{job.kind} {job.job_id}{copy}: {job.state}{why}"))


def _about(device: str, register: str, told: Text) -> Text:
    return Text.assemble((f"{device:<14} ", "bold"), f"{register:<12} ", told)


def _condition(state: str, reason: str) -> Text:
    why = "" if reason in ("none", "not_connected") else f": {_reason(reason)}"
    return Text(f"{state}{why}", COLOURS.get(state, ""))


def _reason(reason: str) -> Any:
    return IN_WORDS.get(reason, reason)
