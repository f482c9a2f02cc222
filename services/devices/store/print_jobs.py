"""Print jobs, to rows and back."""

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.sqlite import insert

from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId, StaffId
from services.devices.model.print_jobs import Job, Kick
from services.devices.store.tables import print_job
from services.runtime.clock import read_stamp, stamp

_MOST_LISTED = 200


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
            update(print_job)
            .where(print_job.c.job_id == job.job_id)
            .values({name: row[name] for name in ("printer", "state", "reason", "changed_at")})
        )

    def of_sale(self, sale_id: str) -> list[Job]:
        """All jobs of a sale, oldest first."""
        rows = self._connection.execute(
            select(print_job).where(print_job.c.sale_id == sale_id).order_by(print_job.c.number)
        )
        return [_job(row) for row in rows]

    def next_for(self, printer: str) -> Job | None:
        """The oldest job that waits for a printer, or None."""
        row = self._connection.execute(
            select(print_job)
            .where(print_job.c.printer == printer, print_job.c.state == "accepted")
            .order_by(print_job.c.number)
            .limit(1)
        ).one_or_none()
        return None if row is None else _job(row)

    def waiting_for(self, printer: str) -> list[Job]:
        """All jobs that wait for a printer, oldest first."""
        rows = self._connection.execute(
            select(print_job)
            .where(print_job.c.printer == printer, print_job.c.state == "accepted")
            .order_by(print_job.c.number)
        )
        return [_job(row) for row in rows]

    def unknown(self, register: str | None) -> list[Job]:
        """The jobs of a register, or of all, of which nobody knows whether they came out; oldest first."""
        found = select(print_job).where(print_job.c.state == "unknown")
        if register is not None:
            found = found.where(print_job.c.register == register)
        return [_job(row) for row in self._connection.execute(found.order_by(print_job.c.number).limit(_MOST_LISTED))]

    def unfinished(self) -> list[Job]:
        """All jobs that wait or were being printed, oldest first."""
        rows = self._connection.execute(
            select(print_job).where(print_job.c.state.in_(("accepted", "printing"))).order_by(print_job.c.number)
        )
        return [_job(row) for row in rows]


def _job(row: Row[tuple[object, ...]]) -> Job:
    kick = None
    if row.drawer_reason is not None:
        kick = Kick(row.drawer_reason, StaffId(row.staff_id), row.approved_by and StaffId(row.approved_by))
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
    )


def _job_row(job: Job) -> dict[str, object]:
    kick = job.kick
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
        "staff_id": kick and kick.staff_id,
        "approved_by": kick and kick.approved_by,
    }
