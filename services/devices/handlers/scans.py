"""Scans: what becomes of a code that was read, or typed as if it had been."""

from contracts.checkout.selling import ApplyScan
from contracts.devices import InjectScan, RegisterScan, Scanned, ScanTaken
from contracts.ids import DeviceId, RegisterId
from services.devices.handlers import conditions, pairings
from services.devices.model.codes import Code, Reading, read_code
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.requester import Ask

INJECTED = DeviceId("injected")
"""The device that a scan without a scanner is said to come from; it can be paired with nothing."""
TOLD = "told"


async def prepare_inject_scan(command: InjectScan, view: DevicesView, ask: Ask) -> str:
    """Do with the code what is done with a scanned one; tells what came of it."""
    return await apply(_injected(command), read_code(command.text, view.settings.scan_rules), ask)


def inject_scan(command: InjectScan, outcome: str, tx: DevicesTx) -> ScanTaken:
    """Tell of the code as of a scanned one."""
    _tell(tx, _injected(command), command.register, read_code(command.text, tx.settings.scan_rules), outcome)
    return ScanTaken(command.scan_id, outcome)


async def apply(reading: Reading, code: Code, ask: Ask) -> str:
    """Have checkout put an item on the register's open sale; another kind of code is only told to the register."""
    if code.kind == "item" and reading.register is not None:
        return (await ask(ApplyScan(reading.scan_id, reading.register, reading.device, code.item))).outcome
    return TOLD if code.doubt == "none" else code.doubt


def scanned(tx: DevicesTx, reading: Reading, code: Code, outcome: str) -> None:
    """Tell of what a scanner read, pair it if that is what it read, and show how it is."""
    register = reading.register
    if code.kind == "pairing":
        register, outcome = pairings.pair_by_code(tx, reading.device, code.text)
    if register is not None:
        _tell(tx, reading, register, code, outcome)
    if code.doubt == "wrong_layout":
        conditions.device_is(tx, reading.device, "fault", "wrong_layout")
    else:
        conditions.device_is(tx, reading.device, "ready", "none")


def _tell(tx: DevicesTx, reading: Reading, register: RegisterId, code: Code, outcome: str) -> None:
    """Tell everyone that something was scanned, and its register alone what it was."""
    sequence = tx.scans.next("device", reading.device)
    tx.record(
        Scanned(
            scan_id=reading.scan_id,
            device=reading.device,
            register=register,
            kind=code.kind,
            sequence=sequence,
            length=len(reading.text),
            symbology=code.symbology,
        )
    )
    # A pairing code assigns whatever reads it; it is a paper by the register, and nobody need send it on.
    secret = code.kind == "pairing"
    tx.show_private(
        RegisterScan(
            revision=tx.scans.next("register", register),
            scan_id=reading.scan_id,
            device=reading.device,
            kind=code.kind,
            text="TILL" if secret else reading.text,
            outcome=outcome,
            code="TILL" if secret else code.text,
            symbology=code.symbology,
            sequence=sequence,
            elements=code.elements,
        ),
        register,
    )


def _injected(command: InjectScan) -> Reading:
    return Reading(command.scan_id, INJECTED, command.register, command.text)
