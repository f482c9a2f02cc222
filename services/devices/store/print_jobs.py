"""Print jobs, to rows and back."""

from sqlalchemy import Connection, Row, and_, select, update
from sqlalchemy.dialects.sqlite import insert

from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId, StaffId
from services.devices.model.print_jobs import Decision, Job, Kick, Reprint
from services.devices.store.tables import ELSEWHERE, NOT_PRINTED, OPEN, OPENED, UNKNOWN, print_job
from services.runtime.clock import read_stamp, stamp

_MOST_LISTED = 200
_MOVING = ("printer", "state", "reason", "changed_at", "decided_from", "decided_by", "decided_at", "instead_of")
"""What a job's row changes by; all else is as it was accepted."""


class PrintJobStore:
    """Print jobs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job: Job) -> bool:
        """Keep a new job; False when one with its id is there already, which is left as it is."""
        fresh = insert(print_job).values(**_job_row(job)).on_conflict_do_nothing(index_elements=[print_job.c.job_id])
        return self._connection.execute(fresh).rowcount == 1

    def get(self, job_id: str) -> Job | None:
        """The job with that id, or None."""
        row = self._connection.execute(select(print_job).where(print_job.c.job_id == job_id)).one_or_none()
        return None if row is None else _job(row)

    def put(self, job: Job) -> None:
        """Keep how far a job came, and where."""
        row = _job_row(job)
        self._connection.execute(
            update(print_job).where(print_job.c.job_id == job.job_id).values({name: row[name] for name in _MOVING})
        )

    def of_sale(self, sale_id: str) -> list[Job]:
        """All jobs of a sale, oldest first."""
        rows = self._connection.execute(
            select(print_job).where(print_job.c.sale_id == sale_id).order_by(print_job.c.number)
        )
        return [_job(row) for row in rows]

    def waiting_for(self, printer: str) -> list[Job]:
        """All jobs that wait for a printer, oldest first."""
        rows = self._connection.execute(
            select(print_job)
            .where(print_job.c.printer == printer, OPEN, print_job.c.state == "accepted")
            .order_by(print_job.c.number)
        )
        return [_job(row) for row in rows]

    def unknown(self, register: str | None) -> list[Job]:
        """The jobs of a register, or of all, of which nobody knows whether they came out; oldest first."""
        found = select(print_job).where(UNKNOWN)
        if register is not None:
            found = found.where(print_job.c.register == register)
        return [_job(row) for row in self._connection.execute(found.order_by(print_job.c.number).limit(_MOST_LISTED))]

    def not_printed(self, register: str) -> list[Job]:
        """The jobs of a register that are not out of its printer, newest first, 200 at most."""
        rows = self._connection.execute(
            select(print_job)
            .where(print_job.c.register == register, NOT_PRINTED)
            .order_by(print_job.c.number.desc())
            .limit(_MOST_LISTED)
        )
        return [_job(row) for row in rows]

    def elsewhere(self, register: str, most: int) -> list[Job]:
        """The newest jobs of a register that came out of a printer that stood in for its own, newest first."""
        rows = self._connection.execute(
            select(print_job)
            .where(print_job.c.register == register, ELSEWHERE)
            .order_by(print_job.c.number.desc())
            .limit(most)
        )
        return [_job(row) for row in rows]

    def printed_after(self, job: Job) -> Job | None:
        """The first of its kind that was accepted after a job and is out: of its sale, or of its register's drawers."""
        number = select(print_job.c.number).where(print_job.c.job_id == job.job_id).scalar_subquery()
        if job.kind == "drawer":
            like = and_(print_job.c.register == job.register, OPENED)
        else:
            of_sale = print_job.c.sale_id == job.sale_id
            like = and_(of_sale, print_job.c.kind == job.kind, print_job.c.state == "printed")
        later = select(print_job).where(like, print_job.c.number > number).order_by(print_job.c.number).limit(1)
        row = self._connection.execute(later).one_or_none()
        return None if row is None else _job(row)

    def registers_not_printed(self) -> list[RegisterId]:
        """The registers with jobs that are not out of their printer."""
        registers = select(print_job.c.register).where(print_job.c.register.is_not(None), NOT_PRINTED).distinct()
        return [RegisterId(name) for name in self._connection.execute(registers).scalars()]

    def any_unknown(self, printer: str) -> bool:
        """Whether nobody knows of some job of a printer whether it came out."""
        some = select(print_job.c.number).where(UNKNOWN, print_job.c.printer == printer).limit(1)
        return self._connection.execute(some).one_or_none() is not None

    def unfinished(self) -> list[Job]:
        """All jobs that wait or were being printed, oldest first."""
        rows = self._connection.execute(select(print_job).where(OPEN).order_by(print_job.c.number))
        return [_job(row) for row in rows]


def _job(row: Row[tuple[object, ...]]) -> Job:
    kick = None
    if row.drawer_reason is not None:
        kick = Kick(row.drawer_reason, StaffId(row.staff_id), row.approved_by and StaffId(row.approved_by))
    reprint = None
    if row.copy_reason is not None:
        approved_by = row.approved_by and StaffId(row.approved_by)
        reprint = Reprint(row.copy_reason, StaffId(row.staff_id), row.asked_from, approved_by)
    decision = None
    if row.decided_from is not None:
        decision = Decision(row.decided_from, row.decided_by and StaffId(row.decided_by), read_stamp(row.decided_at))
    return Job(
        job_id=PrintJobId(row.job_id),
        kind=row.kind,
        register=row.register and RegisterId(row.register),
        printer=DeviceId(row.printer),
        state=row.state,
        reason=row.reason,
        accepted_at=read_stamp(row.accepted_at),
        expires_at=read_stamp(row.expires_at),
        changed_at=read_stamp(row.changed_at),
        sale_id=row.sale_id and SaleId(row.sale_id),
        copy=row.copy,
        language=row.language,
        kick=kick,
        reprint=reprint,
        decision=decision,
        instead_of=row.instead_of and DeviceId(row.instead_of),
    )


def _job_row(job: Job) -> dict[str, object]:
    kick, reprint, decision = job.kick, job.reprint, job.decision
    wanted = kick or reprint
    return {
        "job_id": job.job_id,
        "kind": job.kind,
        "sale_id": job.sale_id,
        "register": job.register,
        "printer": job.printer,
        "copy": job.copy,
        "language": job.language,
        "state": job.state,
        "reason": job.reason,
        "accepted_at": stamp(job.accepted_at),
        "expires_at": stamp(job.expires_at),
        "changed_at": stamp(job.changed_at),
        "drawer_reason": kick and kick.reason,
        "staff_id": wanted and wanted.staff_id,
        "approved_by": wanted and wanted.approved_by,
        "copy_reason": reprint and reprint.reason,
        "asked_from": reprint and reprint.asked_from,
        "decided_from": decision and decision.decided_from,
        "decided_by": decision and decision.staff_id,
        "decided_at": decision and stamp(decision.at),
        "instead_of": job.instead_of,
    }
