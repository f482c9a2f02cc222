"""How devices are, and what they do while somebody looks."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from rich.table import Table
from rich.text import Text

from contracts.devices import Device, DeviceState, ListDevices, VoidReason
from contracts.devices.printing import PrintJobChanged
from contracts.devices.scanning import Scanned, ScanVoided
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
    "logo_not_printed": "without the shop's logo, whose picture cannot be printed; DATA/logs/devices.log says why",
    "receipt_awaited": "checkout has yet to say what it holds",
    "receipt_not_found": "checkout has no such receipt",
    "receipt_not_set": "it cannot be put on paper; DATA/logs/devices.log says why",
}
"""What a person can do something with; another reason is told as it is."""
VOIDED_IN_WORDS: Final[dict[VoidReason, str]] = {
    "too_late": "it waited for checkout until the sale might be another",
    "dropped": "too many waited for checkout",
    "too_slow": 'the scanner paused in mid code, or ends its codes with no key (end = "pause" reads such a one)',
    "too_long": "it is longer than any code",
    "unknown_key": "it holds a key that no layout has",
    "events_lost": "the computer was too slow and lost keys",
    "several_lines": "further lines of one symbol, only the first counts; if it was another code, scan that again",
}
"""Why a scan was thrown away, and what to do where that is not just to scan again."""
OUTCOMES_IN_WORDS: Final[dict[str, str]] = {
    "check_digit_wrong": "misread, its check digit is wrong",
    "wrong_layout": "typed on another keyboard layout than the settings say",
    "no_item_code": "nothing is called so",
    "weighed": "holds a weight or a price of its own, which cannot be sold by yet",
    "unknown_pairing_code": "no register's pairing code",
    "unavailable": "checkout, customers or staff did not answer",
    "refused": "checkout has a fault; DATA/logs/checkout.log says which",
}
"""What came of a scan, where the word alone does not say it."""


async def list_devices(*, data: DataFolder = None, as_json: AsJson = False) -> int:
    """List the devices of the settings; the exit code is 0 only when all are ready and their registers have logins."""
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
        for each in listed.devices:
            for note in notes(each):
                print_plain(f"{each.device}: {note}")
    return 0 if all(each.state == "ready" and not each.without_login for each in listed.devices) else 1


def notes(device: Device) -> list[str]:
    """What a person should know of a device besides how it is."""
    told = [f"no login is called {register}: './tillwire register add {register}'" for register in device.without_login]
    if device.paired:
        told.append(f"paired, whatever the settings say; './tillwire devices unpair {device.device}' undoes it")
    if device.voided is not None:
        at = read_stamp(device.voided.at).astimezone()
        told.append(f"threw a scan away at {at:%H:%M:%S}: {VOIDED_IN_WORDS[device.voided.reason]}")
    return told


async def watch_devices(*, data: DataFolder = None) -> None:
    """Show devices coming, going and failing, scans and print jobs as they happen, until Ctrl+C.

    Never what was scanned: that is told to its register alone.
    """
    folder = data_folder(data)
    topics = find(folder).topics
    hints = tuple(topics.event_of(each) for each in (Scanned, ScanVoided, PrintJobChanged))
    watching = (topics.states_of("devices"), *hints)
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
        if message.topic == topics.event_of(ScanVoided):
            return _voided(msgspec.json.decode(message.payload, type=ScanVoided))
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
    told = f"scan {scan.sequence}: {kind}{symbology}, {scan.length} characters"
    if scan.outcome is not None:
        told += f": {OUTCOMES_IN_WORDS.get(scan.outcome, scan.outcome.replace('_', ' '))}"
    return _about(scan.device, scan.register, Text(told))


def _voided(scan: ScanVoided) -> Text:
    told = f"threw a scan away: {VOIDED_IN_WORDS[scan.reason]}"
    return _about(scan.device, scan.register or "-", Text(told, "yellow"))


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
