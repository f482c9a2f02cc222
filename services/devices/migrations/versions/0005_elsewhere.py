"""Which receipts came out of a printer that stood in for their register's own."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("print_job") as job:
        job.add_column(sa.Column("instead_of", sa.Text(), nullable=True))
    op.create_index(
        "print_job_elsewhere",
        "print_job",
        ["register", "number"],
        sqlite_where=sa.text("state = 'printed' AND instead_of IS NOT NULL"),
        postgresql_where=sa.text("state = 'printed' AND instead_of IS NOT NULL"),
    )
