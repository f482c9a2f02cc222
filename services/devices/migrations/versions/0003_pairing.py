"""Which register a scanner was paired with, and the codes that pair."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "pairing",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("paired_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device"),
        comment="Which register a scanner belongs to, whatever the settings say.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pairing_code",
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("register"),
        sa.UniqueConstraint("code"),
        comment="What a scanner reads to belong to a register.",
        sqlite_with_rowid=False,
    )
