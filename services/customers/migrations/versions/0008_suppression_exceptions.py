"""What an address that is written to for nothing may be written to for all the same: it said yes to that since."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "suppression_exception",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="Of the suppression for every purpose."),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "purpose"),
        comment="Purposes that a yes allows an address that is suppressed for every purpose. No personal data: as for "
        "the suppression itself.",
        sqlite_with_rowid=False,
    )
