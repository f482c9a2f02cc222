"""Approvals of several permissions at once; after a while they do not say who asked for them, nor about which sale."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("approval", table_kwargs={"sqlite_with_rowid": False}) as approval:
        approval.alter_column("asked_by", existing_type=sa.Text(), nullable=True)
        approval.add_column(sa.Column("also", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("approval", table_kwargs={"sqlite_with_rowid": False}) as approval:
        approval.alter_column("also", existing_type=sa.Text(), server_default=None)
    op.create_index("approval_not_faded", "approval", ["approved_at"], sqlite_where=sa.text("asked_by IS NOT NULL"))
