"""What the shop sets about a printer or a line display: how it is reached, what it can, whom it serves."""

import re
from ipaddress import ip_address
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from contracts.ids import DeviceId, RegisterId
from services.devices.printers.profiles import DEFAULT, code_pages
from services.runtime.settings import PathText

CodePage = Literal["cp437", "cp850", "cp852", "cp858", "cp866", "cp1252", "iso8859_15"]
PAGE_NUMBERS: dict[CodePage, int] = {
    "cp437": 0,
    "cp850": 2,
    "cp1252": 16,
    "cp866": 17,
    "cp852": 18,
    "cp858": 19,
    "iso8859_15": 40,
}
"""What ``ESC t`` calls each code page on Epson's receipt printers (ESC/POS command reference, ESC t)."""
_ESCPOS_NAMES: dict[CodePage, str] = {"iso8859_15": "ISO_8859-15"}
"""What python-escpos calls a code page where it is not our name in capitals."""

UsbId = Annotated[
    str,
    Meta(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$(?!\n)", description="Vendor and product as lsusb shows them: 04b8:0e15."),
]
Mark = Annotated[
    str,
    Meta(
        pattern=r"^[^/\x00-\x1f]{1,128}$(?!\n)", description="Up to 128 characters, no slash and no control character."
    ),
]
Host = Annotated[str, Meta(min_length=1, max_length=253, description="A name in DNS or an IP address.")]
_LABEL = re.compile("[A-Za-z0-9_-]{1,63}")
_ZONE = re.compile("[A-Za-z0-9_.-]{1,15}")
"""What Linux calls a network interface, at the end of a link-local address."""
Port = Annotated[int, Meta(ge=1, le=65535)]
DevicePath = Annotated[
    str,
    Meta(pattern=r"^/dev/[^\x00-\x1f]{1,250}$(?!\n)", description="A file of the kernel's below /dev."),
]
Baud = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]
Flow = Literal["none", "rts_cts", "xon_xoff"]
_COLUMNS = {58: 32, 80: 48}
_DOTS = {58: 384, 80: 576}


