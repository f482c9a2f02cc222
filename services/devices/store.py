"""The tables of devices: print jobs, how devices are, and the counters of scans.

Belongs here: tables and queries, rows to model objects and back. Never here: rules, topics, replies.
No table holds personal data: what was scanned is never stored, and a job names its sale by id.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from sqlalchemy import Boolean, Column, Connection, Index, Integer, MetaData, Row, Table, Text, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from contracts.devices import DeviceState
from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId
from services.devices.model import Job
from services.runtime.clock import read_stamp, stamp

METADATA = MetaData()

print_job = Table(
    "print_job",
    METADATA,
    Column("number", Integer, primary_key=True, comment="The order in which jobs were accepted."),
    Column("job_id", Text, nullable=False, unique=True),
    Column("sale_id", Text, nullable=False, index=True),
    Column("register", Text, nullable=False),
    Column("printer", Text, nullable=False),
    Column("copy", Boolean, nullable=False),
    Column("language", Text, comment="Null is the language of the sale."),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    comment="Never deleted: the job's id guards for ever that the same sale prints once by itself.",
)
Index(
    "print_job_open",
    print_job.c.printer,
    print_job.c.number,
    sqlite_where=print_job.c.state.in_(("accepted", "printing")),
    postgresql_where=print_job.c.state.in_(("accepted", "printing")),
)

device = Table(
    "device",
    METADATA,
    Column("device", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("register", Text),
    comment="How each device is, and since when; the revision rises for ever.",
    sqlite_with_rowid=False,
)

scan_count = Table(
    "scan_count",
    METADATA,
    Column("counter", Text, primary_key=True, comment="device or register"),
    Column("name", Text, primary_key=True),
    Column("last", Integer, nullable=False),
    comment="The last sequence number of a device's scans, and the last revision of a register's private state.",
    sqlite_with_rowid=False,
)


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
        """Keep how far a job came."""
        row = _job_row(job)
        self._connection.execute(
            update(print_job)
            .where(print_job.c.job_id == job.job_id)
            .values({name: row[name] for name in ("state", "reason", "changed_at")})
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

    def unfinished(self) -> list[Job]:
        """All jobs that wait or were being printed, oldest first."""
        rows = self._connection.execute(
            select(print_job).where(print_job.c.state.in_(("accepted", "printing"))).order_by(print_job.c.number)
        )
        return [_job(row) for row in rows]


class Known(NamedTuple):
    """A device and how it is known to be."""

    device: DeviceId
    state: DeviceState


class DeviceStore:
    """How the devices are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> DeviceState | None:
        """How a device is, or None when nothing is known of it."""
        row = self._connection.execute(select(device).where(device.c.device == name)).one_or_none()
        return None if row is None else _state(row)

    def put(self, name: str, state: DeviceState) -> None:
        """Keep how a device is."""
        values = {
            "revision": state.revision,
            "kind": state.kind,
            "state": state.state,
            "reason": state.reason,
            "since": state.since,
            "register": state.register,
        }
        self._connection.execute(
            insert(device)
            .values(device=name, **values)
            .on_conflict_do_update(index_elements=[device.c.device], set_=values)
        )

    def all(self) -> list[Known]:
        """All devices, by name."""
        rows = self._connection.execute(select(device).order_by(device.c.device))
        return [Known(DeviceId(row.device), _state(row)) for row in rows]

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget the devices that are not named."""
        self._connection.execute(delete(device).where(device.c.device.not_in(list(names))))


class ScanStore:
    """The counters of scans."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next(self, counter: Literal["device", "register"], name: str) -> int:
        """The next number of a counter: 1, 2, 3 ..."""
        fresh = insert(scan_count).values(counter=counter, name=name, last=1)
        counted = fresh.on_conflict_do_update(
            index_elements=[scan_count.c.counter, scan_count.c.name], set_={"last": scan_count.c.last + 1}
        ).returning(scan_count.c.last)
        last: int = self._connection.execute(counted).scalar_one()
        return last


def _job(row: Row[tuple[object, ...]]) -> Job:
    return Job(
        job_id=PrintJobId(row.job_id),
        sale_id=SaleId(row.sale_id),
        register=RegisterId(row.register),
        printer=DeviceId(row.printer),
        copy=row.copy,
        language=row.language,
        state=row.state,
        reason=row.reason,
        expires_at=read_stamp(row.expires_at),
        changed_at=read_stamp(row.changed_at),
    )


def _job_row(job: Job) -> dict[str, object]:
    return {
        "job_id": job.job_id,
        "sale_id": job.sale_id,
        "register": job.register,
        "printer": job.printer,
        "copy": job.copy,
        "language": job.language,
        "state": job.state,
        "reason": job.reason,
        "expires_at": stamp(job.expires_at),
        "changed_at": stamp(job.changed_at),
    }


def _state(row: Row[tuple[object, ...]]) -> DeviceState:
    return DeviceState(
        revision=row.revision,
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        since=row.since,
        register=None if row.register is None else RegisterId(row.register),
    )
