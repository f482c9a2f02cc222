"""The mirror's tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("mirrored", sa.Column("name", sa.Text, primary_key=True), sa.Column("total", sa.Integer))
    op.create_table("noted", sa.Column("event_id", sa.Text, primary_key=True), sa.Column("by", sa.Integer))
