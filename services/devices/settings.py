"""The table ``[devices]``: which scanner and which printer belongs to which register, and how patient to be.

A device that is not named here is never opened.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.customers import LanguageCode
from contracts.devices import ScanKind
from contracts.ids import DeviceId, RegisterId

Seconds = Annotated[float, Meta(gt=0, le=86400)]
_COLUMNS = {58: 32, 80: 48}


class ScannerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scanner, its register, and the marks it is known by; all marks that are given must fit.

    ``usb`` is vendor and product as ``lsusb`` shows them (``05e0:1200``), ``serial`` the serial number
    (``uniq`` in ``/proc/bus/input/devices``), ``port`` where it is plugged in (``phys`` there, up to
    ``/input0``). Two scanners of one make need ``serial`` or ``port``.
    """

    device: DeviceId
    register: RegisterId
    usb: Annotated[str, Meta(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")] | None = None
    serial: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    port: Annotated[str, Meta(pattern=r"^[^/]{1,128}$")] | None = None

    def __post_init__(self) -> None:
        """Refuse a scanner that every keyboard would fit."""
        if self.usb is None and self.serial is None and self.port is None:
            raise ValueError(f"scanner {self.device} needs one of usb, serial and port, to be told from a keyboard")


class PrinterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One network printer and the registers that it prints for. ``qr`` prints the receipt number as a QR code."""

    device: DeviceId
    host: Annotated[str, Meta(min_length=1, max_length=253)]
    registers: tuple[RegisterId, ...]
    port: Annotated[int, Meta(ge=1, le=65535)] = 9100
    width_mm: Literal[58, 80] = 80
    characters_per_line: Annotated[int, Meta(ge=24, le=96)] | None = None
    qr: bool = False

    @property
    def columns(self) -> int:
        """How many characters fit in a row: what is set, else what the width gives in font A."""
        return self.characters_per_line or _COLUMNS[self.width_mm]


class ScanRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a code that begins with ``prefix`` is; the first rule that fits counts, and without one it is an item."""

    prefix: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: ScanKind


class DevicesSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the shop set about its devices."""

    scanners: tuple[ScannerSettings, ...] = ()
    printers: tuple[PrinterSettings, ...] = ()
    scan_rules: tuple[ScanRule, ...] = ()
    language: LanguageCode | None = None
    """The language of every receipt; left out, each is in the language that checkout says."""
    job_lives_s: Seconds = 600.0
    """How long a job that the printer has got nothing of is tried again before it is ``expired``."""
    retry_s: Seconds = 2.0
    look_every_s: Seconds = 30.0
    """How often an idle printer is asked how it is."""
    sweep_s: Seconds = 5.0
    """How often scanners are looked for, beside the kernel's own notices."""
    connect_s: Seconds = 3.0
    answer_s: Seconds = 3.0
    send_s: Seconds = 10.0
    finish_s: Seconds = 20.0

    def __post_init__(self) -> None:
        """Refuse a device named twice and a register with two printers."""
        devices: list[str] = [scanner.device for scanner in self.scanners]
        devices += [printer.device for printer in self.printers]
        registers: list[str] = [register for printer in self.printers for register in printer.registers]
        for what, names in (("device", devices), ("printer for register", registers)):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"there is more than one {what} {name}")

    def printer_of(self, register: str) -> PrinterSettings | None:
        """The printer that prints for a register, or None."""
        return next((printer for printer in self.printers if register in printer.registers), None)
