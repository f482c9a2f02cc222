"""Test pages and cash drawers are print jobs too: their kind, why a drawer was opened and by whom."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("print_job") as job:
        job.alter_column("sale_id", existing_type=sa.Text(), nullable=True)
        job.alter_column("register", existing_type=sa.Text(), nullable=True)
        job.add_column(sa.Column("kind", sa.Text(), nullable=False, server_default="receipt"))
        job.add_column(sa.Column("accepted_at", sa.Text(), nullable=False, server_default=""))
        job.add_column(sa.Column("drawer_reason", sa.Text(), nullable=True))
        job.add_column(sa.Column("staff_id", sa.Text(), nullable=True))
        job.add_column(sa.Column("approved_by", sa.Text(), nullable=True))
    op.create_index(
        "print_job_unknown",
        "print_job",
        ["number"],
        sqlite_where=sa.text("state = 'unknown'"),
        postgresql_where=sa.text("state = 'unknown'"),
    )
    # A job of before was accepted when it was last heard of, as far as anybody can tell.
    op.execute(sa.text("UPDATE print_job SET accepted_at = changed_at"))
