"""What the devices service owns: what scanners read and what printers did."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, Message, PrivateState, Query, Rejection, Reply, State
from contracts.checkout import SaleNotCompleted, SaleNotFound
from contracts.checkout.selling import ScanOutcome
from contracts.customers import LanguageCode
from contracts.ids import (
    CurrencyCode,
    DeviceId,
    PrintJobId,
    RegisterId,
    SaleId,
    ScanId,
    Segment,
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
ReprintReason = Literal["not_printed", "unreadable", "lost", "second_copy", "other"]
"""Why a receipt is printed again, as a person says."""
PaperLanguage = Literal["de", "en", "fi", "nl"]
"""The languages that receipts and test pages are printed in."""
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
    "never_confirms",
    "receipt_awaited",
    "receipt_not_found",
    "receipt_not_set",
]
"""What is wrong with a device, or with a job.

The last three are about a job alone: checkout has yet to say what the receipt holds; it has no such receipt; it holds
what cannot be put on paper, and the log of devices says what. ``never_confirms``: a printer says that it is ready, and
leaves unanswered what it is asked behind a job. Switch it off and on; if it never answers, set ``confirms = false``.
"""
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
        "too_late",
        "dropped",
        "too_slow",
        "too_long",
        "unknown_key",
        "events_lost",
    ]
)
"""What came of a scan: checkout's word for an item, a customer's code or a badge, else the word of devices.

``told``: the register acts on it itself, on a receipt or a voucher. ``unavailable``: checkout, customers or staff did
not answer; scan it again. ``refused``: checkout has a fault, which its log names. ``check_digit_wrong``: it was
misread. ``wrong_layout``: the scanner types on another keyboard than the settings say. ``no_item_code``: nothing is
called so. ``paired``: the scanner belongs to this register now. ``unknown_pairing_code``: no register's.
``weighed``: the symbol holds a weight or a price of its own, which nobody can sell by yet. The rest threw a scan away,
so scan again: ``too_late``: it waited so long that the sale may be another; ``dropped``: too many waited; ``too_slow``:
the scanner stalled in mid code; ``too_long``, ``unknown_key``: it is no code; ``events_lost``: the hub was too slow.
"""
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
    """Print a receipt again on purpose, marked COPY, as a job of its own; who, where and why is kept and told."""

    lane: ClassVar = "job_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "receipt.reprint"
    rejections = (PrinterNotFound, SaleNotFound, SaleNotCompleted)

    job_id: PrintJobId
    sale_id: SaleId
    register: RegisterId
    reason: ReprintReason
    language: PaperLanguage | None = None


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
    language: PaperLanguage = "en"


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

    Nothing is printed by this: who wants the paper again asks for a copy. Whose word it was, and from where, is kept
    and told; somebody must be signed on there, unless it is the hub itself.
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


class PrintJobDecided(Event, frozen=True):
    """Somebody said of a job that nobody knew about whether its paper came out.

    ``decided_from`` is the login that asked; ``staff_id`` is None where nobody is signed on, on the hub itself.
    """

    job_id: PrintJobId
    sale_id: SaleId | None
    kind: PrintJobKind
    came_out: bool
    decided_at: Timestamp
    decided_from: Segment
    staff_id: StaffId | None


class ReceiptReprinted(Event, frozen=True):
    """A receipt was sent to a printer again: of which sale, for which register, why, and by whom.

    ``certain`` is false when the printer got it and did not say that it came out. ``asked_from`` is the login that
    asked, ``approved_by`` who let it pass instead of ``staff_id``.
    """

    job_id: PrintJobId
    sale_id: SaleId
    register: RegisterId
    printer: DeviceId
    reason: ReprintReason
    certain: bool
    reprinted_at: Timestamp
    asked_from: Segment
    staff_id: StaffId
    approved_by: StaffId | None = None


class RegisterPrinting(PrivateState, frozen=True):
    """The newest print jobs of a register that need somebody, newest first, 20 at most; empty when all is well.

    A job is here while it is ``unknown`` (see ``decide-print-job``), while it waits with a reason, and for twelve hours
    after it ``failed`` or ``expired``, unless somebody decided that; of one that does not wait only until a later job
    printed the receipt, or the drawer was opened.
    """

    thing: ClassVar = "printing"

    revision: int
    jobs: tuple[PrintJob, ...] = ()


class DrawerOpened(Event, frozen=True):
    """A cash drawer was told to open: where, why, and by whom.

    ``certain`` is false when the printer got the command and did not say that it was carried out: always without paper,
    and past a job that it is still at.
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
    """Show an item with its amount, and the total so far, on the customer line display of the register that asks.

    Somebody must be signed on there. What is shown is not kept: the next command, and the next step of the open sale,
    replaces it. Without ``name`` the total alone is shown.
    """

    asked_by = ("register",)
    rejections = (LineDisplayNotFound,)

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
