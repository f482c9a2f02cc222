"""The rules of scans and print jobs: what a code is, how a job may move and when it is too old.

Pure: no bus, no database, no clock.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.devices import FaultReason, PrintState, ScanKind
from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId, ScanId
from services.devices.settings import ScanRule

# ISO/IEC 15424: a symbology identifier is "]", a letter for the kind of symbol and a modifier.
_AIM = re.compile(r"\]([A-Za-z])[0-9A-Za-z]")
_SYMBOLOGIES = {
    "A": "code39",
    "C": "code128",
    "E": "ean",
    "I": "itf",
    "Q": "qr",
    "d": "datamatrix",
    "e": "databar",
}
_ITEM = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Code:
    """What a scanner read, taken apart: its text without the symbology's identifier, and what it is."""

    text: str
    kind: ScanKind
    symbology: str | None = None

    @property
    def may_be_item(self) -> bool:
        """Whether checkout can be asked for it: an item's code has no blanks, separators or letters beyond ASCII."""
        return self.kind == "item" and _ITEM.fullmatch(self.text) is not None


def read_code(text: str, rules: Iterable[ScanRule]) -> Code:
    """Take a scanned text apart and say what it is by the shop's rules; without one that fits it is an item."""
    symbology = None
    identifier = _AIM.match(text)
    if identifier is not None and len(text) > identifier.end():
        symbology = _SYMBOLOGIES.get(identifier[1])
        text = text[identifier.end() :]
    kind: ScanKind = next((rule.kind for rule in rules if text.startswith(rule.prefix)), "item")
    return Code(text, kind, symbology)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a scanner, or of something that stands for one."""

    scan_id: ScanId
    device: DeviceId
    register: RegisterId
    text: str


_MOVES: dict[PrintState, frozenset[PrintState]] = {
    "accepted": frozenset(("accepted", "printing", "failed", "expired")),
    "printing": frozenset(("printed", "unknown")),
    "printed": frozenset(),
    "unknown": frozenset(),
    "failed": frozenset(),
    "expired": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Job:
    """A receipt to be printed once. Only an accepted job is tried; from ``printing`` on nothing is tried again."""

    job_id: PrintJobId
    sale_id: SaleId
    register: RegisterId
    printer: DeviceId
    copy: bool
    language: str | None
    state: PrintState
    reason: FaultReason
    expires_at: datetime
    changed_at: datetime

    def moved(self, state: PrintState, reason: FaultReason, now: datetime) -> "Job":
        """The job in another state.

        Raises:
            ValueError: a job does not move that way.
        """
        if state not in _MOVES[self.state]:
            raise ValueError(f"a print job does not move from {self.state} to {state}")
        return replace(self, state=state, reason=reason, changed_at=now)

    def expired(self, now: datetime) -> bool:
        """Whether it is too late to begin: paper that comes out now would surprise."""
        return self.state == "accepted" and now >= self.expires_at


def new_job(  # noqa: PLR0913 - what a job is made of
    job_id: PrintJobId,
    sale_id: SaleId,
    register: RegisterId,
    printer: DeviceId,
    *,
    lives: timedelta,
    since: datetime,
    now: datetime,
    copy: bool = False,
    language: str | None = None,
) -> Job:
    """A job whose life began at ``since``; one that is over its time already is ``expired`` from the start."""
    expires_at = since + lives
    state: PrintState = "accepted" if now < expires_at else "expired"
    return Job(job_id, sale_id, register, printer, copy, language, state, "none", expires_at, now)
