"""What devices owns: scanners, printers, line displays, and how each is."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Command, Message, Query, Rejection, Reply, State
from contracts.customers import LanguageCode
from contracts.ids import (
    CurrencyCode,
    DeviceId,
    RegisterId,
    Timestamp,
)
from contracts.money import Amount

DeviceKind = Literal["scanner", "printer", "line_display"]
PaperLanguage = Literal["de", "en", "fi", "nl"]
"""The languages that receipts and test pages are printed in."""
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
    "logo_not_printed",
    "receipt_awaited",
    "receipt_not_found",
    "receipt_not_set",
]
"""What is wrong with a device, or with a job.

The last three are about a job alone: checkout has yet to say what the receipt holds; it has no such receipt; it holds
what cannot be put on paper, and the log of devices says what. ``never_confirms``: a printer says that it is ready, and
leaves unanswered what it is asked behind a job. Switch it off and on; if it never answers, set ``confirms = false``.
``logo_not_printed``: a printer is ready, and a test page came out, but without the shop's logo, whose picture cannot be
printed; the log of devices says why.
"""


VoidReason = Literal["too_late", "dropped", "too_slow", "too_long", "unknown_key", "events_lost", "several_lines"]
"""Why a scan was thrown away; ``ScanResult`` in ``scanning.py`` says what each means."""


class VoidedScan(Message, frozen=True):
    """A scan that was thrown away: why, and when."""

    reason: VoidReason
    at: Timestamp


class Device(Message, frozen=True):
    """A device of the settings, how it is, and what keeps it from being of use.

    ``paired``: the scanner belongs to its register by a pairing, whatever the settings say. ``without_login``:
    registers that it is meant for and that the store has no login for, so that it serves nobody. ``voided``: the last
    scan of it that was thrown away since devices started.
    """

    device: DeviceId
    kind: DeviceKind
    state: Literal["ready", "fault", "absent"]
    reason: FaultReason
    since: Timestamp
    register: RegisterId | None = None
    paired: bool = False
    without_login: tuple[RegisterId, ...] = ()
    voided: VoidedScan | None = None


class Devices(Reply, frozen=True):
    """All devices of the settings, by name."""

    devices: tuple[Device, ...]


class ListDevices(Query[Devices], frozen=True):
    """All devices of the settings, how each is and since when."""

    asked_by = ("hub", "backoffice", "register")


class RegisterNotFound(Rejection):
    """The store has no register of that name."""


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
