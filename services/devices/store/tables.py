"""The tables: print jobs, how devices are, and the counters of scans."""

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    false,
    literal_column,
)

METADATA = MetaData()

print_job = Table(
    "print_job",
    METADATA,
    Column("number", Integer, primary_key=True, comment="The order in which jobs were accepted."),
    Column("job_id", Text, nullable=False, unique=True),
    Column("sale_id", Text, index=True, comment="Null for a test page, and for a drawer that a person opened."),
    Column("register", Text, comment="Null for a test page."),
    Column("printer", Text, nullable=False),
    Column("copy", Boolean, nullable=False),
    Column("language", Text, comment="Null is the language of the sale."),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="receipt"),
    Column("accepted_at", Text, nullable=False, server_default=""),
    Column("drawer_reason", Text, comment="Why a drawer was opened; null for paper."),
    Column("staff_id", Text, comment="Who wanted the drawer open, or the copy."),
    Column("approved_by", Text, comment="Who let it pass, where another had to."),
    Column("copy_reason", Text, comment="Why a receipt is printed again; null for what a sale or the hub asked for."),
    Column("asked_from", Text, comment="The login that asked for the copy."),
    Column("decided_from", Text, comment="The login whose word it is what became of it; null where nobody decided."),
    Column("decided_by", Text, comment="Who was signed on there; null on the hub itself."),
    Column("decided_at", Text),
    Column("instead_of", Text, comment="The register's own printer, where another stands in for it; null at home."),
    comment="Never deleted: the job's id guards for ever that the same sale prints once by itself.",
)


def _one_of(*states: str) -> ColumnElement[bool]:
    """A condition on a job's state, spelled alike in index and query: else SQLite reads every job there ever was."""
    return print_job.c.state.in_([literal_column(f"'{state}'") for state in states])


OPEN = _one_of("accepted", "printing")
UNKNOWN = print_job.c.state == literal_column("'unknown'")
OPENED = and_(print_job.c.state == literal_column("'printed'"), print_job.c.kind == literal_column("'drawer'"))
ELSEWHERE = and_(print_job.c.state == literal_column("'printed'"), print_job.c.instead_of.is_not(None))
NOT_PRINTED = _one_of("accepted", "unknown", "failed", "expired")
Index("print_job_open", print_job.c.printer, print_job.c.number, sqlite_where=OPEN, postgresql_where=OPEN)

Index("print_job_unknown", print_job.c.number, sqlite_where=UNKNOWN, postgresql_where=UNKNOWN)

Index(
    "print_job_trouble",
    print_job.c.register,
    print_job.c.number,
    sqlite_where=NOT_PRINTED,
    postgresql_where=NOT_PRINTED,
)

Index(
    "print_job_opened",
    print_job.c.register,
    print_job.c.number,
    sqlite_where=OPENED,
    postgresql_where=OPENED,
)

Index(
    "print_job_elsewhere",
    print_job.c.register,
    print_job.c.number,
    sqlite_where=ELSEWHERE,
    postgresql_where=ELSEWHERE,
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
    Column(
        "owes_answer",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="Whether a printer may yet answer what was asked behind a job that is unknown.",
    ),
    Column("answers_in_turn", Boolean, comment="Whether a printer ever answered that; null while nothing is known."),
    comment="How each device is, and since when; the revision rises for ever, so a row is never deleted.",
    sqlite_with_rowid=False,
)

scan_count = Table(
    "scan_count",
    METADATA,
    Column("counter", Text, primary_key=True, comment="device, register, printing or paperless"),
    Column("name", Text, primary_key=True),
    Column("last", Integer, nullable=False),
    comment="The last sequence number of a device's scans, the last revision of a register's private states, and the "
    "registers without a printer that wanted paper.",
    sqlite_with_rowid=False,
)

pairing = Table(
    "pairing",
    METADATA,
    Column("device", Text, primary_key=True),
    Column("register", Text, nullable=False),
    Column("paired_at", Text, nullable=False),
    comment="Which register a scanner belongs to, whatever the settings say.",
    sqlite_with_rowid=False,
)

pairing_code = Table(
    "pairing_code",
    METADATA,
    Column("register", Text, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("made_at", Text, nullable=False),
    comment="What a scanner reads to belong to a register.",
    sqlite_with_rowid=False,
)
