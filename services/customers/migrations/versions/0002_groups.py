"""Customer groups; the group of everybody who is in no other is there from the start."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    group = op.create_table(
        "customer_group",
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="The shop's own word for it."),
        sa.PrimaryKeyConstraint("group_id"),
        comment="Groups of customers; each customer is in exactly one. No personal data.",
        sqlite_with_rowid=False,
    )
    op.bulk_insert(group, [{"group_id": "all", "name": "All customers"}])
