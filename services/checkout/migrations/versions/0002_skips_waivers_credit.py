"""Skips and waivers of ended sales, changes of credit after completion, and more of what is known of policy."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "attribution_change",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False, comment="From 2; 1 is the sale's own."),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False, comment="Of the event that told it."),
        sa.ForeignKeyConstraint(["sale_id"], ["sale.sale_id"]),
        sa.PrimaryKeyConstraint("sale_id", "version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "prompt_skip",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["sale_id"], ["sale.sale_id"]),
        sa.PrimaryKeyConstraint("sale_id", "place"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rule_waiver",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["sale_id"], ["sale.sale_id"]),
        sa.PrimaryKeyConstraint("sale_id", "place"),
        sqlite_with_rowid=False,
    )
    op.add_column("known_policy", sa.Column("moment", sa.Text(), server_default="before_payment", nullable=False))
    op.add_column(
        "known_policy",
        sa.Column("revision", sa.Integer(), server_default="-1", nullable=False, comment="-1 if policy told none yet."),
    )
