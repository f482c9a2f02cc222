"""Policy's tables: revisions of the settings, decisions and their items."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=True, comment="Null once faded."),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=True, comment="Null once faded."),
        sa.Column("decided_at", sa.Text(), nullable=False),
        sa.Column("settings_revision", sa.Integer(), nullable=True, comment="Null where policy did not answer."),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("tender_kind", sa.Text(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False, comment="Minor units, tax included."),
        sa.Column("transaction_kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
        comment="Eraser: DecisionStore.fade, which takes staff and sale ids away after the days that the settings "
        "keep.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "decision_not_faded",
        "decision",
        ["decided_at"],
        unique=False,
        sqlite_where=sa.text("staff_id IS NOT NULL OR sale_id IS NOT NULL"),
        postgresql_where=sa.text("staff_id IS NOT NULL OR sale_id IS NOT NULL"),
    )
    op.create_table(
        "settings_revision",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settings", sa.Text(), nullable=False, comment="The settings as JSON, as the contract has them."),
        sa.Column("settings_hash", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False, comment="Who put them in force."),
        sa.Column("client", sa.Text(), nullable=False, comment="The login that they did it from."),
        sa.Column("set_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision"),
        comment="Never changed nor deleted: the store must be able to say by which settings it asked for what. "
        "Holds a staff id as the only trace of a person.",
    )
    op.create_table(
        "decision_item",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("satisfied", sa.Boolean(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["decision.decision_id"],
        ),
        sa.PrimaryKeyConstraint("decision_id", "field"),
        sqlite_with_rowid=False,
    )
