"""What kind of voucher paid, and the tax in it that was settled when it was sold."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("tender", sa.Column("purpose", sa.Text(), comment="Of a voucher: single_purpose or multi_purpose."))
    op.add_column("tender", sa.Column("tax_class", sa.Text(), comment="Of a single-purpose voucher."))
    op.create_table(
        "settled_tax",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tax_class", sa.Text(), nullable=False),
        sa.Column("treatment", sa.Text(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sale_id", "place"], ["tender.sale_id", "tender.place"]),
        sa.PrimaryKeyConstraint("sale_id", "place"),
        comment="The tax in what single-purpose vouchers paid, which was settled when they were sold.",
        sqlite_with_rowid=False,
    )
