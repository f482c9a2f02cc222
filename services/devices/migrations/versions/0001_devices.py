"""The tables of devices: print jobs, how devices are, counters of scans."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "print_job",
        sa.Column("number", sa.Integer(), nullable=False, comment="The order in which jobs were accepted."),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("printer", sa.Text(), nullable=False),
        sa.Column("copy", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True, comment="Null is the language of the sale."),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("job_id"),
        comment="Never deleted: the job's id guards for ever that the same sale prints once by itself.",
    )
    op.create_index("ix_print_job_sale_id", "print_job", ["sale_id"])
    op.create_index(
        "print_job_open",
        "print_job",
        ["printer", "number"],
        sqlite_where=sa.text("state IN ('accepted', 'printing')"),
        postgresql_where=sa.text("state IN ('accepted', 'printing')"),
    )
    op.create_table(
        "device",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("device"),
        comment="How each device is, and since when; the revision rises for ever.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "scan_count",
        sa.Column("counter", sa.Text(), nullable=False, comment="device or register"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("counter", "name"),
        comment="The last sequence number of a device's scans, and the last revision of a register's private state.",
        sqlite_with_rowid=False,
    )
