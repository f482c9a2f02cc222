"""Paper and drawers: print jobs from the wish to the paper, and who decides about those that nobody knows of."""

from typing import ClassVar, Literal

from contracts.base import Command, Event, PrivateState, Query, Rejection, Reply
from contracts.checkout import SaleNotCompleted, SaleNotFound
from contracts.devices import FaultReason, PaperLanguage
from contracts.ids import (
    DeviceId,
    PrintJobId,
    RegisterId,
    SaleId,
    Segment,
    StaffId,
    Timestamp,
)

PrintJobKind = Literal["receipt", "drawer", "test"]
DrawerReason = Literal["sale", "change_money", "cash_in", "cash_out", "count", "other"]
"""Why a cash drawer was opened; ``sale`` is a sale paid in cash, the others are a person's word."""
ReprintReason = Literal["not_printed", "unreadable", "lost", "second_copy", "other"]
"""Why a receipt is printed again, as a person says."""
PrintState = Literal["accepted", "printing", "printed", "unknown", "failed", "expired"]


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
    """The newest print jobs of a register that need somebody, newest first, 20 at most; none when all is well.

    A job is here while it is ``unknown`` (see ``decide-print-job``), while it waits with a reason, and for twelve hours
    after it ``failed`` or ``expired``, unless somebody decided that; of one that does not wait only until a later job
    printed the receipt, or the drawer was opened.

    ``elsewhere``: receipts that came out of another printer than the register's own, which stood in for it, newest
    first, for ten minutes; ``printer`` says which. ``without_printer``: a sale of this register wanted paper, and no
    printer is set up for it; so until one is.
    """

    thing: ClassVar = "printing"

    revision: int
    jobs: tuple[PrintJob, ...] = ()
    elsewhere: tuple[PrintJob, ...] = ()
    without_printer: bool = False


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
