"""The tables: print jobs, how devices are, and the counters of scans."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text

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
    Column("staff_id", Text, comment="Who wanted the drawer open."),
    Column("approved_by", Text, comment="Who let it pass, where another had to."),
    comment="Never deleted: the job's id guards for ever that the same sale prints once by itself.",
)
Index(
    "print_job_open",
    print_job.c.printer,
    print_job.c.number,
    sqlite_where=print_job.c.state.in_(("accepted", "printing")),
    postgresql_where=print_job.c.state.in_(("accepted", "printing")),
)

Index(
    "print_job_unknown",
    print_job.c.number,
    sqlite_where=print_job.c.state == "unknown",
    postgresql_where=print_job.c.state == "unknown",
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
