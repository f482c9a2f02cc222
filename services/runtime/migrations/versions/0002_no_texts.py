"""Requests that met a bug are kept without their texts; those that were kept with them are forgotten."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("DELETE FROM failed_request")
