"""A deleted group whose members are not all in another one yet."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column(
        "customer_group",
        sa.Column(
            "deleted",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="It is deleted, and its last members are on their way.",
        ),
    )
