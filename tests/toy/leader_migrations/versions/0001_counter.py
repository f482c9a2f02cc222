"""The leader's only table."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("counter", sa.Column("name", sa.Text, primary_key=True), sa.Column("total", sa.Integer))
