"""What the devices service owns: what scanners read and what printers did."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Event, PrivateState, Query, Rejection, Reply, State
from contracts.customers import LanguageCode
from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId, ScanId, Symbology, Timestamp

ScanKind = Literal["item", "customer_code", "staff_badge", "receipt", "voucher", "unknown"]
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
    "closed_in_mid_job",
    "interrupted",
    "stalled",
]
ScanText = Annotated[str, Meta(min_length=1, max_length=512)]


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


class RegisterScan(PrivateState, frozen=True):
    """What was last scanned on a register, in full."""

    thing: ClassVar = "scan"

    revision: int
    scan_id: ScanId
    device: DeviceId
    kind: ScanKind
    text: ScanText
    outcome: str


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


class PrintJob(Reply, frozen=True):
    """A print job and how far it came. ``unknown`` waits for a person: the paper may be out or not."""

    job_id: PrintJobId
    sale_id: SaleId
    printer: DeviceId
    state: PrintState
    reason: FaultReason
    copy: bool
    changed_at: Timestamp


class PrintJobs(Reply, frozen=True):
    """Print jobs, oldest first."""

    jobs: tuple[PrintJob, ...]


class PrintJobNotFound(Rejection):
    """No print job has that id."""


class PrinterNotFound(Rejection):
    """No printer is set up for that register; name one in the settings of devices."""


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


class GetPrintJob(Query[PrintJob], frozen=True):
    """Read how far a print job came."""

    asked_by = ("register", "backoffice", "hub")
    rejections = (PrintJobNotFound,)

    job_id: PrintJobId


class FindPrintJobs(Query[PrintJobs], frozen=True):
    """The print jobs of a sale, oldest first."""

    asked_by = ("register", "backoffice", "hub")

    sale_id: SaleId


class PrintJobChanged(Event, frozen=True):
    """A print job came to another state."""

    journaled: ClassVar = False

    job_id: PrintJobId
    sale_id: SaleId
    printer: DeviceId
    state: PrintState
    reason: FaultReason
    copy: bool


class DeviceState(State, frozen=True):
    """How a device is and since when (UTC)."""

    path: ClassVar = "{device}"
    read_by: ClassVar = ("ops", "register", "display", "backoffice")

    revision: int
    kind: Literal["scanner", "printer"]
    state: Literal["ready", "fault", "absent"]
    reason: FaultReason
    since: Timestamp
    register: RegisterId | None = None
