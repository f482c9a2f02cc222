"""The tables every service has: handled ids, failures, journal, followers, sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "handled_request",
        sa.Column("caller", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.BLOB, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reply", sa.BLOB),
        sa.Column("at", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_handled_request_at", "handled_request", ["at"])
    op.create_table(
        "failed_request",
        sa.Column("caller", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("payload", sa.BLOB, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journal",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("payload", sa.BLOB, nullable=False),
    )
    epoch = op.create_table(
        "journal_epoch",
        sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("first_number", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.execute(
        sa.insert(epoch).values(
            epoch=1,
            first_number=1,
            opened_at=sa.func.strftime("%Y-%m-%dT%H:%M:%fZ", "now"),
            reason="new",
        )
    )
    op.create_table(
        "follower",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("leader", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("event_id", sa.Text),
    )
    op.create_table(
        "followed_event",
        sa.Column("follower", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "orphan_event",
        sa.Column("follower", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("found_at", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "parked_event",
        sa.Column("follower", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("leader", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("payload", sa.BLOB, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ended_session",
        sa.Column("client", sa.Text, primary_key=True),
        sa.Column("below", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
