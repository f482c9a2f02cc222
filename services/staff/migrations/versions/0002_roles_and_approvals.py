"""Roles that the shop changes, approvals, who was credited lately; sessions that last are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "role",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="Goes on where a removed role comes again."),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "permissions",
            sa.Text(),
            nullable=False,
            comment="JSON: permission to allowed, needs_approval or denied.",
        ),
        sa.Column("may_approve", sa.Boolean(), nullable=False),
        sa.Column("built_in", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("role"),
        comment="What each role may do. No personal data.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "approval",
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False, comment="The id of the command that was let pass: once."),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.Text(), nullable=False),
        sa.Column(
            "approve_id",
            sa.Text(),
            nullable=False,
            comment="The approve's own id, by which its repetition is known.",
        ),
        sa.PrimaryKeyConstraint("register", "command"),
        comment="Who let what pass. Holds staff ids as the only trace of persons; with them erased they lead to "
        "nobody.",
        sqlite_with_rowid=False,
    )
    op.create_index("approval_approve", "approval", ["register", "approve_id"], unique=True)
    op.create_index("approval_approved_by", "approval", ["approved_by"])
    op.create_table(
        "lately_credited",
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column(
            "credited_at",
            sa.Text(),
            nullable=False,
            comment="When their newest sale at that register was completed.",
        ),
        sa.PrimaryKeyConstraint("register", "staff_id"),
        comment="Projection of checkout's journal, beside attributed_sale: whom a register suggests first. Holds ids "
        "only; with the staff member erased, an id leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_index("session_alive", "session", ["register"], sqlite_where=sa.text("ended_at IS NULL"))
