"""What befell vouchers besides what is booked, and what the earning lines of a sale came to."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "voucher_note",
        sa.Column("voucher_id", sa.Text(), nullable=False),
        sa.Column(
            "number", sa.Integer(), autoincrement=False, nullable=False, comment="Counts the voucher's notes from 1."
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=True),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why it was blocked."),
        sa.Column("message_id", sa.Text(), nullable=False, comment="The command that did it."),
        sa.CheckConstraint("kind IN ('given', 'blocked', 'unblocked')", name="voucher_note_kind"),
        sa.PrimaryKeyConstraint("voucher_id", "number"),
        comment="Who was given a voucher's code and who blocked it; rows are only added, of blocks the newest counts. "
        "Bearer: nobody's data.",
        sqlite_with_rowid=False,
    )
    op.create_index("voucher_issued", "voucher", ["issued_on", "voucher_id"], unique=False)
    op.add_column(
        "loyalty_sale",
        sa.Column(
            "earning",
            sa.Integer(),
            nullable=True,
            comment="What its earning lines came to; null of sales from before it was kept.",
        ),
    )
