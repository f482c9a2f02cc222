"""Who is signed on where, so that a scan is somebody's."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "signed_on",
        sa.Column("register_id", sa.Text(), nullable=False),
        sa.Column("session", sa.BigInteger(), nullable=False, comment="The newest that was heard of."),
        sa.Column("staff_id", sa.Text(), comment="Null when it has ended."),
        sa.PrimaryKeyConstraint("register_id"),
        sqlite_with_rowid=False,
    )
