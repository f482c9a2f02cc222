"""How a print job may move and when it is too old.

Pure: no bus, no database, no clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.devices import DrawerReason, FaultReason, PrintJobKind, PrintState
from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId, StaffId

_MOVES: dict[PrintState, frozenset[PrintState]] = {
    "accepted": frozenset(("accepted", "printing", "failed", "expired")),
    "printing": frozenset(("printed", "unknown")),
    "printed": frozenset(),
    "unknown": frozenset(("printed", "failed")),
    "failed": frozenset(),
    "expired": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Kick:
    """Why a cash drawer is opened, who wanted it, and who let it pass where another had to."""

    reason: DrawerReason
    staff_id: StaffId
    approved_by: StaffId | None = None


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

    def may_go_elsewhere(self, after: timedelta, now: datetime) -> bool:
        """Whether it waited long enough to come out of another printer. A drawer is opened where the money is."""
        return self.state == "accepted" and self.kind != "drawer" and now >= self.accepted_at + after

    def given_to(self, printer: DeviceId, now: datetime) -> "Job":
        """The job at another printer, which has yet to try it."""
        return replace(self.moved("accepted", "none", now), printer=printer)

    def is_like(self, other: "Job") -> bool:
        """Whether both ask for the same paper, so that the id they share names one job."""
        return (self.kind, self.sale_id, self.kick) == (other.kind, other.sale_id, other.kick)


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
) -> Job:
    """A job whose life began at ``since``; one that is over its time already is ``expired`` from the start."""
    expires_at = since + lives
    state: PrintState = "accepted" if now < expires_at else "expired"
    return Job(job_id, kind, register, printer, state, "none", since, expires_at, now, sale_id, copy, language, kick)
