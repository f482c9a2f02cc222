"""How each device is, from the start on, and since when."""

from typing import Literal

from contracts.devices import Device, Devices, DeviceState, FaultReason, ListDevices
from contracts.ids import DeviceId, RegisterId
from services.devices.handlers.print_jobs import move
from services.devices.settings import DevicesSettings
from services.devices.store.conditions import DeviceStore
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.clock import stamp
from services.runtime.states import Shown

Condition = Literal["ready", "fault", "absent"]


def start(tx: DevicesTx) -> None:
    """What a stop interrupted is settled, and every device of the settings is known, before anything is answered."""
    printers = {printer.device for printer in tx.settings.printers}
    for job in tx.jobs.unfinished():
        if job.state == "printing":
            move(tx, job, "unknown", "interrupted")
        elif job.expired(tx.now):
            move(tx, job, "expired", job.reason)
        elif job.printer not in printers:
            move(tx, job, "failed", "not_connected")
    tx.remember_pairings()
    tx.devices.keep_only(_registers(tx))
    for name in _registers(tx):
        known = tx.devices.get(name)
        device_is(tx, name, *(("absent", "not_connected") if known is None else (known.state, known.reason)))


def device_is(tx: DevicesTx, name: DeviceId, state: Condition, reason: FaultReason) -> None:
    """Keep and show how a device is, if that is news."""
    register = _registers(tx)[name]
    known = tx.devices.get(name)
    if known is not None and (known.state, known.reason, known.register) == (state, reason, register):
        return
    revision = 1 if known is None else known.revision + 1
    kind = _kind(tx.settings, name)
    now = DeviceState(revision, kind, state, reason, stamp(tx.now), register)
    tx.devices.put(name, now)
    tx.show(now, device=name)


async def list_devices(_query: ListDevices, view: DevicesView) -> Devices:
    """All devices of the settings, by name."""
    known = await view.read(lambda connection: DeviceStore(connection).all())
    return Devices(
        tuple(Device(name, state.kind, state.state, state.reason, state.since, state.register) for name, state in known)
    )


async def shown(view: DevicesView) -> list[Shown]:
    """Everything that devices retains: how each device is."""
    known = await view.read(lambda connection: DeviceStore(connection).all())
    return [Shown(each.state, {"device": each.device}) for each in known]


def _registers(tx: DevicesTx) -> dict[DeviceId, RegisterId | None]:
    """Every device of the settings and its register; a printer of several registers belongs to none."""
    registers: dict[DeviceId, RegisterId | None] = {
        scanner.device: tx.register_of(scanner.device) for scanner in tx.settings.scanners
    }
    for printer in tx.settings.printers:
        registers[printer.device] = printer.registers[0] if len(printer.registers) == 1 else None
    registers |= {display.device: display.register for display in tx.settings.line_displays}
    return registers


def _kind(settings: DevicesSettings, name: DeviceId) -> Literal["scanner", "printer", "line_display"]:
    if any(scanner.device == name for scanner in settings.scanners):
        return "scanner"
    return "line_display" if any(display.device == name for display in settings.line_displays) else "printer"
