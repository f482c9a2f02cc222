"""Scans: what a scanner read, what came of it, and which register a scanner belongs to."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, Message, PrivateState, Rejection, Reply
from contracts.checkout.selling import ScanOutcome
from contracts.devices import RegisterNotFound, VoidReason
from contracts.ids import (
    DeviceId,
    RegisterId,
    ScanId,
    Symbology,
    Timestamp,
)

ScanKind = Literal["item", "customer_code", "staff_badge", "receipt", "voucher", "pairing", "unknown"]
ScanResult = (
    ScanOutcome
    | Literal[
        "told",
        "unavailable",
        "refused",
        "check_digit_wrong",
        "wrong_layout",
        "no_item_code",
        "paired",
        "unknown_pairing_code",
        "weighed",
    ]
    | VoidReason
)
"""What came of a scan: checkout's word for an item, a customer's code or a badge, else the word of devices.

``told``: the register acts on it itself, on a receipt or a voucher. ``unavailable``: checkout, customers or staff did
not answer; scan it again. ``refused``: checkout has a fault, which its log names. ``check_digit_wrong``: it was
misread. ``wrong_layout``: the scanner types on another keyboard than the settings say. ``no_item_code``: nothing is
called so. ``paired``: the scanner belongs to this register now. ``unknown_pairing_code``: no register's.
``weighed``: the symbol holds a weight or a price of its own, which nobody can sell by yet. The rest threw a scan away,
so scan again: ``too_late``: it waited so long that the sale may be another; ``dropped``: too many waited; ``too_slow``:
the scanner stalled in mid code; ``too_long``, ``unknown_key``: it is no code; ``events_lost``: the hub was too slow.
``several_lines``: of a symbol with line breaks (a bank transfer's QR code) the first line was taken for a scan, told
before this, and the others were thrown away: look what the first did to the sale. If they were two codes, scan the
second again.
"""
ScanText = Annotated[str, Meta(min_length=1, max_length=512)]
PairingCodeText = Annotated[str, Meta(pattern=r"^TILL[0-9]{12}$(?!\n)", description="TILL and twelve digits.")]


class Scanned(Event, frozen=True):
    """A scanner read something. What it read is told to its register alone, for it may name a person.

    ``outcome`` is what came of it.
    """

    journaled: ClassVar = False

    scan_id: ScanId
    device: DeviceId
    register: RegisterId
    kind: ScanKind
    sequence: int
    length: int
    symbology: Symbology | None = None
    outcome: ScanResult | None = None


class ScanVoided(Event, frozen=True):
    """A scan was thrown away, and why; no register while the scanner belongs to none."""

    journaled: ClassVar = False

    scan_id: ScanId
    device: DeviceId
    register: RegisterId | None
    reason: VoidReason


class Gs1Element(Message, frozen=True):
    """One element string of a GS1 symbol: its application identifier and what it says ("17", "270131")."""

    ai: str
    value: str


class RegisterScan(PrivateState, frozen=True):
    """A scan on a register, in full, for ten seconds; each one is published, the broker retains the newest.

    ``text`` is what the scanner sent, nothing of a scan that was thrown away; ``code`` is the same without the
    symbology's identifier.
    """

    thing: ClassVar = "scan"
    lives_s: ClassVar = 10

    revision: int
    scan_id: ScanId
    device: DeviceId
    kind: ScanKind
    text: Annotated[str, Meta(max_length=512)]
    outcome: ScanResult
    scanned_at: Timestamp
    code: str = ""
    symbology: Symbology | None = None
    sequence: int = 0
    elements: tuple[Gs1Element, ...] = ()


class ScanTaken(Reply, frozen=True):
    """The scan was handled like one from a scanner."""

    scan_id: ScanId
    outcome: ScanResult


class InjectScan(Command[ScanTaken], frozen=True):
    """Handle a code as if a scanner of that register had read it: it is done by whoever is signed on there.

    Like a scanner it has no token, so the hub alone may, which whoever stands at the machine is trusted with.
    """

    lane: ClassVar = "register"
    asked_by = ("hub",)

    scan_id: ScanId
    register: RegisterId
    text: ScanText


class ScannerNotFound(Rejection):
    """No scanner of that name is set up; name it in the settings of devices."""


class PairingCode(Reply, frozen=True):
    """The code that assigns to a register whatever scanner reads it: printed, it lies by the register."""

    personal: ClassVar = True

    register: RegisterId
    code: Annotated[PairingCodeText, Meta(extra={"secret": True})]


class MakePairingCode(Command[PairingCode], frozen=True):
    """Make the pairing code of a register, or tell the one it has; ``anew`` voids the one before."""

    lane: ClassVar = "register"
    asked_by = ("hub",)
    rejections = (RegisterNotFound,)

    register: RegisterId
    anew: bool = False


class ScannerPaired(Reply, frozen=True):
    """The scanner belongs to that register from now on, or by the settings again, and over every restart."""

    device: DeviceId
    register: RegisterId | None


class PairScanner(Command[ScannerPaired], frozen=True):
    """Assign a scanner to a register, as if it had read that register's pairing code; None as the settings say."""

    lane: ClassVar = "device"
    asked_by = ("hub",)
    rejections = (ScannerNotFound, RegisterNotFound)

    device: DeviceId
    register: RegisterId | None
