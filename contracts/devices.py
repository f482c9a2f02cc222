"""What the devices service owns: what scanners read and what printers did."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, Message, PrivateState, Query, Rejection, Reply, State
from contracts.customers import LanguageCode
from contracts.ids import (
    CurrencyCode,
    DeviceId,
    PrintJobId,
    RegisterId,
    SaleId,
    ScanId,
    StaffId,
    Symbology,
    Timestamp,
)
from contracts.money import Amount

ScanKind = Literal["item", "customer_code", "staff_badge", "receipt", "voucher", "pairing", "unknown"]
DeviceKind = Literal["scanner", "printer", "line_display"]
PrintJobKind = Literal["receipt", "drawer", "test"]
DrawerReason = Literal["sale", "change_money", "cash_in", "cash_out", "count", "other"]
"""Why a cash drawer was opened; ``sale`` is a sale paid in cash, the others are a person's word."""
PrintState = Literal["accepted", "printing", "printed", "unknown", "failed", "expired"]
FaultReason = Literal[
    "none",
    "not_connected",
    "no_answer",
    "paper_out",
    "cover_open",
    "offline",
    "in_use",
    "no_permission",
    "events_lost",
    "wrong_layout",
    "closed_in_mid_job",
    "interrupted",
    "stalled",
]
ScanText = Annotated[str, Meta(min_length=1, max_length=512)]
PairingCodeText = Annotated[str, Meta(pattern=r"^TILL[0-9]{12}$(?!\n)", description="TILL and twelve digits.")]


class Scanned(Event, frozen=True):
    """A scanner read something. What it read is told to its register alone, for it may name a person."""

    journaled: ClassVar = False

    scan_id: ScanId
    device: DeviceId
    register: RegisterId
    kind: ScanKind
    sequence: int
    length: int
    symbology: Symbology | None = None


class Gs1Element(Message, frozen=True):
    """One element string of a GS1 symbol: its application identifier and what it says ("17", "270131")."""

    ai: str
    value: str


class RegisterScan(PrivateState, frozen=True):
    """What was last scanned on a register, in full.

    ``text`` is what the scanner sent, ``code`` the same without the symbology's identifier. ``outcome`` is what
    came of it: checkout's word for an item; ``told`` for what the register acts on itself, a customer code or
    a badge; else why it is nothing (``check_digit_wrong``, ``wrong_layout``, ``no_item_code``, ``unavailable``).
    """

    thing: ClassVar = "scan"

    revision: int
    scan_id: ScanId
    device: DeviceId
    kind: ScanKind
    text: ScanText
    outcome: str
    code: str = ""
    symbology: Symbology | None = None
    sequence: int = 0
    elements: tuple[Gs1Element, ...] = ()


class ScanTaken(Reply, frozen=True):
    """The scan was handled like one from a scanner."""

    scan_id: ScanId
    outcome: str


class InjectScan(Command[ScanTaken], frozen=True):
    """Handle a code as if a scanner of that register had read it."""

    lane: ClassVar = "register"
    asked_by = ("hub", "backoffice")

    scan_id: ScanId
    register: RegisterId
    text: ScanText


class Device(Message, frozen=True):
    """A device of the settings and how it is."""

    device: DeviceId
    kind: DeviceKind
    state: Literal["ready", "fault", "absent"]
    reason: FaultReason
    since: Timestamp
    register: RegisterId | None = None


class Devices(Reply, frozen=True):
    """All devices of the settings, by name."""

    devices: tuple[Device, ...]


class ListDevices(Query[Devices], frozen=True):
    """All devices of the settings, how each is and since when."""

    asked_by = ("hub", "backoffice", "register")


class RegisterNotFound(Rejection):
    """The store has no register of that name."""


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


class PrintJob(Reply, frozen=True):
    """A print job and how far it came. ``unknown`` waits for a person: the paper may be out or not."""

    job_id: PrintJobId
    sale_id: SaleId | None
    printer: DeviceId
    state: PrintState
    reason: FaultReason
    copy: bool
    changed_at: Timestamp
    kind: PrintJobKind = "receipt"


class PrintJobs(Reply, frozen=True):
    """Print jobs, oldest first."""

    jobs: tuple[PrintJob, ...]


class PrintJobNotFound(Rejection):
    """No print job has that id."""


class PrinterNotFound(Rejection):
    """No such printer is set up, or none for that register; name one in the settings of devices."""


class DrawerNotFound(Rejection):
    """No cash drawer is set up for that register; set ``drawer`` of its printer in the settings of devices."""


