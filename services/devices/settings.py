"""The table ``[devices]``: which scanner and which printer belongs to which register, and how patient to be.

A device that is not named here is never opened.
"""

import re
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from evdev import ecodes
from msgspec import Meta

from contracts.devices import PaperLanguage
from contracts.ids import DeviceId, RegisterId, Symbology
from services.devices.model.symbologies import SYMBOLOGIES
from services.devices.printers.settings import LineDisplaySettings, PrinterSettings
from services.devices.scanners.keys import PATIENCE_S, TERMINATORS, Chord, End
from services.devices.scanners.layouts import LayoutName

CodeKind = Literal["item", "customer_code", "staff_badge", "receipt", "voucher", "unknown"]
PATTERN_S = 0.02
"""For so long a scan rule's pattern may look at a code: one like ``(1|11)+[XY]`` would look for hours."""
_USB_PORT = re.compile(r"[0-9]+-[0-9.]+(:[0-9.]+)?")
"""Where something is plugged in, as the kernel's USB names it; its input devices say it otherwise."""
Seconds = Annotated[float, Meta(gt=0, le=86400)]


class ScannerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scanner, its register, and the marks it is known by; all marks that are given must fit.

    ``usb`` is vendor and product as ``lsusb`` shows them (``05e0:1200``), ``serial`` the serial number
    (``uniq`` in ``/proc/bus/input/devices``), ``port`` where it is plugged in (``phys`` there, up to
    ``/input0``; a printer's ``usb_port`` is spelled otherwise). Two scanners of one make need ``serial`` or
    ``port``. A scanner that plays serial port has ``tty`` instead, best of ``/dev/serial/by-id``, and ``baud`` where
    it has a real line.
    """

    device: DeviceId
    register: RegisterId | None = None
    """Left out, it belongs to none until it reads a register's pairing code."""
    usb: Annotated[str, Meta(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$(?!\n)")] | None = None
    serial: Annotated[str, Meta(pattern=r"^[^\x00-\x1f]{1,128}$(?!\n)")] | None = None
    port: Annotated[str, Meta(pattern=r"^[^/\x00-\x1f]{1,128}$(?!\n)")] | None = None
    tty: Annotated[str, Meta(pattern=r"^/dev/[^\x00-\x1f]{1,200}$(?!\n)")] | None = None
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    layout: LayoutName = "us"
    """The keyboard that it was set up to play."""
    end: End = "key"
    """``key``: Enter, keypad Enter or Tab ends a scan; ``pause``: silence does as well."""
    separator: str | None = None
    """What it types for ASCII 29 besides Ctrl+]: a key by the kernel's name, "down" or "ctrl+g"."""
    pause_s: Annotated[float, Meta(ge=0.05, le=5)] = PATIENCE_S
    """Silence that ends or voids what was begun."""
    several_codes: bool = False
    """It reads several codes at a pull of its trigger; else what it sends so fast is one symbol of several lines."""

    def __post_init__(self) -> None:
        """Refuse a scanner that every keyboard or none would fit, and a separator that is no key."""
        marks = (self.usb, self.serial, self.port)
        if self.tty is None and marks == (None, None, None):
            raise ValueError(f"scanner {self.device} needs one of usb, serial, port and tty, to be told from others")
        if self.tty is not None and marks != (None, None, None):
            raise ValueError(f"scanner {self.device} has a tty, and with it none of usb, serial and port")
        if self.port is not None and _USB_PORT.fullmatch(self.port):
            raise ValueError(
                f"scanner {self.device}: port {self.port!r} is spelled as a printer's usb_port; a scanner's is phys in "
                "/proc/bus/input/devices up to /input0, as in usb-0000:01:00.0-1.2"
            )
        if self.chord is None and self.separator is not None:
            raise ValueError(f"scanner {self.device}: separator {self.separator[:40]!r} is no key that Linux knows")
        if self.chord is not None and self.chord.key in TERMINATORS:
            raise ValueError(f"scanner {self.device}: separator {self.separator!r} is a key that ends a scan")

    @property
    def chord(self) -> Chord | None:
        """The separator as a key and whether Ctrl is held."""
        control, plus, name = (self.separator or "").rpartition("+")
        key = ecodes.ecodes.get(f"KEY_{name.upper()}")
        if not isinstance(key, int) or (plus and control != "ctrl"):
            return None
        return Chord(key, control=bool(plus))


class ScanRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a code is that fits all that is given here; the first rule that fits counts.

    ``prefix`` is how it begins, ``length`` how many characters it has, ``symbology`` which kind of barcode it
    comes from, for scanners that say so (``code128``; all are in ``model/symbologies.py``), ``pattern`` a regular
    expression for the whole of it; one that takes longer than 20 ms fits nothing.
    """

    kind: CodeKind
    prefix: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    length: Annotated[int, Meta(ge=1, le=512)] | None = None
    symbology: Symbology | None = None
    pattern: Annotated[str, Meta(min_length=1, max_length=200)] | None = None

    def __post_init__(self) -> None:
        """Refuse a rule that every code fits or none, and a pattern that is no regular expression."""
        if (self.prefix, self.length, self.symbology, self.pattern) == (None, None, None, None):
            raise ValueError(f"a scan rule for {self.kind} needs one of prefix, length, symbology and pattern")
        if self.symbology is not None and self.symbology not in SYMBOLOGIES.values():
            kinds = ", ".join(sorted(set(SYMBOLOGIES.values())))
            raise ValueError(f"a scan rule's symbology is one of {kinds}, not {self.symbology!r}")
        if self.pattern is not None:
            try:
                _compiled(self.pattern)
            except ValueError as error:
                raise ValueError(f"scan rule pattern {self.pattern!r} is no regular expression: {error}") from error

    def fits(self, text: str, symbology: str | None) -> bool:
        """Whether a code is what this rule is about.

        Raises:
            TimeoutError: the pattern looked at it for as long as one may.
        """
        return (
            (self.prefix is None or text.startswith(self.prefix))
            and self.length in (None, len(text))
            and self.symbology in (None, symbology)
            and (self.pattern is None or _matches(self.pattern, text))
        )


def _matches(pattern: str, text: str) -> bool:
    """Whether a pattern fits the whole text.

    Raises:
        TimeoutError: it needs longer than a scan may take.
    """
    return _compiled(pattern).fullmatch(text, timeout=PATTERN_S) is not None


@cache
def _compiled(pattern: str) -> Any:
    import regex  # noqa: PLC0415 - a shop without patterns need not load it

    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise ValueError(str(error)) from error


class DevicesSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the shop set about its devices."""

    scanners: tuple[ScannerSettings, ...] = ()
    printers: tuple[PrinterSettings, ...] = ()
    line_displays: tuple[LineDisplaySettings, ...] = ()
    scan_rules: tuple[ScanRule, ...] = ()
    registers_to_come: tuple[RegisterId, ...] = ()
    """Registers whose logins are made when they are needed, so that nobody is warned that they are missing."""
    language: PaperLanguage | None = None
    """The language of every receipt; left out, each is in the language that checkout says."""
    job_lives_s: Seconds = 600.0
    """How long a job that the printer has got nothing of is tried again before it is ``expired``."""
    drawer_lives_s: Seconds = 10.0
    """The same for a cash drawer, which nobody expects to open when they have gone on."""
    retry_s: Seconds = 2.0
    look_every_s: Seconds = 30.0
    """How often an idle printer is asked how it is."""
    sweep_s: Seconds = 5.0
    """How often scanners are looked for, beside the kernel's own notices."""
    connect_s: Seconds = 3.0
    answer_s: Seconds = 3.0
    send_s: Seconds = 10.0
    finish_s: Seconds = 8.0
    """How long a printer that has all of a job may take to print it; what it took slowly it may print slowly."""

    def __post_init__(self) -> None:
        """Refuse what is named twice, devices or registers, and a fallback that is none."""
        devices: list[str] = [scanner.device for scanner in self.scanners]
        devices += [each.device for each in (*self.printers, *self.line_displays)]
        registers: list[str] = [register for printer in self.printers for register in printer.registers]
        shown: list[str] = [display.register for display in self.line_displays]
        places = [str(each.ways) for each in self.printers] + [str(each.ways) for each in self.line_displays]
        marks = [each.tty or f"usb {each.usb}, serial {each.serial}, port {each.port}" for each in self.scanners]
        ttys = [each.tty for each in self.scanners]
        ttys += [each.tty for each in (*self.printers, *self.line_displays)]
        lines = [tty for tty in ttys if tty is not None]
        for what, names in (
            ("device", devices),
            ("scanner that is known by", marks),
            ("printer for register", registers),
            ("line display for register", shown),
            ("printer at", places),
            ("device at", lines),
        ):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"there is more than one {what} {name}")
        printers = {printer.device for printer in self.printers}
        for printer in self.printers:
            if printer.fallback is not None and printer.fallback not in printers - {printer.device}:
                raise ValueError(f"the fallback of {printer.device} is no other printer: {printer.fallback}")

    def printer_of(self, register: str) -> PrinterSettings | None:
        """The printer that prints for a register, or None."""
        return next((printer for printer in self.printers if register in printer.registers), None)

    def printer(self, device: str) -> PrinterSettings | None:
        """The printer of that name, or None."""
        return next((printer for printer in self.printers if printer.device == device), None)

    def display_of(self, register: str) -> LineDisplaySettings | None:
        """The line display that shows a register's sale, or None."""
        return next((display for display in self.line_displays if display.register == register), None)
