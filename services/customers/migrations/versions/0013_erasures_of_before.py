"""Who is erased and may still be sealed as a buyer, and the seals of certificates that were handed out before."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "leaving_buyer",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("erasure_id", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False, comment="As a sealed buyer's."),
        sa.PrimaryKeyConstraint("customer_id"),
        comment="Who was erased, as they bought, until the sales that were completed before are heard. Eraser: "
        "BuyerStore.let_go.",
        sqlite_with_rowid=False,
    )
    op.create_index("leaving_buyer_erasure", "leaving_buyer", ["erasure_id"])
    op.add_column(
        "erasure",
        sa.Column(
            "seal",
            sa.Text(),
            comment="Of a certificate of before, which no other is made of; empty until it is put down. Null where it "
            "follows from the ids.",
        ),
    )
    op.execute("UPDATE erasure SET seal = '' WHERE finished_at IS NOT NULL")
