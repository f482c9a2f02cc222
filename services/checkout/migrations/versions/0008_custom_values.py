"""What a shop's own fields hold of sales and lines."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "custom_value",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("line_item_id", sa.Text(), nullable=False, comment="Empty for a field of the sale itself."),
        sa.Column("field_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False, comment="What it was called when it was filled."),
        sa.Column("printed", sa.Boolean(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="As JSON. It may hold a person's data."),
        sa.ForeignKeyConstraint(["sale_id"], ["sale.sale_id"]),
        sa.PrimaryKeyConstraint("sale_id", "line_item_id", "field_id"),
        sqlite_with_rowid=False,
    )
