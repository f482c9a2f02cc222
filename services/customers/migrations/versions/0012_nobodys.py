"""What sales would have booked for nobody, and whose balances go back later."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "unbooked",
        sa.Column("entry_id", sa.Text(), nullable=False, comment="Of the entry that there is not."),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Text(), comment="The sale's customer, a placeholder; null where it had none."),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("unbooked_at", "unbooked", ["at"])
    op.add_column(
        "customer_merge",
        sa.Column(
            "goes_back", sa.Integer(), comment="In this order balances go back; null where nothing waits for that."
        ),
    )
    op.create_index(
        "customer_merge_goes_back",
        "customer_merge",
        ["goes_back"],
        sqlite_where=sa.text("goes_back IS NOT NULL"),
        postgresql_where=sa.text("goes_back IS NOT NULL"),
    )
