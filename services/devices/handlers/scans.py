"""Scans: what becomes of a code that was read, or typed as if it had been."""

from datetime import timedelta
from typing import Final, NamedTuple

from contracts.checkout.selling import ApplyScan, ScannedKind
from contracts.devices import VoidReason
from contracts.devices.scanning import InjectScan, RegisterScan, ScanKind, Scanned, ScanResult, ScanTaken, ScanVoided
from contracts.ids import DeviceId, RegisterId
from services.devices.handlers import conditions, pairings
from services.devices.model.codes import Code, Reading, read_code
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.asking import Ask
from services.runtime.clock import stamp

INJECTED = DeviceId("injected")
"""The device that a scan without a scanner is said to come from; it can be paired with nothing."""
APPLIED: Final[dict[ScanKind, ScannedKind]] = {
    "item": "item",
    "customer_code": "customer_code",
    "staff_badge": "staff_badge",
}
"""What checkout does something with; the others are for the register."""
PATIENCE_S: Final = 5.0
"""For so long after the beep a scan may still be done. Who is told ``unavailable`` scans again, and would have the
item twice if the first one was done after all; later than that the sale may be another."""
ITEM_PATIENCE_S: Final = 1.0
"""An item is asked for again after so long: what was carried out is answered alike. A card, about which checkout asks
others, is asked for once."""


class Applied(NamedTuple):
    """A code that was read, and what came of it."""

    code: Code
    outcome: ScanResult


async def prepare_inject_scan(command: InjectScan, view: DevicesView, ask: Ask) -> Applied:
    """Do with the code what is done with a scanned one; tells what came of it."""
    code = read_code(command.text, view.settings.scan_rules)
    return Applied(code, await apply(_injected(command), code, ask))


def inject_scan(command: InjectScan, applied: Applied, tx: DevicesTx) -> ScanTaken:
    """Tell of the code as of a scanned one."""
    tx.note_slow_rules(INJECTED, applied.code.slow_rules)
    _tell(tx, _injected(command), command.register, applied.code, applied.outcome)
    return ScanTaken(command.scan_id, applied.outcome)


async def apply(reading: Reading, code: Code, ask: Ask, *, within_s: float = PATIENCE_S) -> ScanResult:
    """Have checkout do with an item, a customer's code or a badge what is to be done; others are only told."""
    if reading.register is None or code.kind not in APPLIED:
        return "told" if code.doubt == "none" else code.doubt
    kind = APPLIED[code.kind]
    scan = ApplyScan(
        reading.scan_id, reading.register, reading.device, code.item if kind == "item" else code.text, kind
    )
    if kind == "item":
        return (await ask(scan, patience_s=ITEM_PATIENCE_S, attempts=max(1, int(within_s / ITEM_PATIENCE_S)))).outcome
    return (await ask(scan, patience_s=max(ITEM_PATIENCE_S, within_s), attempts=1)).outcome


def scanned(tx: DevicesTx, reading: Reading, code: Code, outcome: ScanResult) -> None:
    """Tell of what a scanner read, pair it if that is what it read, and show how it is."""
    tx.note_slow_rules(reading.device, code.slow_rules)
    register = reading.register
    if code.kind == "pairing":
        register, outcome = pairings.pair_by_code(tx, reading.device, code.text)
    if register is not None:
        _tell(tx, reading, register, code, outcome)
    if code.doubt == "wrong_layout":
        conditions.device_is(tx, reading.device, "fault", "wrong_layout")
    else:
        conditions.device_is(tx, reading.device, "ready", "none")


def _tell(tx: DevicesTx, reading: Reading, register: RegisterId, code: Code, outcome: ScanResult) -> None:
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
            outcome=outcome,
        )
    )
    # A pairing code assigns whatever reads it; it is a paper by the register, and nobody need send it on.
    secret = code.kind == "pairing"
    tx.show_private(
        RegisterScan(
            scanned_at=stamp(tx.now - timedelta(seconds=reading.age_s)),
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


def voided(tx: DevicesTx, reading: Reading, why: VoidReason) -> None:
    """Tell that a scan was thrown away, its register too, so that whoever heard the scanner beep scans again."""
    tx.record(ScanVoided(reading.scan_id, reading.device, reading.register, why))
    tx.note_voided(reading.device, why)
    if reading.register is None:
        return
    tx.show_private(
        RegisterScan(
            revision=tx.scans.next("register", reading.register),
            scan_id=reading.scan_id,
            device=reading.device,
            kind="unknown",
            text="",
            outcome=why,
            scanned_at=stamp(tx.now),
        ),
        reading.register,
    )


def _injected(command: InjectScan) -> Reading:
    return Reading(command.scan_id, INJECTED, command.register, command.text)
