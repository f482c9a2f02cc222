"""The rows that were taken over from other systems."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "import_row",
        sa.Column(
            "row_id",
            sa.Text(),
            nullable=False,
            comment="Keyed hash of source and key, by which the row is known again.",
        ),
        sa.Column("customer_id", sa.Text(), nullable=False, comment="Who came of it, by the id of then."),
        sa.Column(
            "mark",
            sa.LargeBinary(),
            nullable=True,
            comment="Keyed hash of what the row said; null once its customer is erased.",
        ),
        sa.Column("imported_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row_id"),
        comment="Rows taken over from other systems, so that none is taken over twice. No personal data: keyed hashes "
        "and ids; with its customer erased, a row leads to nobody, and tells that they are not to come back. "
        "Eraser of the mark: forget_marks.",
        sqlite_with_rowid=False,
    )
    op.create_index("import_row_of_customer", "import_row", ["customer_id"], unique=False)