class Reached(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A device and the one way in which it is reached.

    ``host`` and ``port``: over the network. ``usb``, ``serial`` or ``usb_port``: on USB, by vendor and product
    as ``lsusb`` shows them (``04b8:0e15``), by serial number, or by where it is plugged in (``1-1.2``, as
    ``/sys/bus/usb/devices`` names it); all that are given must fit. ``tty``: on a serial line, best by its name
    in ``/dev/serial/by-id``, with ``baud`` and ``flow``.
    """

    device: DeviceId
    host: Host | None = None
    port: Port = 9100
    usb: UsbId | None = None
    serial: Mark | None = None
    usb_port: Mark | None = None
    tty: DevicePath | None = None
    baud: Baud = 9600
    flow: Flow = "none"

    @property
    def ways(self) -> dict[str, Any]:
        """The ways that are set, by name, with what tells one device from another."""
        marks = (self.usb, self.serial, self.usb_port)
        return {
            name: mark
            for name, mark in (
                ("host", None if self.host is None else (_one_name(self.host), self.port)),
                ("usb, serial or usb_port", marks if any(marks) else None),
                ("tty", self.tty),
            )
            if mark is not None
        }


class PrinterSettings(Reached, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One receipt printer and the registers that it prints for.

    Besides the ways of ``Reached`` there are ``cups``, a queue of a CUPS server, and ``folder``, where each job
    becomes a file. ``profile`` is a name that python-escpos knows (``TM-T88V``); it says by which number a printer
    calls its code pages, and ``code_page_number`` beats it. ``kanji_off`` takes a printer out of Chinese mode, in
    which some are switched on. ``fallback`` prints what waited here for ``fallback_after_s``. With ``drawer`` a sale
    that is paid in cash opens the cash drawer. Without ``confirms`` it is not asked behind a job whether that is out,
    which some printers never answer.
    """

    registers: tuple[RegisterId, ...]
    cups: (
        Annotated[
            str,
            Meta(
                pattern=r"^[A-Za-z0-9._-]{1,127}$(?!\n)",
                description="A queue's name: letters, digits, points, underscores and hyphens.",
            ),
        ]
        | None
    ) = None
    cups_host: Host = "localhost"
    cups_port: Port = 631
    folder: Annotated[PathText, Meta(min_length=1, max_length=250)] | None = None
    profile: Annotated[str, Meta(min_length=1, max_length=40)] = DEFAULT
    code_page: CodePage = "cp858"
    code_page_number: Annotated[int, Meta(ge=0, le=255)] | None = None
    kanji_off: bool = True
    width_mm: Literal[58, 80] = 80
    characters_per_line: Annotated[int, Meta(ge=24, le=96)] | None = None
    dots: Annotated[int, Meta(ge=200, le=1200)] | None = None
    logo: Annotated[PathText, Meta(min_length=1, max_length=250)] | None = None
    qr: bool = False
    barcode: bool = False
    cuts: bool = True
    drawer: bool = False
    drawer_pin: Literal[2, 5] = 2
    confirms: bool = True
    fallback: DeviceId | None = None
    fallback_after_s: Annotated[float, Meta(ge=0, le=86400)] = 10.0

    def __post_init__(self) -> None:
        """Refuse a printer with no way or two, and a profile that is unknown or lacks the code page."""
        _computer(self.device, "host", self.host)
        _computer(self.device, "cups_host", self.cups_host)
        _one_way(self.device, self.ways, "host, usb (or serial or usb_port), tty, cups, folder")
        if self.profile != DEFAULT:
            try:
                pages = code_pages(self.profile)
            except ValueError as error:
                raise ValueError(f"{self.device}: {error}") from error
            if self.code_page_number is None and self._page_name not in pages:
                raise ValueError(
                    f"{self.device}: profile {self.profile} has no code page {self.code_page}; choose another, or say "
                    "by code_page_number what the printer calls it"
                )

    @property
    def page_number(self) -> int:
        """By which number the printer calls its code page: as set, as its profile says, or as Epson's printers do."""
        if self.code_page_number is not None:
            return self.code_page_number
        if self.profile == DEFAULT:
            return PAGE_NUMBERS[self.code_page]
        return code_pages(self.profile)[self._page_name]

    @property
    def _page_name(self) -> str:
        return _ESCPOS_NAMES.get(self.code_page, self.code_page.upper())

    @property
    def ways(self) -> dict[str, Any]:
        """The ways that are set, by name, with what tells one printer from another."""
        ways = super().ways
        if self.cups is not None:
            ways["cups"] = (_one_name(self.cups_host), self.cups_port, self.cups)
        if self.folder is not None:
            ways["folder"] = self.folder
        return ways

    @property
    def gives_its_word(self) -> bool:
        """Whether it is the printer itself that says of each job that it is out."""
        return self.confirms and self.cups is None and self.folder is None

    @property
    def columns(self) -> int:
        """How many characters fit in a row: what is set, else what the width gives in font A."""
        return self.characters_per_line or _COLUMNS[self.width_mm]

    @property
    def dots_wide(self) -> int:
        """How many dots fit in a row: what is set, else what the width gives at 203 dots an inch."""
        return self.dots or _DOTS[self.width_mm]


class LineDisplaySettings(Reached, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A customer display of two rows of twenty characters, and the register whose sale it shows.

    Left out, ``code_page`` is cp858 in ESC/POS; in CD5220, which has no command for code pages, it is cp437, and
    ``code_page_number`` the letter of ``ESC c`` that chooses its signs.
    """

    register: RegisterId
    commands: Literal["escpos", "cd5220"] = "escpos"
    code_page: CodePage | None = None
    code_page_number: Annotated[int, Meta(ge=0, le=255)] | None = None

    def __post_init__(self) -> None:
        """Refuse a display that is reached in no way or in two."""
        _computer(self.device, "host", self.host)
        _one_way(self.device, self.ways, "host, usb (or serial or usb_port), tty")

    @property
    def page(self) -> CodePage:
        """The code page of what it is sent: as set, else what such displays have."""
        return self.code_page or ("cp437" if self.commands == "cd5220" else "cp858")


def _one_way(device: str, ways: dict[str, Any], all_ways: str) -> None:
    if len(ways) != 1:
        named = " and ".join(ways) or "none"
        raise ValueError(f"{device} needs one way to be reached: {all_ways}; it has {named}")


def _computer(device: str, field: str, host: str | None) -> None:
    """Refuse what names no computer: it would be looked for in vain, and the device shown as absent for ever.

    A name in DNS never ends in a number (RFC 3696, section 2), so that whatever does is meant as an address.
    """
    if host is None or _is_address(host) or _is_name(host):
        return
    before, _, port = host.rpartition(":")
    split = port.isdigit() and (_is_address(before.strip("[]")) or _is_name(before))
    hint = f"; the port is a setting of its own, {field.replace('host', 'port')}" if split else ""
    raise ValueError(f"{device}: {field} {host[:60]!r} is no name in DNS and no IP address{hint}")


def _is_address(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    zone = getattr(address, "scope_id", None)
    return zone is None or _ZONE.fullmatch(zone) is not None


def _is_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()


def _one_name(host: str) -> str:
    """One name for all that mean the same computer, as far as their spelling tells."""
    name = host.lower().rstrip(".")
    try:
        address = ip_address(name)
    except ValueError:
        return name
    return "localhost" if address.is_loopback else str(address)
