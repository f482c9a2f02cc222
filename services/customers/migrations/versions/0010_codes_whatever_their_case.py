"""Codes are compared by a key that is blind to case.

Two codes of before that differ in case alone stay as they are, each found by exactly what stands on its card; nobody
new gets such a twin.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "customer_code",
        sa.Column(
            "key",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            server_default="",
            comment="The code in lower case, by which it is compared.",
        ),
    )
    op.execute("UPDATE customer_code SET key = lower(code)")
    op.create_index("customer_code_key", "customer_code", ["key"], unique=False)
