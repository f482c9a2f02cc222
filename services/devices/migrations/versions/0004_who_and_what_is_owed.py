"""Who wanted a copy, whose word a decision was, and which printer may yet answer what was asked behind a job."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("print_job") as job:
        job.add_column(sa.Column("copy_reason", sa.Text(), nullable=True))
        job.add_column(sa.Column("asked_from", sa.Text(), nullable=True))
        job.add_column(sa.Column("decided_from", sa.Text(), nullable=True))
        job.add_column(sa.Column("decided_by", sa.Text(), nullable=True))
        job.add_column(sa.Column("decided_at", sa.Text(), nullable=True))
    op.create_index(
        "print_job_trouble",
        "print_job",
        ["register", "number"],
        sqlite_where=sa.text("state IN ('accepted', 'unknown', 'failed', 'expired')"),
        postgresql_where=sa.text("state IN ('accepted', 'unknown', 'failed', 'expired')"),
    )
    op.create_index(
        "print_job_opened",
        "print_job",
        ["register", "number"],
        sqlite_where=sa.text("state = 'printed' AND kind = 'drawer'"),
        postgresql_where=sa.text("state = 'printed' AND kind = 'drawer'"),
    )
    with op.batch_alter_table("device") as device:
        device.add_column(sa.Column("owes_answer", sa.Boolean(), nullable=False, server_default=sa.false()))
        device.add_column(sa.Column("answers_in_turn", sa.Boolean(), nullable=True))
    # What somebody decided keeps its reason, so without one it was the printer's own word.
    op.execute(
        sa.text(
            "UPDATE device SET answers_in_turn = TRUE"
            " WHERE device IN (SELECT printer FROM print_job WHERE state = 'printed' AND reason = 'none')"
        )
    )
    # It answered for what was before the last job that it printed; what came later it may answer yet.
    op.execute(
        sa.text(
            "UPDATE device SET owes_answer = TRUE"
            " WHERE device IN (SELECT printer FROM print_job WHERE state = 'printing')"
            " OR device IN (SELECT job.printer FROM print_job AS job"
            " JOIN (SELECT printer, MAX(number) AS number FROM print_job"
            " WHERE state = 'printed' AND reason = 'none' GROUP BY printer) AS printed"
            " ON printed.printer = job.printer AND job.number > printed.number"
            " WHERE job.state = 'unknown')"
        )
    )
