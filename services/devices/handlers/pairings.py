"""Which register a scanner belongs to: by a code that it reads, or by a command."""

from contracts.devices import RegisterNotFound
from contracts.devices.scanning import (
    MakePairingCode,
    PairingCode,
    PairScanner,
    ScannerNotFound,
    ScannerPaired,
    ScanResult,
)
from contracts.ids import DeviceId, RegisterId
from services.devices.handlers import conditions
from services.devices.model.codes import pairing_code
from services.devices.transactions import DevicesTx, DevicesView
from services.runtime.asking import Ask


async def prepare_make_pairing_code(command: MakePairingCode, view: DevicesView, _ask: Ask) -> None:
    """Prove that there is such a register.

    Rejections:
        RegisterNotFound: the store has no register of that name.
    """
    _prove_register(command.register, view)


def make_pairing_code(command: MakePairingCode, _facts: None, tx: DevicesTx) -> PairingCode:
    """The code that pairs with a register: the one it has, unless a new one is asked for."""
    code = None if command.anew else tx.pairings.code_of(command.register)
    if code is None:
        code = pairing_code(tx.ids.new())
        tx.pairings.put_code(command.register, code, tx.now)
    return PairingCode(command.register, code)


def pairing_code_again(command: MakePairingCode, tx: DevicesTx) -> PairingCode:
    """The code that a repeated command made, or the one that took its place since."""
    return PairingCode(command.register, tx.pairings.code_of(command.register) or "")


async def prepare_pair_scanner(command: PairScanner, view: DevicesView, _ask: Ask) -> None:
    """Prove that there are such a scanner and such a register.

    Rejections:
        ScannerNotFound: the settings name no scanner so.
        RegisterNotFound: the store has no register of that name.
    """
    if all(scanner.device != command.device for scanner in view.settings.scanners):
        raise ScannerNotFound(device=command.device)
    if command.register is not None:
        _prove_register(command.register, view)


def pair_scanner(command: PairScanner, _facts: None, tx: DevicesTx) -> ScannerPaired:
    """Let a scanner belong to a register, or where the settings say."""
    _pair(tx, command.device, command.register)
    return ScannerPaired(command.device, tx.register_of(command.device))


def pair_by_code(tx: DevicesTx, device: DeviceId, code: str) -> tuple[RegisterId | None, ScanResult]:
    """Let the scanner that read a code belong to its register; returns its register now and what came of it."""
    register = tx.pairings.register_with(code)
    if register is None:
        return tx.register_of(device), "unknown_pairing_code"
    _pair(tx, device, register)
    return register, "paired"


def _pair(tx: DevicesTx, device: DeviceId, register: RegisterId | None) -> None:
    tx.pair(device, register)
    known = tx.devices.get(device)
    if known is not None:
        conditions.device_is(tx, device, known.state, known.reason)


def _prove_register(register: RegisterId, view: DevicesView) -> None:
    if register not in view.registers():
        raise RegisterNotFound(register=register)
