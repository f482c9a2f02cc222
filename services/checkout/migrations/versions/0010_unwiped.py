"""Since when something was deleted whose bytes are still in the database's files."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "unwiped",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.Text(), nullable=False, comment="When something of an erased customer was last deleted."),
        sa.PrimaryKeyConstraint("only"),
    )
