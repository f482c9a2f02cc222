"""Which balance a tender spends, and the group of a sale's customer."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("sale", sa.Column("customer_group", sa.Text(), comment="Of the customer, as the sale knew it."))
    op.add_column("tender", sa.Column("reservation_id", sa.Text(), comment="Of the balance that it spends."))
    op.add_column("tender", sa.Column("holder_id", sa.Text(), comment="Whose balance: a customer's id or a voucher's."))
    op.add_column(
        "tender",
        sa.Column("units", sa.BigInteger(), comment="What the amount is in that balance: minor units, or points."),
    )
