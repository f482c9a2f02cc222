"""Whether whoever is signed on may sell; those who are by now go on as before."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column(
        "signed_on",
        sa.Column(
            "sells", sa.Boolean(), nullable=False, server_default=sa.true(), comment="Whether they may sell alone."
        ),
    )
