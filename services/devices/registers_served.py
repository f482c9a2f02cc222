"""Which registers each device is meant for, and whether the store has a login for them.

A name that was misspelled in the settings fits no register, so that its device serves nobody. It may also be right, and
the login still to be made: so it is told and not refused.
"""

import asyncio
from collections.abc import Collection

from contracts.ids import DeviceId, RegisterId
from services.devices.assigned import Assigned
from services.devices.settings import DevicesSettings
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.workers import Context


def registers_served(settings: DevicesSettings, assigned: Assigned) -> dict[DeviceId, tuple[RegisterId, ...]]:
    """The registers of every device of the settings: of a scanner the one that it was paired with, if it was."""
    served: dict[DeviceId, tuple[RegisterId, ...]] = {}
    for scanner in settings.scanners:
        register = assigned.register_of(scanner.device)
        served[scanner.device] = () if register is None else (register,)
    served |= {printer.device: printer.registers for printer in settings.printers}
    return served | {display.device: (display.register,) for display in settings.line_displays}


def without_login(
    registers: Collection[RegisterId], settings: DevicesSettings, known: Collection[str]
) -> tuple[RegisterId, ...]:
    """Those of some registers that the store does not know and does not expect."""
    return tuple(each for each in registers if each not in known and each not in settings.registers_to_come)


class RegisterCheck:
    """Warns at the start of devices that are meant for registers without a login."""

    def __init__(self, settings: DevicesSettings, assigned: Assigned) -> None:
        self._settings = settings
        self._assigned = assigned

    async def run(self, context: Context[DevicesTx, DevicesView]) -> None:
        """Look once."""
        known = await asyncio.to_thread(context.view().registers)
        for device, registers in registers_served(self._settings, self._assigned).items():
            for register in without_login(registers, self._settings, known):
                context.log.warning("register-without-login", register=register, device=device)
