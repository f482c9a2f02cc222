"""The facts of every decision, what was skipped, exceptions, and who may let a rule pass."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def new_in_decision() -> tuple[sa.Column, ...]:
    return (
        sa.Column("journal_number", sa.Integer(), nullable=True, comment="Where checkout's journal tells of it."),
        sa.Column("business_day", sa.Text(), nullable=True),
        sa.Column("hour", sa.Integer(), nullable=True, comment="0 to 23 of the shop's wall clock."),
        sa.Column(
            "goods_lines",
            sa.Integer(),
            nullable=True,
            comment="Null, as all facts, for decisions of before facts were kept.",
        ),
        sa.Column("unattributed_lines", sa.Integer(), nullable=True),
        sa.Column("signed_on", sa.Boolean(), nullable=True),
        sa.Column("item_tags", sa.Text(), nullable=True, comment="With commas between."),
        sa.Column("has_first_name", sa.Boolean(), nullable=True),
        sa.Column("has_last_name", sa.Boolean(), nullable=True),
        sa.Column("has_email", sa.Boolean(), nullable=True),
        sa.Column("has_phone", sa.Boolean(), nullable=True),
        sa.Column("placeholder", sa.Boolean(), nullable=True),
        sa.Column("customer_group", sa.Text(), nullable=True, comment="Null without a customer."),
        sa.Column("skipped", sa.Text(), nullable=True, comment="Rules, with commas between."),
        sa.Column("waived", sa.Text(), nullable=True, comment="Rules, with commas between."),
        sa.Column(
            "rechecked_outcome", sa.Text(), nullable=True, comment="Where policy was away: what it says afterwards."
        ),
        sa.Column("rechecked_revision", sa.Integer(), nullable=True),
        sa.Column(
            "passed_by", sa.Text(), nullable=True, comment="Who let money be taken without policy. Null once faded."
        ),
    )


def upgrade() -> None:
    for column in new_in_decision():
        op.add_column("decision", column)
    op.execute(
        sa.text(
            "UPDATE decision SET business_day = substr(decided_at, 1, 10), "
            "hour = CAST(substr(decided_at, 12, 2) AS INTEGER)"
        )
    )
    op.create_index("decision_time", "decision", ["decided_at"], unique=False)
    op.create_index("decision_day", "decision", ["business_day"], unique=False)
    op.create_index(
        "decision_sale",
        "decision",
        ["sale_id"],
        unique=False,
        sqlite_where=sa.text("sale_id IS NOT NULL"),
        postgresql_where=sa.text("sale_id IS NOT NULL"),
    )
    op.add_column("decision_item", sa.Column("settled", sa.Text(), nullable=True))
    op.add_column(
        "decision_item",
        sa.Column("anew", sa.Boolean(), nullable=True, comment="The first like it of this sale and customer."),
    )
    op.execute(sa.text("UPDATE decision_item SET anew = true"))
    op.create_table(
        "prompt_skip",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=True, comment="Null once faded."),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("business_day", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=True, comment="Null once faded."),
        sa.Column("skipped_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
        comment="Prompts that staff skipped. Eraser: DecisionStore.fade.",
        sqlite_with_rowid=False,
    )
    op.create_index("prompt_skip_day", "prompt_skip", ["business_day"], unique=False)
    op.create_index(
        "prompt_skip_not_faded",
        "prompt_skip",
        ["skipped_at"],
        unique=False,
        sqlite_where=sa.text("staff_id IS NOT NULL OR sale_id IS NOT NULL"),
        postgresql_where=sa.text("staff_id IS NOT NULL OR sale_id IS NOT NULL"),
    )
    op.create_table(
        "policy_exception",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=True, comment="Null once faded."),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("business_day", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=True, comment="The cashier. Null once faded."),
        sa.Column("approved_by", sa.Text(), nullable=True, comment="Null once faded."),
        sa.Column(
            "receipt_number",
            sa.Text(),
            nullable=True,
            comment="Null before completion, and once faded: it names the sale.",
        ),
        sa.Column("fields", sa.Text(), nullable=False, comment="Rules, with commas between."),
        sa.Column("rechecked", sa.Text(), nullable=True, comment="What policy says afterwards."),
        sa.PrimaryKeyConstraint("event_id", "kind"),
        comment="Waivers, and sales that were completed with a flag. Eraser: DecisionStore.fade.",
        sqlite_with_rowid=False,
    )
    op.create_index("policy_exception_day", "policy_exception", ["business_day"], unique=False)
    op.create_index("policy_exception_time", "policy_exception", ["at", "event_id", "kind"], unique=False)
    op.create_index(
        "policy_exception_sale",
        "policy_exception",
        ["sale_id"],
        unique=False,
        sqlite_where=sa.text("sale_id IS NOT NULL"),
        postgresql_where=sa.text("sale_id IS NOT NULL"),
    )
    op.create_table(
        "staff_role",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("may_waive", sa.Boolean(), nullable=False, comment="Without anybody's approval."),
        sa.PrimaryKeyConstraint("role"),
        comment="What staff tells of roles, as far as policy tells it on. No personal data.",
        sqlite_with_rowid=False,
    )
