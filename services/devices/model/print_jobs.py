"""How a print job may move and when it is too old.

Pure: no bus, no database, no clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.devices import FaultReason
from contracts.devices.printing import DrawerReason, PrintJobKind, PrintState, ReprintReason
from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId, StaffId

_MOVES: dict[PrintState, frozenset[PrintState]] = {
    "accepted": frozenset(("accepted", "printing", "failed", "expired")),
    "printing": frozenset(("printed", "unknown")),
    "printed": frozenset(),
    "unknown": frozenset(("printed", "failed")),
    "failed": frozenset(),
    "expired": frozenset(),
}
_TROUBLE_LASTS = timedelta(hours=12)
"""How long a job that will not come out any more is shown: no till's day is longer, and nobody mends it the next."""
_FETCHED_WITHIN = timedelta(minutes=10)
"""How long it is told that a receipt came out elsewhere: its shopper waits no longer for it."""


@dataclass(frozen=True, slots=True)
class Kick:
    """Why a cash drawer is opened, who wanted it, and who let it pass where another had to."""

    reason: DrawerReason
    staff_id: StaffId
    approved_by: StaffId | None = None


@dataclass(frozen=True, slots=True)
class Reprint:
    """Why a receipt is printed again, who wanted it, from which login, and who let it pass where another had to."""

    reason: ReprintReason
    staff_id: StaffId
    asked_from: str
    approved_by: StaffId | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whose word it was what became of a job, from which login and when; on the hub itself nobody is signed on."""

    decided_from: str
    staff_id: StaffId | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be printed once. Only an accepted job is tried; from ``printing`` on nothing is tried again."""

    job_id: PrintJobId
    kind: PrintJobKind
    register: RegisterId | None
    printer: DeviceId
    state: PrintState
    reason: FaultReason
    accepted_at: datetime
    expires_at: datetime
    changed_at: datetime
    sale_id: SaleId | None = None
    copy: bool = False
    language: str | None = None
    kick: Kick | None = None
    reprint: Reprint | None = None
    decision: Decision | None = None
    instead_of: DeviceId | None = None
    """The register's own printer while another one stands in for it."""

    def moved(self, state: PrintState, reason: FaultReason, now: datetime) -> "Job":
        """The job in another state.

        Raises:
            ValueError: a job does not move that way.
        """
        if state not in _MOVES[self.state]:
            raise ValueError(f"a print job does not move from {self.state} to {state}")
        return replace(self, state=state, reason=reason, changed_at=now)

    def decided(self, came_out: bool, decision: Decision) -> "Job":
        """The job as somebody saw it; why nobody knew stays with it."""
        moved = self.moved("printed" if came_out else "failed", self.reason, decision.at)
        return replace(moved, decision=decision)

    def expired(self, now: datetime) -> bool:
        """Whether it is too late to begin: paper that comes out now would surprise."""
        return self.state == "accepted" and now >= self.expires_at

    def may_go_elsewhere(self, after: timedelta, now: datetime) -> bool:
        """Whether it waited long enough to come out of another printer.

        A drawer is opened where the money is, and a test page says something of its own printer alone.
        """
        return self.state == "accepted" and self.kind == "receipt" and now >= self.accepted_at + after

    def given_to(self, printer: DeviceId, now: datetime, *, instead_of: DeviceId | None = None) -> "Job":
        """The job at another printer, which has yet to try it, and which printer it stands in for, if it does."""
        return replace(self.moved("accepted", "none", now), printer=printer, instead_of=instead_of)

    def is_like(self, other: "Job") -> bool:
        """Whether both ask for the same paper, so that the id they share names one job."""
        return self.wanted == other.wanted

    @property
    def wanted(self) -> tuple[object, ...]:
        """What was asked for. Only a test page asks for a printer: what a register wants may come to another since."""
        printer = self.printer if self.kind == "test" else None
        return self.kind, self.sale_id, self.kick, self.copy, self.register, self.language, printer

    def needs_somebody(self, now: datetime) -> bool:
        """Whether a person at its register should know of it, as far as it tells by itself."""
        if self.state == "unknown":
            return True
        if self.state == "accepted":
            return self.reason != "none"
        gone = self.state in ("failed", "expired") and self.decision is None
        return gone and now < self.changed_at + _TROUBLE_LASTS

    def is_to_fetch(self, now: datetime) -> bool:
        """Whether it came out of another printer than its register's own, so lately that somebody waits for it."""
        return self.state == "printed" and self.instead_of is not None and now < self.changed_at + _FETCHED_WITHIN

    def put_right_by(self, later: "Job") -> bool:
        """Whether a later job did what this one did not: printed the receipt, or opened a drawer."""
        if self.state not in ("unknown", "failed", "expired") or later.state != "printed" or later.kind != self.kind:
            return False
        return self.kind == "drawer" or later.sale_id == self.sale_id


def in_turn(jobs: list[Job]) -> list[Job]:
    """The jobs of a printer, given oldest first, as they should be begun: drawers first, for somebody waits there."""
    return sorted(jobs, key=lambda job: job.kind != "drawer")


def new_job(  # noqa: PLR0913 - what a job is made of
    job_id: PrintJobId,
    kind: PrintJobKind,
    register: RegisterId | None,
    printer: DeviceId,
    *,
    lives: timedelta,
    since: datetime,
    now: datetime,
    sale_id: SaleId | None = None,
    copy: bool = False,
    language: str | None = None,
    kick: Kick | None = None,
    reprint: Reprint | None = None,
) -> Job:
    """A job whose life began at ``since``; one that is over its time already is ``expired`` from the start."""
    expires_at = since + lives
    state: PrintState = "accepted" if now < expires_at else "expired"
    return Job(
        job_id, kind, register, printer, state, "none", since, expires_at, now, sale_id, copy, language, kick, reprint
    )