class PrintReceipt(Command[PrintJob], frozen=True):
    """Print a receipt again on purpose, marked COPY, as a job of its own."""

    lane: ClassVar = "job_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "receipt.reprint"
    rejections = (PrinterNotFound,)

    job_id: PrintJobId
    sale_id: SaleId
    register: RegisterId
    language: LanguageCode | None = None


class OpenDrawer(Command[PrintJob], frozen=True):
    """Open the cash drawer of the register that asks, by hand, as a job of its own that is never late or elsewhere.

    A sale that is paid in cash opens it by itself and needs no such command.
    """

    lane: ClassVar = "job_id"
    asked_by = ("register",)
    permission = "drawer.open"
    rejections = (DrawerNotFound,)

    job_id: PrintJobId
    reason: Literal["change_money", "cash_in", "cash_out", "count", "other"]


class PrintTest(Command[PrintJob], frozen=True):
    """Print a page that shows what a printer can: its letters, its width, its logo, its codes."""

    lane: ClassVar = "job_id"
    asked_by = ("backoffice", "hub")
    rejections = (PrinterNotFound,)

    job_id: PrintJobId
    printer: DeviceId
    language: LanguageCode = "en"


class GetPrintJob(Query[PrintJob], frozen=True):
    """Read how far a print job came."""

    asked_by = ("register", "backoffice", "hub")
    rejections = (PrintJobNotFound,)

    job_id: PrintJobId


class FindPrintJobs(Query[PrintJobs], frozen=True):
    """The print jobs of a sale, oldest first."""

    asked_by = ("register", "backoffice", "hub")

    sale_id: SaleId


class PrintJobNotUnknown(Rejection):
    """It is known what became of that print job; there is nothing to decide."""


class DecidePrintJob(Command[PrintJob], frozen=True):
    """Say of a job that is ``unknown`` whether its paper came out, as somebody saw it; it is then printed or failed.

    Nothing is printed by this: who wants the paper again asks for a copy.
    """

    lane: ClassVar = "job_id"
    asked_by = ("register", "backoffice", "hub")
    rejections = (PrintJobNotFound, PrintJobNotUnknown)

    job_id: PrintJobId
    came_out: bool


class ListUnknownPrintJobs(Query[PrintJobs], frozen=True):
    """The jobs that wait for somebody's word, oldest first, 200 at most; of one register, or of all."""

    asked_by = ("register", "backoffice", "hub")

    register: RegisterId | None = None


class PrintJobChanged(Event, frozen=True):
    """A print job came to another state."""

    journaled: ClassVar = False

    job_id: PrintJobId
    sale_id: SaleId | None
    printer: DeviceId
    state: PrintState
    reason: FaultReason
    copy: bool
    kind: PrintJobKind = "receipt"


class DrawerOpened(Event, frozen=True):
    """A cash drawer was told to open: where, why, and by whom.

    ``certain`` is false when the printer got the command and did not say that it was carried out.
    ``staff_id`` is whoever asked, or the cashier of the sale; ``approved_by`` who let it pass instead.
    """

    job_id: PrintJobId
    register: RegisterId
    printer: DeviceId
    reason: DrawerReason
    certain: bool
    opened_at: Timestamp
    staff_id: StaffId
    approved_by: StaffId | None = None
    sale_id: SaleId | None = None


class LineShown(Reply, frozen=True):
    """What a line display was told to show: its two rows, as they stand there."""

    rows: tuple[str, str]


class LineDisplayNotFound(Rejection):
    """No line display is set up for that register; name one in the settings of devices."""


class ShowLine(Command[LineShown], frozen=True):
    """Show an item with its amount, and the total so far, on a register's customer line display.

    What is shown is not kept: the next command replaces it. Without ``name`` the total alone is shown.
    """

    lane: ClassVar = "register"
    asked_by = ("register", "checkout")
    rejections = (LineDisplayNotFound,)

    register: RegisterId
    total: Amount
    currency: CurrencyCode
    name: Annotated[str, Meta(max_length=200)] = ""
    amount: Amount | None = None
    language: LanguageCode = "en"


class DeviceState(State, frozen=True):
    """How a device is and since when (UTC)."""

    path: ClassVar = "{device}"
    read_by: ClassVar = ("ops", "register", "display", "backoffice")

    revision: int
    kind: DeviceKind
    state: Literal["ready", "fault", "absent"]
    reason: FaultReason
    since: Timestamp
    register: RegisterId | None = None
