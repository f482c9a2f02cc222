"""How each device is, from the start on, and since when."""

from dataclasses import replace
from typing import Literal

from contracts.devices import Device, Devices, DeviceState, FaultReason, ListDevices
from contracts.ids import DeviceId, RegisterId
from services.devices.handlers import job_moves, troubles
from services.devices.model.print_jobs import Job
from services.devices.registers_served import registers_served, without_login
from services.devices.settings import DevicesSettings
from services.devices.store.conditions import DeviceStore, Known
from services.devices.store.pairings import PairingStore
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.clock import stamp
from services.runtime.states import Shown

Condition = Literal["ready", "fault", "absent"]


def start(tx: DevicesTx) -> None:
    """What a stop interrupted is settled, and every device of the settings is known, before anything is answered."""
    printers = {printer.device for printer in tx.settings.printers}
    for job in tx.jobs.unfinished():
        if job.state == "printing":
            job_moves.move(tx, job, "unknown", "interrupted")
            tx.devices.put_word(job.printer, replace(tx.devices.word(job.printer), owes=True))
        elif job.expired(tx.now):
            job_moves.move(tx, job, "expired", job.reason)
        elif job.printer not in printers:
            _without_printer(tx, job)
    troubles.tell_registers(tx)
    tx.remember_pairings()
    for name in _registers(tx):
        known = tx.devices.get(name)
        device_is(tx, name, *(("absent", "not_connected") if known is None else (known.state, known.reason)))


def device_is(tx: DevicesTx, name: DeviceId, state: Condition, reason: FaultReason) -> None:
    """Keep and show how a device is, if that is news; another register alone changes nothing of how long it is so."""
    register = _registers(tx)[name]
    known = tx.devices.get(name)
    if known is not None and (known.state, known.reason, known.register) == (state, reason, register):
        return
    revision = 1 if known is None else known.revision + 1
    kind = _kind(tx.settings, name)
    same = known is not None and (known.state, known.reason) == (state, reason)
    since = known.since if known is not None and same else stamp(tx.now)
    now = DeviceState(revision, kind, state, reason, since, register)
    tx.devices.put(name, now)
    tx.show(now, device=name)


def _without_printer(tx: DevicesTx, job: Job) -> None:
    """A job whose printer left the settings, or is called otherwise now, waits for the one that its register has."""
    own = None if job.register is None else tx.settings.printer_of(job.register)
    if own is None or (job.kind == "drawer" and not own.drawer):
        job_moves.move(tx, job, "failed", "not_connected")
    else:
        job_moves.give(tx, job, own.device)


async def list_devices(_query: ListDevices, view: DevicesView) -> Devices:
    """All devices of the settings, by name, each with what keeps it from being of use."""
    paired = await view.read(lambda connection: PairingStore(connection).all())
    logins = view.registers()
    served = registers_served(view.settings, view.assigned)
    return Devices(
        tuple(
            Device(
                name,
                state.kind,
                state.state,
                state.reason,
                state.since,
                state.register,
                paired=name in paired,
                without_login=without_login(served[name], view.settings, logins),
                voided=view.voided.last(name),
            )
            for name, state in await _known(view)
        )
    )


async def shown(view: DevicesView) -> list[Shown]:
    """Everything that devices retains: how each device is, and which print jobs of a register need somebody."""
    states = [Shown(each.state, {"device": each.device}) for each in await _known(view)]
    return states + await troubles.shown(view)


async def _known(view: DevicesView) -> list[Known]:
    """The devices of the settings; what was there once is kept for its revision alone."""
    settings = view.settings
    named = {scanner.device for scanner in settings.scanners}
    named |= {each.device for each in (*settings.printers, *settings.line_displays)}
    known = await view.read(lambda connection: DeviceStore(connection).all())
    return [each for each in known if each.device in named]


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
