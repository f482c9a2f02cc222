"""The customers' tables: records, what they are found by, consent, history."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

FOLDED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("consent_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "address",
            sa.Text(),
            nullable=False,
            comment="The email or phone it was given for; another starts at unknown.",
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wording_id", sa.Text(), nullable=False, comment="Which words the person was shown."),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column(
            "sale_id",
            sa.Text(),
            nullable=True,
            comment="For an existing customer: the sale at which the notice was shown.",
        ),
        sa.Column("notice_id", sa.Text(), nullable=True, comment="For an existing customer: which notice was shown."),
        sa.Column("proven", sa.Boolean(), nullable=False, comment="False for an imported grant."),
        sa.Column(
            "staff_id", sa.Text(), nullable=True, comment="Who asked; null where the person answered themselves."
        ),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "basis = 'consent' OR (basis = 'existing_customer' AND sale_id IS NOT NULL AND notice_id IS NOT NULL)",
            name="consent_basis",
        ),
        sa.CheckConstraint("source IN ('staff', 'customer_display', 'import', 'api')", name="consent_source"),
        sa.CheckConstraint(
            "state IN ('unknown', 'denied', 'pending', 'granted', 'confirmed', 'withdrawn')", name="consent_state"
        ),
        sa.PrimaryKeyConstraint("consent_id"),
        comment="What a person said about being written to; rows are only added, the newest one of an address "
        "counts. Eraser: CustomerStore.erase.",
        sqlite_with_rowid=False,
    )
    op.create_index("consent_customer", "consent", ["customer_id", "purpose", "channel", "recorded_at"], unique=False)
    op.create_table(
        "customer",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("placeholder", sa.Boolean(), nullable=False, comment="Stands for nobody (walk-in)."),
        sa.Column("customer_group", sa.Text(), nullable=False),
        sa.Column(
            "creation_mark",
            sa.LargeBinary(),
            nullable=False,
            comment="Hash of the creation, by which its repetition is known.",
        ),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id"),
        comment="Who buys. Eraser: CustomerStore.erase.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erased_customer",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id"),
        comment="Ids that stand for nobody any more and are never given again; they say nothing about a person.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "history",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False, comment="May be unknown here: the sale is the truth."),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("receipt_number", sa.Text(), nullable=False),
        sa.Column("time", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False, comment="Minor units, tax included."),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sale_id"),
        comment="Projection of checkout's journal: wiped and replayed it has the same rows. "
        "Holds ids and amounts only; with its customer erased, an id leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_index("history_of_customer", "history", ["customer_id", "time", "sale_id"], unique=False)
    op.create_index("history_time", "history", ["time"], unique=False)
    op.create_table(
        "customer_code",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.customer_id"],
        ),
        sa.PrimaryKeyConstraint("code"),
        comment="Codes on cards, each of one customer. Eraser: CustomerStore.erase.",
        sqlite_with_rowid=False,
    )
    op.create_index("customer_code_customer", "customer_code", ["customer_id"], unique=False)
    op.create_table(
        "customer_email",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False, comment="0 is the main one."),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("folded", FOLDED, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.customer_id"],
        ),
        sa.PrimaryKeyConstraint("customer_id", "place"),
        comment="Emails, normalised. Eraser: CustomerStore.erase.",
        sqlite_with_rowid=False,
    )
    op.create_index("customer_email_folded", "customer_email", ["folded"], unique=False)
    op.create_table(
        "customer_key",
        sa.Column("key", FOLDED, nullable=False, comment="A folded word of a name and the words around it."),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.customer_id"],
        ),
        sa.PrimaryKeyConstraint("key", "customer_id"),
        comment="What customers are found by as somebody types. Eraser: CustomerStore.erase.",
        sqlite_with_rowid=False,
    )
    op.create_index("customer_key_customer", "customer_key", ["customer_id"], unique=False)
    op.create_table(
        "customer_phone",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False, comment="0 is the main one."),
        sa.Column("phone", sa.Text(), nullable=False, comment="E.164"),
        sa.Column("digits", FOLDED, nullable=False, comment="Without the plus, found by its beginning."),
        sa.Column("reversed", FOLDED, nullable=False, comment="Turned around, found by its last digits."),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.customer_id"],
        ),
        sa.PrimaryKeyConstraint("customer_id", "place"),
        comment="Phones. Eraser: CustomerStore.erase.",
        sqlite_with_rowid=False,
    )
    op.create_index("customer_phone_digits", "customer_phone", ["digits"], unique=False)
    op.create_index("customer_phone_reversed", "customer_phone", ["reversed"], unique=False)
