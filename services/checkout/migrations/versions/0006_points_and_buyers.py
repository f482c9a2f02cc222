"""Points that came off a sale's lines, and why its buyer is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("sale", sa.Column("sealed_reason", sa.Text(), comment="Why the law wants the buyer known."))
    op.add_column(
        "line_item",
        sa.Column(
            "redeemed",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="What of the discount the customer's points paid for.",
        ),
    )
    op.create_table(
        "redemption",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("redemption_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reservation_id", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Text(), nullable=False, comment="Whose points: a customer's id."),
        sa.Column("units", sa.BigInteger(), nullable=False, comment="Points."),
        sa.ForeignKeyConstraint(["sale_id"], ["sale.sale_id"]),
        sa.PrimaryKeyConstraint("sale_id"),
        sqlite_with_rowid=False,
    )
