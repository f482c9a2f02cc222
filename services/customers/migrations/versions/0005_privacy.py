"""Merging, consent as it is asked and confirmed, erasure and sealed buyers."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("consent", sa.Column("number", sa.Integer(), nullable=False, server_default="0", comment="Order."))
    op.add_column("consent", sa.Column("asked_id", sa.Text(), comment="The question that this settles."))
    op.add_column("consent", sa.Column("merge_id", sa.Text(), comment="The merge that brought it."))
    op.create_index("consent_number", "consent", ["number"])
    op.create_index("consent_list", "consent", ["purpose", "channel", "customer_id"])
    op.create_index("consent_asked", "consent", ["asked_id"])
    op.create_index("consent_merge", "consent", ["merge_id"], sqlite_where=sa.text("merge_id IS NOT NULL"))
    op.create_table(
        "customer_alias",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column(
            "into_id", sa.Text(), nullable=False, comment="Whom it was merged into, who may have been merged since."
        ),
        sa.Column("merge_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id"),
        comment="The ids of merged customers. No personal data: ids that lead to one another.",
        sqlite_with_rowid=False,
    )
    op.create_index("customer_alias_into", "customer_alias", ["into_id"])
    op.create_table(
        "customer_merge",
        sa.Column("merge_id", sa.Text(), nullable=False),
        sa.Column("survivor_id", sa.Text(), nullable=False),
        sa.Column("loser_id", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.Text()),
        sa.Column("staff_id", sa.Text()),
        sa.Column(
            "kept", sa.Text(), comment="Both as they were and what came of it, as JSON; null once it cannot be undone."
        ),
        sa.Column("loser_mark", sa.LargeBinary(), comment="Of the loser's creation."),
        sa.PrimaryKeyConstraint("merge_id"),
        comment="Who was merged into whom. Eraser: MergeStore.erase, which leaves the ids.",
        sqlite_with_rowid=False,
    )
    op.create_index("customer_merge_survivor", "customer_merge", ["survivor_id"])
    op.create_index("customer_merge_loser", "customer_merge", ["loser_id"])
    op.create_table(
        "suppression",
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="Keyed hash of purpose, channel and address."),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        comment="Addresses that are not written to, whoever brings them again; outlives erasure. No personal data: "
        "without the key, which is in no database, no address is found by it.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erasure",
        sa.Column("erasure_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text()),
        sa.Column("erased_at", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False, comment="Where this journal tells of it."),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.Text()),
        sa.PrimaryKeyConstraint("erasure_id"),
        comment="Erasures and how far they came. No personal data: the ids lead to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_index("erasure_waiting", "erasure", ["erased_at"], sqlite_where=sa.text("finished_at IS NULL"))
    op.create_index("erasure_at", "erasure", ["erased_at"])
    op.create_table(
        "erasure_service",
        sa.Column("erasure_id", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.Text()),
        sa.PrimaryKeyConstraint("erasure_id", "service"),
        comment="Which service has done its part of an erasure. No personal data.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "buyer_record",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.Text(), nullable=False),
        sa.Column(
            "keep_until", sa.Text(), nullable=False, comment="The last day of it; past it the row goes, unless held."
        ),
        sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column(
            "buyer", sa.Text(), nullable=False, comment="Name, company, address and VAT number as they were, as JSON."
        ),
        sa.CheckConstraint("reason IN ('invoice', 'account', 'exemption')", name="buyer_record_reason"),
        sa.PrimaryKeyConstraint("record_id"),
        comment="Who bought where law wants it known. Outlives erasure by law. Eraser: BuyerStore.forget_due.",
        sqlite_with_rowid=False,
    )
    op.create_index("buyer_record_sale", "buyer_record", ["sale_id"])
    op.create_index("buyer_record_customer", "buyer_record", ["customer_id"])
    op.create_index("buyer_record_due", "buyer_record", ["keep_until"])
    op.create_table(
        "access_note",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text()),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text()),
        sa.Column("records", sa.Integer(), nullable=False, comment="How many customers it was about."),
        sa.PrimaryKeyConstraint("number"),
        comment="Who saw details or took them away; goes after AccessStore's days. No personal data of a customer: "
        "with them erased, an id leads to nobody.",
    )
    op.create_index("access_note_customer", "access_note", ["customer_id", "number"])
    op.create_index("access_note_at", "access_note", ["at"])
